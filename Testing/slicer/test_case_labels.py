"""Labels on the grid of a CT: the same voxels as by Slicer's own resampling, without it."""

import numpy as np
import pytest
import slicer
import vtk

from case_scenes import SHAPE, SPACING, addLabelMap, addSegmentation, ctArray, expected, organMask, tumourMask
from HLFDSegmentationLib.Cases.CaseLabels import labelsOnGrid
from HLFDSegmentationLib.Cases.CasePieces import Box, boxOf, framesOf, isOnGrid, pieceOf
from HLFDSegmentationLib.Grids import ijkToRasOf
from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation, segmentsOf
from HLFDSegmentationLib.Words import Refusal
from slicer_phantoms import axisOrders, fourByFour

VALUES = {"kidney": 1, "tumour": 2}


def written(ct, labels) -> np.ndarray:
    """What would be written of a segmentation with a kidney and a tumour."""
    ctFrame, labelsFrame = framesOf(ct, labels)
    pieces = [(pieceOf(labels, key, labelsFrame), VALUES[one.GetName()]) for key, one in segmentsOf(labels)]
    shape = ct.GetImageData().GetDimensions()[::-1]
    return labelsOnGrid([pair for pair in pieces if pair[0]], shape, ctFrame @ ijkToRasOf(ct))


@pytest.fixture
def masks():
    return {"kidney": organMask(), "tumour": tumourMask()}


def test_the_tumour_wins_where_it_overlaps_the_organ_on_an_oblique_ct(aVolumeNode, obliqueIjkToRas, masks):
    ct = aVolumeNode(obliqueIjkToRas, ctArray())
    labels = addSegmentation(ct, masks)
    assert np.array_equal(written(ct, labels), expected())
    assert np.array_equal(written(ct, labels), labelArrayFromSegmentation(labels, ct, VALUES))


def test_another_order_of_axes_gives_the_voxels_of_a_slow_walk(aVolumeNode, masks):
    ct = aVolumeNode(SPACING, ctArray())
    for axes in axisOrders()[::5]:
        turned = aVolumeNode(fourByFour(axes * (0.8, 0.8, 3.0)), ctArray())
        labels = addSegmentation(turned, masks)
        labels.SetAndObserveTransformNodeID(None)
        assert np.array_equal(written(ct, labels), slowly(ct, labels))


def slowly(ct, labels) -> np.ndarray:
    """Voxel by voxel: the nearest of each segment."""
    found = np.zeros(SHAPE, np.uint8)
    for key, segment in segmentsOf(labels):
        piece = pieceOf(labels, key, np.eye(4))
        back = np.linalg.inv(piece.ijkToFrame) @ ijkToRasOf(ct)
        for k, j, i in np.ndindex(SHAPE):
            at = np.floor((back @ (i, j, k, 1))[:3] + 0.5).astype(int)[::-1]
            if np.all(at >= 0) and np.all(at < piece.array_zyx.shape) and piece.array_zyx[tuple(at)] == piece.value:
                found[k, j, i] = VALUES[segment.GetName()]
    return found


def test_labels_under_another_transform_are_where_the_views_show_them(
    aVolumeNode, aTransformNode, obliqueIjkToRas, masks
):
    ct = aVolumeNode(obliqueIjkToRas, ctArray())
    labels = addSegmentation(ct, masks)
    moved = np.eye(4)
    moved[:3, 3] = (2.1, -1.3, 3.2)
    labels.SetAndObserveTransformNodeID(aTransformNode(moved).GetID())
    assert np.array_equal(written(ct, labels), labelArrayFromSegmentation(labels, ct, VALUES))
    assert not np.array_equal(written(ct, labels), expected())


def test_a_finer_grid_is_resampled_to_the_nearest_voxel(aVolumeNode, masks):
    ct, fine = aVolumeNode(SPACING, ctArray()), aVolumeNode(SPACING @ np.diag((0.45, 0.45, 0.45, 1)), ctArray(1))
    labels = addSegmentation(ct, masks, gridOf=fine)
    assert np.array_equal(written(ct, labels), labelArrayFromSegmentation(labels, ct, VALUES))
    assert np.array_equal(written(ct, labels), slowly(ct, labels))


