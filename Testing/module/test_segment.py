"""A clinician chooses a CT and a model, clicks Segment, and sees segments, surfaces and lesions; or why not."""

import json
import os
import shutil
import threading

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk

from Testing.module.segment_bench import (
    OBLIQUE,
    REPORT,
    ActingBackend,
    SegmentBench,
    aCt,
    addCt,
    addModel,
    choose,
    click,
    isSeen,
    letPass,
    newParameters,
    until,
    writeEnvironment,
)

MOVED = np.array([[0, -1.0, 0, 10], [1.0, 0, 0, -20], [0, 0, 1, 30], [0, 0, 0, 1]])
"""A quarter turn and a shift."""
NAME_TO_VALUE = {"kidney": 1, "tumor": 2}
NOBODY = 2**22 + 1
"""No process has such a number."""


@pytest.fixture
def ready(home, facts_of_a_bundle):
    """The backend is installed and there is a model."""
    writeEnvironment(home)
    addModel(home, facts_of_a_bundle)


@pytest.fixture
def open_(desktop):
    """Opens the section Segment."""
    opened = []

    def make() -> SegmentBench:
        opened.append(SegmentBench())
        return opened[-1]

    yield make
    for bench in opened:
        bench.close()


@pytest.fixture
def acting(desktop, monkeypatch):
    """A backend whose jobs a test directs."""
    backend = ActingBackend()
    monkeypatch.setattr("HLFDSegmentationLib.Segment.SegmentRun.startJob", backend)
    return backend


def isIdle(bench):
    return lambda: not bench.panel._run.isBusy


def segmentations() -> list:
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def leftovers(home) -> list[str]:
    return [path.name for part in ("segmentations", "jobs") for path in (home / ".hlfd" / part).glob("*")]


def moved(node):
    """Put a node under a transform."""
    transform = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLinearTransformNode")
    transform.SetMatrixTransformToParent(slicer.util.vtkMatrixFromArray(MOVED))
    node.SetAndObserveTransformNodeID(transform.GetID())
    return node


def labelsOf(segmentation, volume) -> np.ndarray:
    from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation

    return labelArrayFromSegmentation(segmentation, volume, NAME_TO_VALUE)


