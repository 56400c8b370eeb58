"""The section Distil: choosing, starting, watching, stopping, going on, and using what came of it."""

import json
import shutil
import sys

import pytest


@pytest.fixture
def backend(home):
    """An environment that works: this Python."""
    from HLFDSegmentationLib.Backend.Environment import Environment, writeEnvironment

    (home / ".hlfd").mkdir()
    writeEnvironment(Environment("chosen", sys.executable))


@pytest.fixture
def aWindow(desktop):
    windows = []

    def make(cases=None):
        from Testing.module.distil_window import FewCases, Window

        windows.append(Window(desktop, cases or FewCases()))
        return windows[-1]

    yield make
    for window in windows:
        window.close()


@pytest.fixture
def fewCases(desktop):
    """Makes what stands for the section Cases."""
    from Testing.module.distil_window import FewCases

    return FewCases


@pytest.fixture
def aTraining(home):
    """Writes a training by hand; its stages are in the states that are given."""
    from hlfd.jobs.folder import create
    from HLFDSegmentationLib.BackendPlace import jobsFolder
    from HLFDSegmentationLib.Distil.Distillation import record
    from HLFDSegmentationLib.Distil.DistillationFolders import makeFolder
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    def make(name="kidney", say="", **states):
        made = record(makeFolder(name), Choices(name=name), {"data": "/nowhere"})
        for stage in made.stages:
            if stage.command in states:
                job = create(jobsFolder(), stage.command, stage.settings, jobsFolder(), stage.job)
                job.write_status(states[stage.command], say, attempt=1, step=20, of=100)
        return made

    return make


def tell(training, command, *events):
    from HLFDSegmentationLib.Jobs import jobOf

    with jobOf(f"{training.name}-{command}").events.open("a") as stream:
        stream.writelines(json.dumps(event) + "\n" for event in events)


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


def test_every_training_is_listed_and_the_one_at_work_is_shown(aWindow, aTraining):
    aTraining("first", prepare="done", teach="running", distill="queued", report="queued")
    aTraining("second", prepare="done", teach="failed", say="teach: the disk is full")
    window = aWindow()
    rows = [[window.list.trainingsTable.item(row, column).text() for column in (0, 1)] for row in (0, 1)]
    assert sorted(rows) == [["first", "teacher learns"], ["second", "failed"]]
    assert window.view.stageText.text.startswith("Teacher: 20 of 100")
    assert window.view.stopButton.visible
    assert not window.view.resumeButton.visible
    window.list.trainingsTable.selectRow(rows.index(["second", "failed"]))
    assert window.view.stageText.text == "Teacher failed: teach: the disk is full"
    assert window.bench.parameters.training == "second"
    assert aWindow().view.stageText.text.startswith("Teacher: 20 of 100"), "another scene looked at none"


def test_stop_asks_the_stage_at_work_to_end(aWindow, aTraining):
    from HLFDSegmentationLib.Jobs import jobOf

    aTraining(prepare="done", teach="running", distill="queued", report="queued")
    window = aWindow()
    window.click(window.view.stopButton)
    assert jobOf("kidney-teach").stop_file.exists()


def test_resume_without_a_backend_is_refused_in_a_sentence(aWindow, aTraining):
    aTraining(prepare="done", teach="cancelled", distill="cancelled", report="cancelled")
    window = aWindow()
    window.click(window.view.resumeButton)
    assert "is not installed yet" in window.view.messageText.text


def test_a_job_that_is_removed_under_way_is_told_and_can_be_started_again(aWindow, aTraining):
    from HLFDSegmentationLib.Jobs import jobOf

    aTraining(prepare="done", teach="running", distill="queued", report="queued")
    window = aWindow()
    shutil.rmtree(jobOf("kidney-teach").folder)
    window.until(lambda: "was removed; Resume does it again" in window.view.stageText.text)
    assert window.view.resumeButton.visible


def test_a_training_is_removed_after_the_user_said_yes(aWindow, aTraining):
    import qt

    training = aTraining(prepare="done", teach="failed")
    window = aWindow()
    qt.answers.give(qt.QMessageBox.No)
    window.click(window.view.removeButton)
    window.until(lambda: not qt.answers.left())
    assert training.folder.is_dir()
    window.until(lambda: window.view.removeButton.enabled)
    qt.answers.give(qt.QMessageBox.Yes)
    window.click(window.view.removeButton)
    window.until(lambda: window.list.emptyText.visible)
    assert not training.folder.exists()


def test_a_training_whose_folder_vanishes_leaves_the_list(aWindow, aTraining):
    training = aTraining(prepare="done", teach="running")
    window = aWindow()
    shutil.rmtree(training.folder)
    window.until(lambda: window.list.emptyText.visible)


