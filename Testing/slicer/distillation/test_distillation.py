"""A distillation's folder and chain of jobs, as they are made, found, gone on with and removed."""

import time

from Testing.slicer.distillation.jobs_by_hand import aJob, commands, refusal, stateOf


def test_a_distillation_is_found_again_as_it_was_recorded(aDistillation):
    from HLFDSegmentationLib.Distil.Distillation import allDistillations

    made = aDistillation()
    assert allDistillations() == [made]
    assert commands(made) == ["prepare", "teach", "distill", "report"]
    store, folder = str(made.folder / "store"), made.folder
    settings = {stage.command: stage.settings for stage in made.stages}
    assert {one["store"] for one in settings.values()} == {store}
    assert settings["distill"]["teacher"] == settings["teach"]["run"] == str(folder / "teacher")
    report = {"out": str(folder / "report"), "student": str(folder / "student"), "teacher": str(folder / "teacher")}
    assert settings["report"] == {"store": store, **report}


def test_no_teacher_is_trained_where_one_is_given_or_none_is_asked(aDistillation, tmp_path):
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    alone = aDistillation("alone", Choices(method="none"))
    assert commands(alone) == ["prepare", "distill", "report"]
    assert "teacher" not in alone.stages[1].settings
    given = aDistillation("given", Choices(teacher=str(tmp_path)))
    assert commands(given) == ["prepare", "distill", "report"]
    assert given.stages[1].settings["teacher"] == str(tmp_path)
    assert "teacher" not in given.stages[2].settings, "a bundle alone is no run that could be reported"


def test_a_folder_without_a_record_or_with_another_one_is_no_distillation(aDistillation):
    from HLFDSegmentationLib.Distil.Distillation import allDistillations

    made = aDistillation()
    (made.folder.parent / "exporting" / "data").mkdir(parents=True)
    for name, text in {"broken": "{", "later": '{"format": 99, "stages": []}', "empty": "{}"}.items():
        (made.folder.parent / name).mkdir()
        (made.folder.parent / name / "distillation.json").write_text(text)
    assert allDistillations() == [made]


def test_a_name_that_is_taken_is_refused_and_a_free_one_is_found(aDistillation):
    from HLFDSegmentationLib.Distil.Distillation import Stage
    from HLFDSegmentationLib.Distil.DistillationFolders import freeName, makeFolder

    aDistillation("distillation-1")
    assert "choose another name" in refusal(lambda: makeFolder("distillation-1"))
    aJob(Stage("teach", "distillation-2-teach"), "done")
    assert "distillation-2 is still taken" in refusal(lambda: makeFolder("distillation-2"))
    assert freeName() == "distillation-3"


def test_what_an_interrupted_export_left_makes_room_for_a_new_one(home):
    from HLFDSegmentationLib.Distil.DistillationFolders import distillationsFolder, makeFolder, sweepUp

    left = makeFolder("kidney") / "data"
    left.mkdir()
    assert list(makeFolder("kidney").iterdir()) == []
    assert len(list(distillationsFolder().iterdir())) == 2
    sweepUp()
    assert [path.name for path in distillationsFolder().iterdir()] == ["kidney"]


def test_a_place_that_cannot_be_written_is_named(home):
    from HLFDSegmentationLib.Distil.DistillationFolders import makeFolder

    (home / ".hlfd").write_text("a file where a folder should be")
    said = refusal(lambda: makeFolder("kidney"))
    assert "cannot be written" in said
    assert str(home / ".hlfd") in said


def test_stop_reaches_every_stage_that_has_not_ended(aDistillation):
    from HLFDSegmentationLib.Jobs import jobOf

    made = aDistillation(prepare="done", teach="running", distill="queued", report="queued")
    made.stop()
    asked = [stage.command for stage in made.stages if jobOf(stage.job).stop_file.exists()]
    assert asked == ["teach", "distill", "report"]


def test_a_chain_that_fails_ends_and_is_gone_on_with_even_when_a_job_was_removed(aDistillation, here):
    """Real runners: there are no CTs, so the first stage fails and the others do not begin."""
    from HLFDSegmentationLib.Jobs import forgetJob, jobOf, viewOf

    made = aDistillation()

    def ended():
        return all(view is not None and not view.is_active for _stage, view in made.views())

    def waitForEnd():
        until = time.monotonic() + 60
        while not ended():
            assert time.monotonic() < until, made.views()
            time.sleep(0.05)

    made.goOn(here)
    waitForEnd()
    assert [view.state for _stage, view in made.views()] == ["failed", "cancelled", "cancelled", "cancelled"]
    assert "nothing" in stateOf(made).say
    assert jobOf("kidney-teach").request()["after"] == ["kidney-prepare"]
    forgetJob(jobOf("kidney-prepare"))
    made.goOn(here)
    assert viewOf(jobOf("kidney-prepare")) is not None
    waitForEnd()
    assert [view.state for _stage, view in made.views()] == ["failed", "cancelled", "cancelled", "cancelled"]
    made.remove()
    assert not made.folder.exists()
    assert not any(jobOf(stage.job).folder.exists() for stage in made.stages)


def test_an_environment_that_is_gone_is_told_and_starts_nothing(aDistillation, home):
    from HLFDSegmentationLib.BackendCalls import PlainEnvironment

    made = aDistillation()
    said = refusal(lambda: made.goOn(PlainEnvironment(str(home / "no" / "python"), {})))
    assert "is not there any more" in said
    assert [view for _stage, view in made.views()] == [None] * 4


def test_a_new_job_goes_on_with_the_run_that_a_removed_one_left(aDistillation):
    made = aDistillation()
    teach = made.stages[1]
    (made.folder / "teacher").mkdir()
    assert made.settingsNow(teach) == {**teach.settings, "overwrite": True}
    (made.folder / "teacher" / "last.ckpt").touch()
    assert made.settingsNow(teach) == {**teach.settings, "resume": True}


def test_a_distillation_at_work_is_not_removed(aDistillation):
    made = aDistillation(prepare="running")
    assert refusal(made.remove) == "kidney is at work; stop it first."
    assert made.folder.is_dir()


def test_a_backend_that_answers_nonsense_or_not_at_all_is_told_in_a_sentence(here, home):
    from HLFDSegmentationLib.BackendCalls import PlainEnvironment, ask

    assert "no such command" in refusal(lambda: ask(here, "dance"))
    assert "cannot be run" in refusal(lambda: ask(PlainEnvironment(str(home / "python"), {}), "doctor"))