def byCommand(command, home, tmp_path, array_zyx) -> tuple[np.ndarray, dict]:
    """What `hlfd segment` says of the same CT in a file that another program wrote."""
    image = sitk.GetImageFromArray(array_zyx)
    lps = np.diag((-1, -1, 1, 1)) @ OBLIQUE
    spacing_mm = np.linalg.norm(lps[:3, :3], axis=0)
    image.SetSpacing(spacing_mm.tolist())
    image.SetDirection((lps[:3, :3] / spacing_mm).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    sitk.WriteImage(image, str(tmp_path / "ct.mha"))
    model, out, report = home / ".hlfd" / "models" / "tiny", tmp_path / "out.nii.gz", tmp_path / "report.json"
    answer = command(
        "segment", tmp_path / "ct.mha", "--model", model, "--out", out, "--report", report, "--device", "cpu"
    )
    assert answer.status == 0, answer
    return sitk.GetArrayFromImage(sitk.ReadImage(str(out))), json.loads(report.read_text())


def test_one_click_gives_the_voxels_and_the_lesions_of_hlfd_segment(ready, open_, home, command, tmp_path):
    wanted, report = byCommand(command, home, tmp_path, aCt())
    assert np.unique(wanted).tolist() == [0, 1, 2]
    bench = open_()
    volume = moved(addCt())
    bench.segment()
    assert isSeen(bench.ui.cancelButton)
    assert not bench.ui.segmentButton.isVisible()
    until(isIdle(bench), 90)
    assert bench.ui.outcomeLabel.text == "CT was segmented."
    [segmentation] = segmentations()
    assert np.array_equal(labelsOf(segmentation, volume), wanted)
    assert segmentation.GetParentTransformNode() is volume.GetParentTransformNode()
    lesions = sorted(report["lesions"], key=lambda one: -one["volume_ml"])
    table = bench.ui.lesionTable
    assert [table.item(row, 0).text() for row in range(table.rowCount)] == [
        f"{one['label']} {one['number']}" for one in lesions
    ]
    assert [table.item(row, 2).text() for row in range(table.rowCount)] == [
        f"{one['longest_axial_mm']:.1f}" for one in lesions
    ]
    until(lambda: leftovers(home) == [])
    assert bench.bench.parameters.segmentation == ""


def test_segments_have_surfaces_terminology_and_dicom_tags_beside_their_ct(ready, open_, acting):
    bench, volume = open_(), addCt("CT 1")
    bench.segment()
    until(isIdle(bench))
    [node] = segmentations()
    segments = [node.GetSegmentation().GetNthSegment(index) for index in range(2)]
    assert node.GetName() == "CT 1 segmentation"
    assert [one.GetName() for one in segments] == ["kidney", "tumor"]
    assert all(one.GetRepresentation("Closed surface").GetNumberOfPolys() > 0 for one in segments)
    assert "SCT^64033007^Kidney" in segments[0].GetTerminology()
    assert "SCT^108369006^Neoplasm" in segments[1].GetTerminology()
    tag = vtk.mutable("")
    assert segments[1].GetTag("DICOM.SegmentAlgorithmType", tag)
    assert str(tag) == "AUTOMATIC"
    assert segments[1].GetTag("DICOM.SegmentAlgorithmName", tag)
    assert str(tag).startswith("HLFD: ")  # by which the section Cases knows what no expert drew
    assert len(str(tag)) <= 64
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(slicer.mrmlScene)
    parents = [hierarchy.GetItemParent(hierarchy.GetItemByDataNode(one)) for one in (node, volume)]
    assert parents[0] == parents[1]
    shown = slicer.mrmlScene.GetFirstNodeByClass("vtkMRMLSliceCompositeNode").GetBackgroundVolumeID()
    assert shown == volume.GetID()


def test_a_click_on_a_lesion_takes_all_slice_views_there_through_the_transform_of_the_ct(ready, open_, acting):
    bench = open_()
    moved(addCt())
    bench.segment()
    until(isIdle(bench))
    table = bench.ui.lesionTable
    assert [table.item(row, 0).text() for row in (0, 1)] == ["tumor 1", "tumor 2"]
    assert [table.item(row, 1).text() for row in (0, 1)] == ["2.00", "0.34"]
    table.cellClicked.emit(0, 0)
    ras = (MOVED @ (-4, -5, 6, 1))[:3]
    views = slicer.util.getNodesByClass("vtkMRMLSliceNode")
    assert len(views) >= 3
    for view in views:
        centre = [view.GetSliceToRAS().GetElement(row, 3) for row in range(3)]
        assert centre == pytest.approx(ras, abs=1e-6)


def test_the_findings_are_summed_up_in_a_sentence(ready, open_, acting):
    bench = open_()
    addCt()
    bench.segment()
    until(isIdle(bench))
    assert bench.ui.findingsLabel.text == "2 lesions; kidney 150.4 mL, tumor 2.35 mL"


def test_cancel_ends_the_job_and_leaves_nothing(ready, open_, home):
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: bench.panel._run.stage == "working", 30)
    click(bench.ui.cancelButton)
    assert not bench.ui.cancelButton.enabled
    until(isIdle(bench), 30)
    assert bench.ui.outcomeLabel.text == "The segmentation of CT was cancelled."
    assert isSeen(bench.ui.segmentButton)
    assert segmentations() == []
    until(lambda: leftovers(home) == [])


def test_cancel_while_the_ct_is_copied_leaves_nothing(ready, open_, acting, home):
    bench = open_()
    addCt()
    until(lambda: bench.ui.segmentButton.enabled)
    bench.ui.segmentButton.click()
    assert bench.panel._run.stage == "copying"
    bench.ui.cancelButton.click()
    assert not bench.panel._run.isBusy
    letPass(0.3)
    assert acting.jobs == []
    assert leftovers(home) == []


