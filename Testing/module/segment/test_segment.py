"""A clinician chooses a CT and a model, clicks Segment, and sees segments, surfaces and lesions."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
import vtk

from Testing.module.segment.segment_bench import (
    OBLIQUE,
    REPORT,
    aCt,
    addCt,
    addModel,
    choose,
    isIdle,
    isSeen,
    leftovers,
    segmentations,
    until,
)

MOVED = np.array([[0, -1.0, 0, 10], [1.0, 0, 0, -20], [0, 0, 1, 30], [0, 0, 0, 1]])
"""A quarter turn and a shift."""
NAME_TO_VALUE = {"kidney": 1, "tumor": 2}


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
