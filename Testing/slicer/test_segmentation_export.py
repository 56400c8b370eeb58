"""A segmentation node becomes a label array, past the traps of Slicer's export."""

import numpy as np
import pytest
import slicer

from HLFDSegmentationLib.SegmentationNodes import (
    LABELMAP,
    labelArrayFromSegmentation,
    orientedImageLike,
    segmentationFromLabelArray,
)
from slicer_phantoms import SHAPE_ZYX, fourByFour, randomLabels


@pytest.fixture
def volumeNode(aVolumeNode):
    return aVolumeNode(fourByFour(np.diag((1.0, 1.7, 2.9))))


@pytest.fixture
def segmentationNode(volumeNode, segmentLabels):
    return segmentationFromLabelArray(volumeNode, randomLabels(), segmentLabels, "result")


def addSegment(node, name, volumeNode, mask_zyx):
    segment = slicer.vtkSegment()
    segment.SetName(name)
    segment.AddRepresentation(LABELMAP, orientedImageLike(volumeNode, mask_zyx.astype(np.uint8)))
    node.GetSegmentation().AddSegment(segment)


def test_only_the_named_segments_are_exported(segmentationNode, volumeNode):
    returned = labelArrayFromSegmentation(segmentationNode, volumeNode, {"kidney": 1})
    assert np.array_equal(returned, randomLabels() == 1)


def test_a_lone_segment_keeps_the_value_it_was_given(segmentationNode, volumeNode):
    returned = labelArrayFromSegmentation(segmentationNode, volumeNode, {"tumour": 7})
    assert np.array_equal(returned, np.where(randomLabels() == 7, 7, 0))


def test_an_empty_segment_gives_no_voxels(segmentationNode, volumeNode):
    assert not labelArrayFromSegmentation(segmentationNode, volumeNode, {"cyst": 3}).any()


def test_naming_nothing_is_refused_rather_than_exporting_all(segmentationNode, volumeNode):
    with pytest.raises(ValueError, match="name at least one segment"):
        labelArrayFromSegmentation(segmentationNode, volumeNode, {})


def test_a_missing_name_is_refused_by_a_list_of_those_there(segmentationNode, volumeNode):
    with pytest.raises(ValueError, match="no segment named 'Kidney'; its segments are: 'tumour', 'kidney', 'cyst'"):
        labelArrayFromSegmentation(segmentationNode, volumeNode, {"Kidney": 1})


def test_a_name_that_two_segments_share_is_refused(segmentationNode, volumeNode):
    addSegment(segmentationNode, "kidney", volumeNode, np.ones(SHAPE_ZYX))
    with pytest.raises(ValueError, match="more than one segment named 'kidney'"):
        labelArrayFromSegmentation(segmentationNode, volumeNode, {"kidney": 1})


@pytest.mark.parametrize("value", [0, -1, 65536, 1.0, True])
def test_a_value_that_no_label_can_have_is_refused(segmentationNode, volumeNode, value):
    with pytest.raises(ValueError, match="segment 'kidney' was given the value"):
        labelArrayFromSegmentation(segmentationNode, volumeNode, {"kidney": value})


def test_two_names_may_share_a_value(segmentationNode, volumeNode):
    returned = labelArrayFromSegmentation(segmentationNode, volumeNode, {"kidney": 2, "tumour": 2})
    assert np.array_equal(returned, np.where(randomLabels() > 0, 2, 0))


def test_a_large_value_gets_a_wider_type(segmentationNode, volumeNode):
    returned = labelArrayFromSegmentation(segmentationNode, volumeNode, {"kidney": 300})
    assert np.array_equal(returned, np.where(randomLabels() == 1, 300, 0))


@pytest.mark.parametrize("order", [("whole", "lower"), ("lower", "whole")])
def test_where_segments_overlap_the_later_one_wins(scene, volumeNode, order):
    masks = {"whole": np.ones(SHAPE_ZYX, bool), "lower": np.zeros(SHAPE_ZYX, bool)}
    masks["lower"][:2] = True
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", "drawn")
    for name, mask in masks.items():
        addSegment(node, name, volumeNode, mask)
    values = {name: value for value, name in enumerate(order, start=1)}
    wanted = np.where(masks["lower"], values[order[-1]], values["whole"])
    assert np.array_equal(labelArrayFromSegmentation(node, volumeNode, values), wanted)


def test_a_transform_on_the_segmentation_alone_moves_its_voxels(
    segmentationNode, volumeNode, aTransformNode, nameToValue
):
    twoUp = aTransformNode(fourByFour(np.eye(3), origin=(0, 0, 2 * 2.9)))
    segmentationNode.SetAndObserveTransformNodeID(twoUp.GetID())
    wanted = np.zeros(SHAPE_ZYX, np.uint8)
    wanted[2:] = randomLabels()[:-2]
    assert np.array_equal(labelArrayFromSegmentation(segmentationNode, volumeNode, nameToValue), wanted)


def test_a_transform_on_the_volume_alone_moves_them_the_other_way(
    segmentationNode, volumeNode, aTransformNode, nameToValue
):
    oneLeft = aTransformNode(fourByFour(np.eye(3), origin=(-1.0, 0, 0)))
    volumeNode.SetAndObserveTransformNodeID(oneLeft.GetID())
    wanted = np.zeros(SHAPE_ZYX, np.uint8)
    wanted[:, :, 1:] = randomLabels()[:, :, :-1]
    assert np.array_equal(labelArrayFromSegmentation(segmentationNode, volumeNode, nameToValue), wanted)


def test_a_segment_wholly_outside_is_refused_rather_than_empty(
    segmentationNode, volumeNode, aTransformNode, nameToValue
):
    far = aTransformNode(fourByFour(np.eye(3), origin=(500, 0, 0)))
    segmentationNode.SetAndObserveTransformNodeID(far.GetID())
    with pytest.raises(ValueError, match="'tumour' lies wholly outside of the volume"):
        labelArrayFromSegmentation(segmentationNode, volumeNode, nameToValue)


def test_a_segmentation_drawn_on_a_finer_grid_is_sampled_at_the_voxels(aVolumeNode, segmentLabels, nameToValue):
    fine = aVolumeNode(fourByFour(np.eye(3) / 3, origin=(-1 / 3,) * 3), np.zeros([3 * n for n in SHAPE_ZYX], np.int16))
    labels_zyx = randomLabels()
    finer = labels_zyx.repeat(3, 0).repeat(3, 1).repeat(3, 2)
    node = segmentationFromLabelArray(fine, finer, segmentLabels, "fine")
    coarse = aVolumeNode(fourByFour(np.eye(3), origin=(0, 0, 0)))
    assert np.array_equal(labelArrayFromSegmentation(node, coarse, nameToValue), labels_zyx)


def test_surfaces_without_voxels_are_refused(segmentationNode, volumeNode, nameToValue):
    segmentationNode.CreateClosedSurfaceRepresentation()
    segmentationNode.GetSegmentation().SetSourceRepresentationName("Closed surface")
    segmentationNode.GetSegmentation().RemoveRepresentation(LABELMAP)
    with pytest.raises(ValueError, match="result has no binary labelmap"):
        labelArrayFromSegmentation(segmentationNode, volumeNode, nameToValue)


def test_exporting_leaves_nothing_in_the_scene(scene, segmentationNode, volumeNode, nameToValue):
    before = scene.GetNumberOfNodes()
    labelArrayFromSegmentation(segmentationNode, volumeNode, nameToValue)
    assert scene.GetNumberOfNodes() == before