def test_a_job_that_fails_says_why(ready, open_, acting, home):
    acting.state, acting.say = "failed", "killed for lack of memory; close other programs"
    bench = open_()
    addCt()
    bench.segment()
    until(isIdle(bench))
    assert bench.ui.outcomeLabel.text == "CT: killed for lack of memory; close other programs"
    assert segmentations() == []
    until(lambda: leftovers(home) == [acting.jobs[0].name])  # its log is kept, the copy of the CT is not


def test_progress_is_told_in_slices_and_time(ready, open_, acting):
    acting.state = "starting"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: acting.jobs)
    acting.become(acting.jobs[0], "running", step=32, of=280, left_s=300)
    until(lambda: bench.ui.progressBar.maximum == 280)
    assert bench.ui.progressBar.value == 32
    assert bench.ui.runLabel.text == "Segmenting CT: slice 32 of 280, about 5 min left"


def test_a_ct_that_is_removed_stops_its_job(ready, open_, acting):
    acting.state = "running"
    bench, volume = open_(), addCt()
    bench.segment()
    until(lambda: acting.jobs)
    slicer.mrmlScene.RemoveNode(volume)
    until(acting.jobs[0].stop_file.exists)
    acting.become(acting.jobs[0], "cancelled")
    until(isIdle(bench))
    assert segmentations() == []


def test_a_ct_that_was_cropped_in_the_meantime_gets_no_segments_of_another_grid(ready, open_, acting):
    acting.state = "running"
    bench, volume = open_(), addCt()
    bench.segment()
    until(lambda: acting.jobs)
    job = acting.jobs[0]
    slicer.util.updateVolumeFromArray(volume, aCt()[:3])
    acting.state = "done"
    settings = job.request()["settings"]
    shutil.rmtree(job.folder)
    acting(None, "segment", settings, job.name)
    until(isIdle(bench))
    assert "is not the grid of the volume" in bench.ui.outcomeLabel.text
    assert segmentations() == []


def test_a_scene_that_is_closed_during_a_run_leaves_the_next_one_alone(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: bench.bench.parameters.segmentation)
    bench.bench.useParameters(None)
    slicer.mrmlScene.Clear(False)
    bench.bench.useParameters(newParameters())
    acting.become(acting.jobs[0], "done")
    letPass(0.5)
    assert not bench.panel._run.isBusy
    assert segmentations() == []
    assert not acting.jobs[0].stop_file.exists()


def test_a_look_into_another_module_does_not_end_a_segmentation(ready, open_, acting):
    bench = open_()
    addCt()
    until(lambda: bench.ui.segmentButton.enabled)
    bench.ui.segmentButton.click()
    for stage in ("copying", "loading"):
        until(lambda stage=stage: bench.panel._run.stage == stage)
        bench.bench.useParameters(bench.bench.parameters)  # as when the module is entered, or a scene is added
        assert bench.panel._run.stage == stage
    until(isIdle(bench))
    assert bench.ui.outcomeLabel.text == "CT was segmented."
    assert len(segmentations()) == 1
    assert bench.bench.parameters.segmentation == ""


def test_a_scene_that_is_added_to_this_one_takes_the_running_segmentation_over(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: bench.bench.parameters.segmentation)
    kept, added = bench.bench.parameters.segmentation, newParameters()
    bench.bench.useParameters(added)
    assert added.segmentation == kept


def test_of_several_volumes_none_is_chosen_for_the_user(ready, open_):
    bench = open_()
    for name in ("MR", "PET"):
        addCt(name)
    letPass(0.2)
    assert bench.ui.volumeSelector.currentNode() is None
    assert whyNot(bench) == "Choose the CT that is to be segmented."


def test_what_a_scene_has_chosen_outlasts_the_reading_of_its_nodes(ready, open_):
    bench, scene = open_(), slicer.mrmlScene
    scene.StartState(scene.ImportState)
    addCt("first")
    bench.bench.parameters.volume = addCt("chosen")
    bench.ui.volumeSelector.setCurrentNodeIndex(0)  # as a selector may, while nodes come
    scene.EndState(scene.ImportState)
    bench.bench.useParameters(bench.bench.parameters)
    assert bench.ui.volumeSelector.currentNode().GetName() == "chosen"


