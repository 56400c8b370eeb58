"""The section Distil: choosing, estimating, and starting with the cases that are written first."""

import sys

import pytest


@pytest.fixture
def backend(home):
    """An environment that works: this Python."""
    from HLFDSegmentationLib.Backend.Environment import Environment, writeEnvironment

    (home / ".hlfd").mkdir()
    writeEnvironment(Environment("chosen", sys.executable))


@pytest.fixture
def fewCases(desktop):
    """Makes what stands for the section Cases."""
    from Testing.module.distil.distil_window import FewCases

    return FewCases


def test_without_cases_or_backend_start_is_refused_with_the_reason_and_the_way(aWindow, home, fewCases):
    cases = fewCases("There are no cases yet.")
    window = aWindow(cases)
    assert not window.start.startButton.enabled
    assert "There are no cases yet." in window.start.messageText.text
    window.start.messageText.linkActivated.emit("cases")
    assert window.opened == ["cases"]
    cases.refusal = ""
    window.panel.refresh()
    assert not window.start.startButton.enabled
    assert "is not installed yet" in window.start.messageText.text
    assert not (home / ".hlfd").exists(), "nothing is written without a click"


def test_cases_that_are_chosen_later_are_noticed(aWindow, backend, fewCases):
    from HLFDSegmentationLib.Bench import CASES

    cases = fewCases("There are no cases yet.")
    window = aWindow(cases)
    cases.refusal = ""
    window.bench.tell(CASES)
    window.until(lambda: window.start.startButton.enabled)
    assert window.start.casesText.text == "4 cases"


def test_choices_that_cannot_be_meant_are_told_and_start_waits_for_better_ones(aWindow, backend):
    window = aWindow()
    for field, bad, why in (
        (window.choices.nameEdit, "left/right", "cannot be a name"),
        (window.choices.betaEdit, "much", "write a number"),
        (window.choices.studentWidthsEdit, "8, 16", "4 whole numbers"),
    ):
        before = field.text
        field.text = bad
        window.until(lambda: not window.start.startButton.enabled)
        assert why in window.start.messageText.text
        field.text = before
        window.until(lambda: window.start.startButton.enabled)


def test_a_teachers_folder_without_a_model_is_refused(aWindow, backend, tmp_path):
    window = aWindow()
    window.click(window.choices.useRadio)
    window.until(lambda: "No teacher is chosen" in window.start.messageText.text)
    window.choices.teacherPathEdit.currentPath = str(tmp_path)
    window.until(lambda: "holds no finished model" in window.start.messageText.text)
    window.choose(window.choices.methodCombo, "Student alone")
    window.until(lambda: window.start.startButton.enabled)


def test_many_letters_of_a_name_ask_for_the_cases_once(aWindow, backend, fewCases):
    window = aWindow(fewCases())
    asked = []
    window.bench.casePlan = lambda: asked.append(1) or fewCases()
    for length in range(1, 12):
        window.choices.nameEdit.text = "left-kidney"[:length]
    window.until(lambda: asked)
    assert asked == [1]


def test_what_a_size_takes_is_called_a_guess_until_it_was_measured(aWindow, backend):
    window = aWindow()
    assert "10 minutes" in window.choices.presetText.text
    window.choose(window.choices.presetCombo, "Laptop (hours)")
    assert "guess until you click Estimate time" in window.choices.presetText.text


def test_start_stands_above_what_is_seldom_changed(aWindow, backend):
    import qt

    window = aWindow()
    window.choices.advancedSection.collapsed = False
    window.section.resize(400, 1600)
    corner = qt.QPoint(0, 0)
    window.until(
        lambda: (
            0
            < window.start.startButton.mapTo(window.section, corner).y()
            < window.choices.advancedSection.mapTo(window.section, corner).y()
        )
    )


def test_a_size_sets_everything_and_a_change_makes_it_ones_own(aWindow, backend):
    window = aWindow()
    window.choose(window.choices.presetCombo, "Paper (GPU, a day)")
    assert window.choices.studentWidthsEdit.text == "64, 128, 256, 512"
    assert window.choices.studentCombo.currentText == "ResNet-18 (paper)"
    window.choices.stepsSpin.value = 3
    assert window.choices.presetCombo.currentText == "As set below"
    window.choose(window.choices.studentCombo, "Narrow (laptop)")
    assert window.choices.studentWidthsEdit.text == "8, 16, 32, 64"


def test_choices_are_kept_in_the_scene_and_those_of_another_scene_are_shown(aWindow, desktop, backend):
    from HLFDSegmentationLib.Distil.DistilSettings import Choices, choicesAsText, choicesFromText

    window = aWindow()
    window.choices.stepsSpin.value = 77
    assert choicesFromText(window.bench.parameters.distil).steps == 77
    window.bench.useParameters(None)
    window.choices.stepsSpin.value = 78
    other = aWindow().bench.parameters
    other.distil = choicesAsText(Choices(name="other", steps=5, method="kd"))
    window.bench.useParameters(other)
    assert (window.choices.stepsSpin.value, window.choices.nameEdit.text) == (5, "other")


def test_cancel_takes_back_the_cases_that_were_written(aWindow, backend, home, fewCases):
    cases = fewCases()
    cases.total = 10**6
    window = aWindow(cases)
    window.chooseTiny()
    window.click(window.start.startButton)
    window.until(lambda: cases.done > 2)
    assert window.start.exportBar.value > 0
    assert not window.choices.choicesForm.enabled
    window.click(window.start.cancelButton)
    window.until(lambda: not list((home / ".hlfd" / "distillations").iterdir()))
    assert window.start.startButton.enabled
    assert not (home / ".hlfd" / "jobs").exists()


def test_a_window_that_closes_while_cases_are_written_leaves_nothing_to_be_taken_for_whole(aWindow, backend, fewCases):
    from HLFDSegmentationLib.Distil.Distillation import allDistillations

    cases = fewCases()
    cases.total = 10**6
    window = aWindow(cases)
    window.chooseTiny()
    window.click(window.start.startButton)
    window.until(lambda: cases.done)
    window.close()
    assert not cases.folder.exists()
    assert allDistillations() == []


def test_a_place_that_cannot_be_written_is_told_in_the_panel(aWindow, backend, home):
    window = aWindow()
    window.chooseTiny()
    (home / ".hlfd" / "distillations").write_text("in the way")
    window.click(window.start.startButton)
    assert "cannot be written" in window.start.messageText.text


def test_an_estimate_without_a_backend_is_refused_in_a_sentence(aWindow):
    window = aWindow()
    window.click(window.start.estimateButton)
    assert "is not installed yet" in window.start.timeText.text
