"""A label array becomes a segmentation node that says the same."""

import numpy as np
import pytest
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from HLFDSegmentationLib.SegmentationNodes import (
    labelArrayFromSegmentation,
    orientedImageLike,
    segmentationFromLabelArray,
    segmentsOf,
)
from slicer_phantoms import SHAPE_ZYX, axisOrders, fourByFour, randomLabels

SPACING_MM = (1.0, 1.7, 2.9)


def roundTrip(volumeNode, labels_zyx, segmentLabels, nameToValue):
    node = segmentationFromLabelArray(volumeNode, labels_zyx, segmentLabels, "result")
    return labelArrayFromSegmentation(node, volumeNode, nameToValue)


@pytest.mark.parametrize("axes", axisOrders(), ids=lambda axes: str((axes @ (1, 2, 3)).astype(int)))
def test_no_voxel_differs_there_and_back_in_any_axis_order(aVolumeNode, segmentLabels, nameToValue, axes):
    volumeNode, labels_zyx = aVolumeNode(fourByFour(axes * SPACING_MM)), randomLabels()
    returned = roundTrip(volumeNode, labels_zyx, segmentLabels, nameToValue)
    assert np.count_nonzero(returned != labels_zyx) == 0


def test_no_voxel_differs_on_an_oblique_volume(aVolumeNode, obliqueIjkToRas, segmentLabels, nameToValue):
    volumeNode, labels_zyx = aVolumeNode(obliqueIjkToRas), randomLabels()
    returned = roundTrip(volumeNode, labels_zyx, segmentLabels, nameToValue)
    assert np.count_nonzero(returned != labels_zyx) == 0


def test_no_voxel_differs_under_a_parent_transform(
    aVolumeNode, aTransformNode, obliqueIjkToRas, segmentLabels, nameToValue
):
    volumeNode, labels_zyx = aVolumeNode(fourByFour(np.diag(SPACING_MM))), randomLabels()
    volumeNode.SetAndObserveTransformNodeID(aTransformNode(obliqueIjkToRas).GetID())
    node = segmentationFromLabelArray(volumeNode, labels_zyx, segmentLabels, "result")
    assert node.GetParentTransformNode() is volumeNode.GetParentTransformNode()
    returned = labelArrayFromSegmentation(node, volumeNode, nameToValue)
    assert np.count_nonzero(returned != labels_zyx) == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.uint32, np.int64])
def test_every_type_of_whole_numbers_will_do(aVolumeNode, segmentLabels, nameToValue, dtype):
    labels_zyx = randomLabels().astype(dtype)
    assert np.array_equal(roundTrip(aVolumeNode(), labels_zyx, segmentLabels, nameToValue), labels_zyx)


def test_array_axes_that_are_not_contiguous_will_do(aVolumeNode, segmentLabels, nameToValue):
    labels_zyx = randomLabels(SHAPE_ZYX[::-1]).T
    assert np.array_equal(roundTrip(aVolumeNode(), labels_zyx, segmentLabels, nameToValue), labels_zyx)


def test_segments_say_what_the_labels_say_in_their_order(aVolumeNode, segmentLabels):
    node = segmentationFromLabelArray(aVolumeNode(), randomLabels(), segmentLabels, "result")
    segments = [segment for _, segment in segmentsOf(node)]
    assert node.GetName() == "result"
    assert [one.GetName() for one in segments] == [label.name for label in segmentLabels]
    assert [one.GetColor() for one in segments] == [label.color for label in segmentLabels]
    assert [one.GetTerminology() for one in segments] == [label.terminology for label in segmentLabels]


@pytest.mark.parametrize(("tag", "wanted"), [("Type", "AUTOMATIC"), ("Name", "student v2")])
def test_every_segment_carries_the_dicom_tags_of_its_algorithm(aVolumeNode, segmentLabels, tag, wanted):
    node = segmentationFromLabelArray(aVolumeNode(), randomLabels(), segmentLabels, "result", "student v2")
    for _, segment in segmentsOf(node):
        found = vtk.mutable("")
        assert segment.GetTag(f"DICOM.SegmentAlgorithm{tag}", found)
        assert str(found) == wanted