def test_curves_are_shown_in_plot_views_grow_and_go(aWindow, aTraining, desktop):
    import slicer

    from HLFDSegmentationLib.Distil.Curves import MARK

    def ours():
        nodes = [desktop.scene.GetNthNode(number) for number in range(desktop.scene.GetNumberOfNodes())]
        return [node for node in nodes if node.GetAttribute(MARK)]

    def losses():
        table = next(node for node in ours() if node.IsA("vtkMRMLTableNode"))
        return slicer.util.arrayFromTableColumn(table, "Loss").tolist()

    training = aTraining(prepare="done", teach="running", distill="queued", report="queued")
    window, before = aWindow(), slicer.app.layoutManager().layout
    assert not window.view.curvesButton.enabled
    tell(training, "teach", {"event": "started", "at": 0}, {"event": "step", "step": 1, "loss": 2.0})
    window.until(lambda: window.view.curvesButton.enabled)
    assert ours() == []
    window.click(window.view.curvesButton)
    views = [slicer.app.layoutManager().plotWidget(0).mrmlPlotViewNode()]
    assert slicer.app.layoutManager().plotViewCount == 1
    assert [view.GetPlotChartNode().GetYAxisTitle() for view in views] == ["Loss"], "no validation yet"
    tell(training, "teach", {"event": "step", "step": 10, "loss": 1.0})
    window.until(lambda: losses() == [2.0, 1.0])
    tell(training, "teach", {"event": "validated", "step": 10, "tumor_dice": 0.25})
    window.until(lambda: slicer.app.layoutManager().plotViewCount == 2)
    desktop.scene.Clear(0)
    assert ours() == []
    window.until(lambda: ours() and losses() == [2.0, 1.0])
    views = [slicer.app.layoutManager().plotWidget(number).mrmlPlotViewNode() for number in (0, 1)]
    assert [view.GetPlotChartNode().GetYAxisTitle() for view in views] == ["Loss", "Tumour Dice (validation)"]
    window.click(window.view.curvesButton)
    assert ours() == []
    assert slicer.app.layoutManager().layout == before


def test_without_a_window_of_views_no_curves_are_offered(aWindow, aTraining, monkeypatch):
    import slicer

    training = aTraining(prepare="done", teach="running")
    tell(training, "teach", {"event": "started", "at": 0}, {"event": "step", "step": 1, "loss": 2.0})
    monkeypatch.setattr(type(slicer.app), "layoutManager", lambda self: None)
    window = aWindow()
    assert window.view.stageText.text
    assert not window.view.curvesButton.visible


def test_trainings_that_nobody_sees_are_not_read(aWindow, aTraining):
    window = aWindow()
    window.panel.ui.trainingsSection.collapsed = True
    aTraining("late", prepare="done", teach="failed")
    window.panel.trainings._look()
    assert window.list.trainingsTable.rowCount == 0
    window.panel.ui.trainingsSection.collapsed = False
    window.until(lambda: window.list.trainingsTable.rowCount == 1)


def test_without_the_backends_files_the_section_stands_and_says_so(aWindow, aTraining, monkeypatch):
    from HLFDSegmentationLib import BackendPlace
    from HLFDSegmentationLib.Words import Refusal

    def missing():
        raise Refusal("The backend is missing; install the extension again.")

    aTraining(prepare="done", teach="failed")
    monkeypatch.setattr(BackendPlace, "backendFolder", missing)
    window = aWindow()
    assert window.list.emptyText.visible
    assert not window.start.startButton.enabled


def test_the_picture_of_the_last_validation_fits_the_panel(aWindow, aTraining):
    import qt

    training = aTraining(prepare="done", teach="running")
    window = aWindow()
    assert not window.view.previewPicture.visible
    (training.folder / "teacher").mkdir()
    qt.QImage(900, 320, qt.QImage.Format_RGB32).save(str(training.folder / "teacher" / "preview.png"))
    window.until(lambda: window.view.previewPicture.visible and window.view.previewPicture.pixmap)
    window.section.resize(360, 900)
    window.until(lambda: window.view.previewPicture.pixmap.width() <= window.view.previewPicture.width < 900)
    assert window.view.previewText.text.startswith("The teacher")


def test_an_estimate_without_a_backend_is_refused_in_a_sentence(aWindow):
    window = aWindow()
    window.click(window.start.estimateButton)
    assert "is not installed yet" in window.start.timeText.text


def test_the_student_of_a_stopped_training_can_be_used_with_an_honest_note(aWindow, aTraining):
    training = aTraining(prepare="done", teach="done", distill="cancelled", report="cancelled")
    (training.folder / "student" / "bundle").mkdir(parents=True)
    (training.folder / "student" / "bundle" / "manifest.json").write_text("{}")
    window = aWindow()
    assert "has not finished learning" in window.view.resultText.text
    assert window.view.useButton.enabled
    window.click(window.view.useButton)
    window.until(lambda: window.view.messageText.visible)
    assert window.used == [], "a bundle that is broken is refused by the library"