def test_a_segmentation_that_was_interrupted_says_so_in_words_of_the_panel(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: acting.jobs and bench.panel._run.stage == "working")
    acting.become(acting.jobs[0], "running", pid=NOBODY)
    until(isIdle(bench))
    assert bench.ui.outcomeLabel.text.startswith("The segmentation of CT was interrupted")


def test_a_new_result_hides_earlier_ones_of_its_ct_and_nothing_that_people_drew(ready, open_, acting):
    bench = open_()
    first = addCt("first")
    drawn = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    drawn.CreateDefaultDisplayNodes()
    drawn.SetReferenceImageGeometryParameterFromVolumeNode(first)
    for _ in range(2):
        bench.segment()
        until(isIdle(bench))
    shown = {node.GetName(): bool(node.GetDisplayNode().GetVisibility()) for node in segmentations()}
    assert list(shown.values()) == [True, False, True]
    assert next(iter(shown)) == "drawn"


def test_lesions_bear_the_names_that_their_segments_have_now(ready, open_, acting):
    bench = open_()
    addCt("first")
    bench.segment()
    until(isIdle(bench))
    segmentations()[0].GetSegmentation().GetNthSegment(1).SetName("tumour, left")
    addCt("second")
    for name in ("second", "first"):
        choose(bench.ui.volumeSelector, name)
    assert bench.ui.lesionTable.item(0, 0).text() == "tumour, left 1"
    assert bench.ui.findingsLabel.text == "2 lesions; kidney 150.4 mL, tumour, left 2.35 mL"


def test_what_is_selected_in_a_message_stays_so_while_the_same_is_said_again(desktop):
    import qt

    from HLFDSegmentationLib.Panels.Looks import showMessage

    label = qt.QLabel()
    for _ in range(2):
        showMessage(label, "The disk is full.", "bad")
        if not label.selectedText:
            label.setSelection(4, 4)
    assert label.selectedText == "disk"
    label.delete()


def test_what_was_given_up_while_it_started_is_stopped_and_cleared_away(home, desktop):
    from HLFDSegmentationLib.Segment.SegmentFiles import clearAway, folderOf

    folder, backend = folderOf("given-up"), ActingBackend("running")
    folder.mkdir(parents=True)
    job = backend(None, "segment", {"out": str(folder / "labels.nrrd")}, "given-up")
    thread = threading.Thread(target=clearAway, args=("given-up", False), daemon=True)
    thread.start()
    until(job.stop_file.exists)
    assert folder.exists()
    backend.become(job, "cancelled")
    thread.join(20)
    assert leftovers(home) == []


def test_a_run_whose_files_are_gone_says_so(ready, open_):
    from HLFDSegmentationLib.NodeMarks import markOf
    from HLFDSegmentationLib.Segment.SegmentFiles import Running

    bench, volume = open_(), addCt()
    parameters = newParameters()
    parameters.segmentation = Running("segment-of-another-computer", markOf(volume), "tiny").toText()
    bench.bench.useParameters(parameters)
    until(isIdle(bench))
    assert "is not on this computer any more" in bench.ui.outcomeLabel.text


def whyNot(bench) -> str:
    assert not bench.ui.segmentButton.enabled
    assert bench.ui.segmentButton.toolTip
    assert bench.ui.segmentButton.toolTip in bench.ui.readyLabel.text.replace("&quot;", '"')
    return bench.ui.segmentButton.toolTip


def test_without_a_backend_the_section_says_so_and_leads_there(open_):
    bench = open_()
    addCt()
    assert "is not installed yet" in whyNot(bench)
    bench.ui.readyLabel.linkActivated.emit("backend")
    assert "Open Backend" in bench.ui.readyLabel.text
    assert bench.opened == ["backend"]


def test_without_a_model_the_section_leads_to_the_models(open_, home):
    writeEnvironment(home)
    bench = open_()
    assert "no model yet" in whyNot(bench)
    assert "Import a model…" in bench.ui.readyLabel.text
    assert 'href="models"' in bench.ui.readyLabel.text


def test_without_a_ct_the_section_says_what_to_load(ready, open_):
    assert whyNot(open_()).startswith("Load a CT")