def test_the_segmentation_lies_in_the_folder_of_the_volume(scene, aVolumeNode, segmentLabels):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    volumeNode = aVolumeNode()
    study = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "study")
    hierarchy.CreateItem(study, volumeNode)
    node = segmentationFromLabelArray(volumeNode, randomLabels(), segmentLabels, "result")
    assert hierarchy.GetItemParent(hierarchy.GetItemByDataNode(node)) == study


def test_slicers_own_import_makes_the_same_segments(scene, aVolumeNode, segmentLabels, nameToValue):
    volumeNode, labels_zyx = aVolumeNode(), randomLabels()
    oracle = slicersOwnImport(scene, volumeNode, labels_zyx, [(label.name, label.value) for label in segmentLabels])
    assert np.array_equal(labelArrayFromSegmentation(oracle, volumeNode, nameToValue), labels_zyx)


def test_slicers_own_export_gives_the_labels_numbered_in_order(scene, aVolumeNode, obliqueIjkToRas, segmentLabels):
    volumeNode, labels_zyx = aVolumeNode(obliqueIjkToRas), randomLabels()
    node = segmentationFromLabelArray(volumeNode, labels_zyx, segmentLabels, "result")
    exported, ids = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode"), vtk.vtkStringArray()
    for segmentId, _ in segmentsOf(node):
        ids.InsertNextValue(segmentId)
    extent = slicer.vtkSegmentation.EXTENT_REFERENCE_GEOMETRY
    export = slicer.vtkSlicerSegmentationsModuleLogic.ExportSegmentsToLabelmapNode
    assert export(node, ids, exported, volumeNode, extent)
    found = vtk_to_numpy(exported.GetImageData().GetPointData().GetScalars()).reshape(SHAPE_ZYX)
    assert np.array_equal(found, np.select([labels_zyx == 7, labels_zyx == 1], [1, 2]))


def slicersOwnImport(scene, volumeNode, labels_zyx, namesAndValues):
    """One label map node and one import for each segment, slow and plain."""
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "oracle")
    for name, value in namesAndValues:
        labelmap = scene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
        labelmap.SetAndObserveImageData(orientedImageLike(volumeNode, (labels_zyx == value).astype(np.uint8)))
        labelmap.CopyOrientation(volumeNode)
        ids = vtk.vtkStringArray()
        ids.InsertNextValue(node.GetSegmentation().AddEmptySegment("", name))
        slicer.vtkSlicerSegmentationsModuleLogic.ImportLabelmapToSegmentationNode(labelmap, node, ids)
    return node


@pytest.mark.parametrize(
    ("labels_zyx", "sentence"),
    [
        (randomLabels()[1:], r"the labels are 4 x 6 x 7 voxels \(k, j, i\), the volume is 5 x 6 x 7"),
        (randomLabels(SHAPE_ZYX[::-1]), "the labels are 7 x 6 x 5 voxels"),
        (randomLabels().astype(np.float32), "the labels are float32; give a numpy array of whole numbers"),
        (randomLabels() > 0, "the labels are bool"),
        (randomLabels().tolist(), "the labels are list"),
        (randomLabels(values=(0, 1, 4, 9)), "the labels hold 4, 9, which no label names; named are 7, 1, 3"),
        (randomLabels().astype(np.int16) - 2, "the labels hold -2, -1, 5, which no label names"),
    ],
)
def test_bad_labels_are_refused_and_leave_nothing_behind(scene, aVolumeNode, segmentLabels, labels_zyx, sentence):
    volumeNode = aVolumeNode()
    before = scene.GetNumberOfNodes()
    with pytest.raises(ValueError, match=sentence):
        segmentationFromLabelArray(volumeNode, labels_zyx, segmentLabels, "result")
    assert scene.GetNumberOfNodes() == before


def test_a_volume_without_voxels_is_refused(scene, segmentLabels):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    for volumeNode in (None, empty):
        with pytest.raises(ValueError, match="the volume node has no voxels"):
            segmentationFromLabelArray(volumeNode, randomLabels(), segmentLabels, "result")


def test_no_labels_at_all_are_refused(aVolumeNode):
    with pytest.raises(ValueError, match="no labels were given"):
        segmentationFromLabelArray(aVolumeNode(), randomLabels(), [], "result")