def test_what_reaches_out_of_the_ct_is_cut_off(aVolumeNode, masks):
    shifted = SPACING.copy()
    shifted[:3, 3] = SPACING[:3, :3] @ (-7, 5, 2)
    ct, other = aVolumeNode(SPACING, ctArray()), aVolumeNode(shifted, ctArray())
    labels = addSegmentation(ct, masks, gridOf=other)
    shown = np.zeros(SHAPE, np.uint8)
    shown[2:, 5:, : 16 - 7] = expected()[: 6 - 2, : 14 - 5, 7:]
    assert np.array_equal(written(ct, labels), shown)


def test_a_label_map_is_taken_by_its_values(aVolumeNode, obliqueIjkToRas):
    ct = aVolumeNode(obliqueIjkToRas, ctArray())
    labels = addLabelMap(ct, expected())
    frames = framesOf(ct, labels)
    pieces = [(pieceOf(labels, "1", frames[1]), 1), (pieceOf(labels, "2", frames[1]), 2)]
    assert np.array_equal(labelsOnGrid(pieces, SHAPE, frames[0] @ ijkToRasOf(ct)), expected())


def test_a_box_tells_what_a_piece_takes_up(aVolumeNode, masks):
    ct = aVolumeNode(SPACING, ctArray())
    labels = addSegmentation(ct, {**masks, "nothing": np.zeros(SHAPE, bool)})
    boxes = [ended(boxOf(pieceOf(labels, key, np.eye(4)))) for key, _segment in segmentsOf(labels)]
    assert boxes == [Box(4 * 6 * 8, (4, 3, 1), (11, 8, 4)), Box(2 * 5 * 3, (6, 6, 2), (8, 10, 3)), None]


def test_a_large_piece_is_looked_at_in_slices_of_time(aVolumeNode, masks, monkeypatch):
    monkeypatch.setitem(boxOf.__globals__, "VOXELS_AT_ONCE", 2 * SHAPE[1] * SHAPE[2])
    labels = addSegmentation(aVolumeNode(SPACING, ctArray()), masks)
    assert len(list(boxOf(pieceOf(labels, segmentsOf(labels)[0][0], np.eye(4))))) == 3


def ended(generator):
    while True:
        try:
            next(generator)
        except StopIteration as end:
            return end.value


def test_a_twentieth_of_a_voxel_is_the_same_grid_and_a_fifth_is_not(aVolumeNode, masks):
    ct, labels = aVolumeNode(SPACING, ctArray()), None
    labels = addSegmentation(ct, masks)
    piece = pieceOf(labels, segmentsOf(labels)[0][0], np.eye(4))
    for share, same in ((0.04, True), (0.2, False)):
        shifted = SPACING.copy()
        shifted[0, 3] = share * 0.8
        assert isOnGrid(piece, shifted) is same


def test_a_transform_that_is_not_linear_is_refused_unless_both_are_under_it(scene, aVolumeNode, masks):
    ct = aVolumeNode(SPACING, ctArray())
    labels = addSegmentation(ct, masks)
    bent = scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    spline = vtk.vtkThinPlateSplineTransform()
    bent.SetAndObserveTransformToParent(spline)
    ct.SetAndObserveTransformNodeID(bent.GetID())
    with pytest.raises(Refusal, match="CT is under a transform that is not linear; harden the transform"):
        framesOf(ct, labels)
    labels.SetAndObserveTransformNodeID(bent.GetID())
    assert np.array_equal(written(ct, labels), expected())


def test_a_segmentation_of_surfaces_alone_is_refused(aVolumeNode, masks):
    ct = aVolumeNode(SPACING, ctArray())
    labels = addSegmentation(ct, masks)
    labels.CreateClosedSurfaceRepresentation()
    labels.GetSegmentation().SetSourceRepresentationName("Closed surface")
    labels.GetSegmentation().RemoveRepresentation(slicer.vtkSegmentationConverter.GetBinaryLabelmapRepresentationName())
    with pytest.raises(Refusal, match="labels has no binary labelmap; make one from its surfaces"):
        pieceOf(labels, segmentsOf(labels)[0][0], np.eye(4))
