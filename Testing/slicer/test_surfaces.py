"""Surfaces made beside the window are those that Slicer itself would make."""

import numpy as np
import pytest
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from HLFDSegmentationLib.Grids import ijkToRasOf
from HLFDSegmentationLib.Segment.SegmentResult import labelImage
from HLFDSegmentationLib.Segment.Surfaces import CLOSED_SURFACE, addSurfaces, surfacesOf
from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation, segmentationFromImage
from slicer_phantoms import axisOrders, fourByFour, randomLabels

SHAPE_ZYX = (14, 20, 24)
VALUES = [7, 1, 3]
"""Of the labels tumour, kidney, cyst; no voxel is a cyst."""


def organAndTumour() -> np.ndarray:
    """A ball of kidney within the volume and a tumour at its corner, where surfaces have to be closed off."""
    z, y, x = np.ogrid[: SHAPE_ZYX[0], : SHAPE_ZYX[1], : SHAPE_ZYX[2]]
    labels_zyx = ((z - 7) ** 2 + (y - 10) ** 2 + (x - 12) ** 2 <= 25).astype(np.uint8)
    labels_zyx[:3, :4, :5] = 7
    return labels_zyx


def pointsOf(surface) -> np.ndarray:
    return vtk_to_numpy(surface.GetPoints().GetData())


def trianglesOf(surface) -> np.ndarray:
    return vtk_to_numpy(surface.GetPolys().GetConnectivityArray())


@pytest.fixture
def aSegmentation(aVolumeNode, segmentLabels):
    """Makes a segmentation node from a label array and a matrix from IJK to RAS."""

    def make(labels_zyx, ijkToRas):
        volumeNode = aVolumeNode(ijkToRas, np.zeros(labels_zyx.shape, np.int16))
        image = labelImage(labels_zyx, ijkToRasOf(volumeNode), VALUES)
        return volumeNode, segmentationFromImage(volumeNode, image, segmentLabels, "result"), image

    return make


@pytest.mark.parametrize("handed", ["right", "left"])
def test_they_are_those_of_slicers_own_conversion(aSegmentation, obliqueIjkToRas, handed):
    ijkToRas = obliqueIjkToRas @ np.diag((1, 1, 1 if handed == "right" else -1, 1))
    _volumeNode, node, image = aSegmentation(organAndTumour(), ijkToRas)
    ours = surfacesOf(image, 3)
    node.CreateClosedSurfaceRepresentation()
    for index in range(2):
        slicers = vtk.vtkPolyData()
        node.GetClosedSurfaceRepresentation(node.GetSegmentation().GetNthSegmentID(index), slicers)
        assert np.array_equal(trianglesOf(ours[index]), trianglesOf(slicers))
        assert np.allclose(pointsOf(ours[index]), pointsOf(slicers), rtol=0, atol=1e-3)


def test_a_ball_has_its_size_and_place_in_millimetres(aSegmentation, obliqueIjkToRas):
    _volumeNode, _node, image = aSegmentation(organAndTumour(), obliqueIjkToRas)
    ball = surfacesOf(image, 2)[1]
    mass = vtk.vtkMassProperties()
    mass.SetInputData(ball)
    voxels_mm3 = np.count_nonzero(organAndTumour() == 1) * np.linalg.det(obliqueIjkToRas[:3, :3])
    assert mass.GetVolume() == pytest.approx(voxels_mm3, rel=0.05)  # smoothing takes off what stands out
    centre = (obliqueIjkToRas @ (12, 10, 7, 1))[:3]
    assert np.allclose(np.mean(np.reshape(ball.GetBounds(), (3, 2)), axis=1), centre, atol=0.2)


def test_a_label_without_voxels_has_an_empty_surface(aSegmentation):
    _volumeNode, node, image = aSegmentation(organAndTumour(), fourByFour(np.eye(3)))
    surfaces = surfacesOf(image, 3)
    assert [surface.GetNumberOfPolys() > 0 for surface in surfaces] == [True, True, False]
    addSurfaces(node, surfaces)
    assert node.GetSegmentation().ContainsRepresentation(CLOSED_SURFACE)


def test_surfaces_are_shown_in_3d_and_voxels_in_slices(aSegmentation):
    _volumeNode, node, image = aSegmentation(organAndTumour(), fourByFour(np.eye(3)))
    addSurfaces(node, surfacesOf(image, 3))
    display = node.GetDisplayNode()
    assert display.GetVisibility3D()
    assert display.GetDisplayRepresentationName3D() == CLOSED_SURFACE
    assert display.GetDisplayRepresentationName2D() == "Binary labelmap"


@pytest.mark.parametrize("axes", axisOrders()[::7], ids=lambda axes: str((axes @ (1, 2, 3)).astype(int)))
def test_the_box_of_labels_holds_every_voxel_where_it_was(aSegmentation, nameToValue, axes):
    labels_zyx = np.zeros(SHAPE_ZYX, np.uint8)
    labels_zyx[3:8, 2:9, 11:20] = randomLabels((5, 7, 9))
    volumeNode, node, image = aSegmentation(labels_zyx, fourByFour(axes * (1.0, 1.7, 2.9)))
    assert image.GetDimensions() == (9, 7, 5)
    assert np.array_equal(labelArrayFromSegmentation(node, volumeNode, nameToValue), labels_zyx)


def test_a_result_without_any_label_has_its_segments_all_the_same(aSegmentation, nameToValue):
    empty = np.zeros(SHAPE_ZYX, np.uint8)
    volumeNode, node, image = aSegmentation(empty, fourByFour(np.eye(3)))
    assert [surface.GetNumberOfPolys() for surface in surfacesOf(image, 3)] == [0, 0, 0]
    assert node.GetSegmentation().GetNumberOfSegments() == 3
    assert np.array_equal(labelArrayFromSegmentation(node, volumeNode, nameToValue), empty)