def test_a_backend_whose_python_has_gone_is_told(ready, open_, home):
    writeEnvironment(home, python=str(home / "python"))
    bench = open_()
    addCt()
    assert str(home / "python") in whyNot(bench)


def test_a_volume_without_voxels_is_refused_until_they_come(ready, open_):
    bench = open_()
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    until(lambda: bench.ui.readyLabel.text.startswith("hollow"))
    assert whyNot(bench) == "hollow is empty; load the CT again."
    slicer.util.updateVolumeFromArray(node, aCt())
    until(lambda: bench.ui.segmentButton.enabled)


def test_a_model_that_was_removed_from_disk_is_told(ready, open_, home):
    bench = open_()
    addCt()
    shutil.rmtree(home / ".hlfd" / "models" / "tiny")
    bench.segment()
    assert "“tiny” is not in the library any more" in bench.ui.outcomeLabel.text
    assert leftovers(home) == []


def test_a_place_that_cannot_be_written_is_told(ready, open_, home):
    (home / ".hlfd" / "segmentations").write_text("a file where a folder has to be")
    bench = open_()
    addCt()
    bench.segment()
    assert "cannot be written" in bench.ui.outcomeLabel.text
    assert str(home / ".hlfd" / "segmentations") in bench.ui.outcomeLabel.text
    assert bench.ui.segmentButton.enabled


def test_a_model_that_another_scene_wanted_is_not_replaced_by_another_in_silence(ready, open_):
    bench = open_()
    addCt()
    parameters = newParameters()
    parameters.model = "liver of last year"
    bench.bench.useParameters(parameters)
    assert "“liver of last year” is not in the library" in whyNot(bench)


def test_what_the_model_was_made_for_and_what_is_unlike_it_is_shown(ready, open_):
    bench = open_()
    assert not bench.ui.scopeLabel.isVisible()
    addCt(array_zyx=aCt() + np.int16(1024))
    until(bench.ui.scopeLabel.isVisible)
    assert bench.ui.madeForLabel.text.startswith("Segments kidney and tumor in CT.")
    assert "Hounsfield" in bench.ui.scopeLabel.text
    assert bench.ui.segmentButton.enabled  # a warning, no refusal


def test_another_ct_shows_its_own_lesions_and_none_if_it_has_none(ready, open_, acting):
    bench = open_()
    addCt("first")
    bench.segment()
    until(isIdle(bench))
    addCt("second")
    choose(bench.ui.volumeSelector, "second")
    assert not bench.ui.lesionBox.isVisible()
    choose(bench.ui.volumeSelector, "first")
    assert bench.ui.lesionBox.isVisible()
    assert bench.ui.lesionTable.rowCount == len(REPORT["lesions"])


def test_a_model_is_chosen_by_name_from_elsewhere(ready, open_, home, facts_of_a_bundle):
    bench = open_()
    addModel(home, facts_of_a_bundle, "another", seed=1)
    bench.bench.useModel("another")
    assert bench.ui.modelSelector.currentText == "another"
    assert bench.bench.parameters.model == "another"
    assert bench.opened == ["segment"]


def test_copies_of_cts_and_old_leftovers_are_swept_when_the_section_is_entered(ready, open_, acting, home):
    place = home / ".hlfd" / "segmentations"
    for name in ("of-a-crash", "a-month-ago", "at-work", "filled-now"):
        (place / name).mkdir(parents=True)
        (place / name / "ct.nrrd").write_text("voxels")
    month = 31 * 86400
    for name, state in (("of-a-crash", "failed"), ("a-month-ago", "done"), ("at-work", "running")):
        acting.state = "queued"
        acting.become(acting(None, "segment", {"out": str(place / name / "labels.nrrd")}, name), state)
    old = (place / "a-month-ago").stat().st_mtime - month
    os.utime(place / "a-month-ago", (old, old))
    open_()
    until(lambda: not (place / "a-month-ago").exists() and not (place / "of-a-crash" / "ct.nrrd").exists())
    assert (place / "at-work" / "ct.nrrd").exists()
    assert (place / "filled-now" / "ct.nrrd").exists()
