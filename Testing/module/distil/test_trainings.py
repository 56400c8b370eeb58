"""Trainings in the section Distil: watching, stopping, going on, removing, and using what came of them."""

import json
import shutil

import pytest


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
