"""A distillation's folder and chain of jobs, as they are found, whatever became of them."""

import json
import os
import sys
import time

import pytest


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture
def here():
    """An environment: this Python."""
    from HLFDSegmentationLib.BackendCalls import PlainEnvironment

    return PlainEnvironment(sys.executable, dict(os.environ))


@pytest.fixture
def aDistillation(home):
    """Makes one; its stages are in the states that are given, the rest has no jobs."""
    from HLFDSegmentationLib.Distil.Distillation import record
    from HLFDSegmentationLib.Distil.DistillationFolders import makeFolder
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    def make(name="kidney", choices=None, **states):
        folder = makeFolder(name)
        made = record(folder, choices or Choices(name=name), {"data": str(home / "nothing"), "task": "kidney"})
        for stage in made.stages:
            if stage.command in states:
                aJob(stage, **{"state": states[stage.command]})
        return made

    return make


def aJob(stage, state, say="", **facts):
    """Write the folder of a job by hand, as its runner would have left it."""
    from hlfd.jobs.folder import create
    from HLFDSegmentationLib.BackendPlace import jobsFolder

    job = create(jobsFolder(), stage.command, stage.settings, jobsFolder(), stage.job)
    if state == "lost":
        gone = {"state": "running", "heartbeat": time.time() - 100, "pid": 2**22 + 1, "mark": "x", "host": hostName()}
        (job.folder / "status.json").write_text(json.dumps(gone))
    else:
        job.write_status(state, say, attempt=1, **facts)
    return job


def hostName():
    from hlfd.jobs.folder import this_host

    return this_host()


def stateOf(distillation):
    from HLFDSegmentationLib.Distil.DistillationState import stateOf

    return stateOf(distillation)


def commands(distillation):
    return [stage.command for stage in distillation.stages]


def refusal(act):
    from HLFDSegmentationLib.Words import Refusal

    with pytest.raises(Refusal) as caught:
        act()
    return str(caught.value)


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


@pytest.mark.parametrize(
    ("states", "command", "state", "say"),
    [
        ({"prepare": "running", "teach": "queued"}, "prepare", "running", "Cases: at work."),
        ({"prepare": "done", "teach": "starting", "distill": "queued"}, "teach", "starting", "Teacher: is starting."),
        ({"prepare": "done", "teach": "cancelled", "distill": "cancelled"}, "teach", "cancelled", "Teacher: stopped"),
        ({"prepare": "done", "teach": "done", "distill": "lost"}, "distill", "lost", "Student: interrupted"),
        ({"prepare": "done", "teach": "done"}, "distill", "gone", "Student: was removed"),
        ({one: "done" for one in ("prepare", "teach", "distill", "report")}, "report", "done", "All is done."),
    ],
)
def test_the_first_stage_that_is_not_done_is_what_a_distillation_is_at(aDistillation, states, command, state, say):
    found = stateOf(aDistillation(**states))
    assert (found.command, found.state) == (command, state)
    assert found.say.startswith(say)
    assert found.isActive == (state in ("running", "starting"))
    assert found.canResume == (state in ("cancelled", "lost", "gone"))


def test_progress_is_told_in_a_sentence_and_as_a_share_of_the_whole(aDistillation):
    made = aDistillation(prepare="done")
    aJob(made.stages[1], "running", step=25, of=100, left_s=720.0)
    found = stateOf(made)
    assert found.say == "Teacher: 25 of 100, 12 min left"
    assert found.fraction == pytest.approx((4 + 52 * 0.25) / 100)


def test_a_failure_is_told_in_the_backends_own_sentence(aDistillation):
    made = aDistillation(prepare="done")
    aJob(made.stages[1], "failed", "case 17: image is 512x512x40, label 512x512x41")
    assert stateOf(made).say == "Teacher failed: case 17: image is 512x512x40, label 512x512x41"


def test_a_stage_whose_job_is_gone_is_done_if_what_it_made_is_there(aDistillation):
    made = aDistillation(prepare="done", distill="done", report="done")
    assert stateOf(made).state == "gone"
    (made.folder / "teacher").mkdir()
    (made.folder / "teacher" / "result.json").write_text("{}")
    assert stateOf(made).isDone


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


def test_results_claim_no_more_than_was_measured(aDistillation):
    from HLFDSegmentationLib.Distil.DistillationResult import resultInSentences

    made = aDistillation(prepare="done", teach="done", distill="cancelled", report="cancelled")
    assert resultInSentences(made, stateOf(made), {}) == ("", "note")
    (made.folder / "student" / "bundle").mkdir(parents=True)
    (made.folder / "student" / "bundle" / "manifest.json").write_text("{}")
    said, kind = resultInSentences(made, stateOf(made), {"teach": 0.5, "distill": 0.25})
    assert "on the validation cases so far: Teacher 0.500, Student 0.250" in said
    assert "has not finished learning" in said
    assert kind == "warning"


@pytest.mark.parametrize(
    ("report", "say"),
    [
        (
            {"test_cases": 3, "student": {"tumor_dice": 0.625}, "teacher": {"tumor_dice": 0.75}},
            "student 0.625, teacher",
        ),
        ({"test_cases": 1, "student": {"tumor_dice": 0.625}, "teacher": None}, "Tumour Dice on 1 test case: student"),
        ({"test_cases": 0, "student": {"tumor_dice": None}, "teacher": None}, "has not been measured"),
    ],
)
def test_a_report_is_told_with_its_number_of_test_cases(aDistillation, report, say):
    from HLFDSegmentationLib.Distil.DistillationResult import resultInSentences

    made = aDistillation(**{one: "done" for one in ("prepare", "teach", "distill", "report")})
    (made.folder / "report").mkdir()
    (made.folder / "report" / "report.json").write_text(json.dumps({"format": 1, **report}))
    said, kind = resultInSentences(made, stateOf(made), {})
    assert say in said
    assert kind == "good"


def test_a_report_that_is_written_anew_is_read_anew(aDistillation):
    made = aDistillation()
    assert made.report() == {}
    path = made.folder / "report" / "report.json"
    path.parent.mkdir()
    for cases in (1, 12):
        path.write_text(json.dumps({"test_cases": cases}))
        assert made.report() == {"test_cases": cases}


def test_a_folder_is_as_large_as_its_files(tmp_path):
    from HLFDSegmentationLib.Distil.DistillationFolders import bytesIn
    from HLFDSegmentationLib.Distil.DistillationState import sizeInWords

    (tmp_path / "deep").mkdir()
    empty = bytesIn(tmp_path)
    (tmp_path / "deep" / "one").write_bytes(bytes(3000))
    (tmp_path / "two").write_bytes(bytes(500))
    assert bytesIn(tmp_path) - empty == 3500
    assert [sizeInWords(size) for size in (0, 12e6, 1.24e9)] == ["1 MB", "12 MB", "1.2 GB"]


def test_times_are_told_as_people_do():
    from HLFDSegmentationLib.Distil.DistillationState import timeInWords

    assert [timeInWords(seconds) for seconds in (10, 90, 3600, 7500)] == [
        "less than a minute",
        "2 min",
        "1 h 0 min",
        "2 h 5 min",
    ]


def test_a_backend_that_answers_nonsense_or_not_at_all_is_told_in_a_sentence(here, home):
    from HLFDSegmentationLib.BackendCalls import PlainEnvironment, ask

    assert "no such command" in refusal(lambda: ask(here, "dance"))
    assert "cannot be run" in refusal(lambda: ask(PlainEnvironment(str(home / "python"), {}), "doctor"))
