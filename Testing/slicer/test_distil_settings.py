"""Choices for a distillation: what they refuse, and the settings that the backend gets."""

import json
from dataclasses import fields, replace

import pytest


@pytest.fixture
def aTeacher(tmp_path):
    """The folder of a finished run, as far as it is looked at."""
    (tmp_path / "run" / "bundle").mkdir(parents=True)
    (tmp_path / "run" / "bundle" / "manifest.json").write_text("{}")
    return tmp_path / "run"


def choices(**values):
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    return Choices(**{"name": "kidney", **values})


def whyNot(**values):
    from HLFDSegmentationLib.Distil.DistilSettings import checkChoices
    from HLFDSegmentationLib.Words import Refusal

    with pytest.raises(Refusal) as caught:
        checkChoices(choices(**values))
    return str(caught.value)


def test_every_method_of_the_backend_can_be_chosen_and_no_other():
    from hlfd.distillation.methods import METHODS
    from HLFDSegmentationLib.Distil.DistilMethods import methods
    from HLFDSegmentationLib.Distil.DistilSettings import WITHOUT_TEACHER

    assert set(methods()) == set(METHODS)
    withoutTeacher = {name for name, method in METHODS.items() if not method.routes(1, 1) or method.targets == "truth"}
    assert set(WITHOUT_TEACHER) == withoutTeacher


@pytest.mark.parametrize("preset", ["try", "laptop", "paper"])
def test_the_backend_takes_the_settings_of_every_preset(preset, tmp_path):
    from hlfd.commands import distill, teach
    from HLFDSegmentationLib.Distil.DistilSettings import distillSettings, presetOf, teachSettings, withPreset

    chosen = withPreset(choices(beta=0.5, lambda_=0.25), preset)
    taught = teach.CommandSettings(**teachSettings(chosen, tmp_path))
    distilled = distill.CommandSettings(**distillSettings(chosen, tmp_path))
    assert presetOf(chosen) == preset
    assert taught.store == distilled.store == tmp_path / "store"
    assert distilled.teacher == taught.run == tmp_path / "teacher"
    assert (distilled.beta, distilled.lambda_) == (0.5, 0.25)


def test_the_papers_preset_has_the_papers_networks(tmp_path):
    from hlfd.commands import distill, teach
    from HLFDSegmentationLib.Distil.DistilSettings import distillSettings, teachSettings, withPreset

    chosen = withPreset(choices(), "paper")
    made = distill.CommandSettings(**distillSettings(chosen, tmp_path)).network()
    papers = distill.CommandSettings(store=tmp_path, run=tmp_path).network()
    assert made == papers
    taught, default = teachSettings(chosen, tmp_path), teach.CommandSettings(store=tmp_path, run=tmp_path)
    assert (tuple(taught["widths"]), taught["norm"], taught["crop"]) == (default.widths, default.norm, default.crop)


def test_the_time_limit_is_shared_and_a_student_alone_has_all_of_it(tmp_path):
    from HLFDSegmentationLib.Distil.DistilSettings import distillSettings, teachSettings

    both, alone = choices(minutes=100), choices(minutes=100, method="none")
    assert teachSettings(both, tmp_path)["minutes"] == 60
    assert distillSettings(both, tmp_path)["minutes"] == 40
    assert distillSettings(alone, tmp_path)["minutes"] == 100
    assert "minutes" not in teachSettings(choices(minutes=0), tmp_path)


def test_a_preset_leaves_name_method_and_teacher_as_they_are():
    from HLFDSegmentationLib.Distil.DistilSettings import withPreset

    before = choices(method="kd", teacher="/somewhere", beta=0.1, seed=7, device="cpu", steps=3)
    after = withPreset(before, "paper")
    kept = ("name", "method", "teacher", "beta", "seed", "device")
    assert [getattr(after, name) for name in kept] == [getattr(before, name) for name in kept]
    assert after.steps == 20000


def test_choices_come_back_from_their_text_as_they_were():
    from HLFDSegmentationLib.Distil.DistilSettings import choicesAsText, choicesFromText, withPreset

    chosen = replace(withPreset(choices(beta=0.3, teacher="/a/b"), "paper"), learningRate=0.5, decoder=True)
    assert choicesFromText(choicesAsText(chosen)) == chosen


@pytest.mark.parametrize("text", ["", "nonsense", "[1]", json.dumps({"steps": "many", "beta": "x", "unknown": 1})])
def test_a_text_that_cannot_be_read_gives_the_defaults(text):
    from HLFDSegmentationLib.Distil.DistilSettings import Choices, choicesFromText

    assert choicesFromText(text) == Choices()
    assert {field.name for field in fields(Choices)} > {"steps", "beta"}


def test_what_cannot_be_trained_is_refused_in_a_sentence(tmp_path, aTeacher):
    from HLFDSegmentationLib.Distil.DistilSettings import checkChoices

    assert "has no name" in whyNot(name="")
    assert '"a/b" cannot be a name' in whyNot(name="a/b")
    assert str(tmp_path) in whyNot(teacher=str(tmp_path))
    assert "holds no finished model" in whyNot(teacher=str(tmp_path))
    assert "multiple of 32" in whyNot(crop=100)
    assert "batch normalisation" in whyNot(crop=32, batch=1, stemPool=True)
    checkChoices(choices(teacher=str(aTeacher)))
    checkChoices(choices(teacher=str(aTeacher / "bundle")))
    checkChoices(choices(teacher=str(tmp_path), method="none"))


def test_widths_are_read_with_or_without_commas_and_anything_else_is_refused():
    from HLFDSegmentationLib.Distil.DistilSettings import widthsFromText
    from HLFDSegmentationLib.Words import Refusal

    assert widthsFromText("8, 16,32 64", 4) == (8, 16, 32, 64)
    for text in ("8, 16", "8, 16, 32, x", "8, 16, 32, 0", "8, 16, 32, -4", ""):
        with pytest.raises(Refusal, match="4 whole numbers"):
            widthsFromText(text, 4)


def test_the_plan_that_is_timed_has_a_teacher_only_if_one_is_trained(tmp_path):
    from HLFDSegmentationLib.Distil.DistilForecast import planOf

    assert planOf(choices(), tmp_path)["teach"]["run"] == str(tmp_path / "teacher")
    assert planOf(choices(teacher="/a/b"), tmp_path)["teach"] is None
    assert planOf(choices(method="none"), tmp_path)["teach"] is None


def test_the_expected_time_and_memory_are_told_in_words():
    from HLFDSegmentationLib.Distil.DistilForecast import timeInSentence

    stage = {"seconds": 600.0, "steps": 100, "step_s": 12.0}
    gib = 1 << 30
    answer = {
        "teach": stage,
        "distill": stage,
        "seconds": 1200.0,
        "memory_bytes": 2 * gib,
        "memory_free_bytes": 4 * gib,
    }
    plan = {"teach": {"minutes": 10}, "distill": {}}
    say, kind = timeInSentence({**answer, "fits": True}, plan)
    assert "About 20 min of training (Teacher 10 min, Student 10 min)" in say
    assert "The time limit is over before all steps are done (Teacher)." in say
    assert "Needs 2.0 GB of memory; 4.0 GB are free." in say
    assert kind == "note"
    say, kind = timeInSentence({**answer, "fits": False}, plan)
    assert "choose a smaller batch" in say
    assert kind == "warning"
