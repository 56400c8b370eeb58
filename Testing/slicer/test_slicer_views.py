"""Pictures: the right colour at the right place."""

import numpy as np
import pytest
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from HLFDSegmentationLib.Labels import SegmentLabel
from HLFDSegmentationLib.SceneFiles import removeWithHelpers
from HLFDSegmentationLib.SegmentationNodes import segmentationFromLabelArray, segmentsOf
from HLFDSegmentationLib.ViewGeometry import bodyPoints, cameraDistance, centreOfInterest
from HLFDSegmentationLib.Views import FILL_OPACITY, ORGAN_OPACITY_3D, renderViews, styleSegmentation
from slicer_phantoms import KIDNEY, TUMOUR, fourByFour

SIZE = (320, 240)
SHAPE_ZYX = (48, 56, 64)
SPACING_MM = 2.0
MAGENTA = (1.0, 0.0, 1.0)
BODY_GREY = 127.5
"""40 HU in a window of 400 about 40."""
IJK_TO_RAS = fourByFour(np.eye(3) * (-SPACING_MM, -SPACING_MM, SPACING_MM), origin=(63.0, 55.0, -47.0))
"""Patient on the back, head first, centre of the volume at RAS (0, 0, 0)."""


def picture(path) -> np.ndarray:
    """Pixels (row from the top, column, rgb) as int."""
    reader = vtk.vtkPNGReader()
    reader.SetFileName(str(path))
    reader.Update()
    width, height, _ = reader.GetOutput().GetDimensions()
    pixels = vtk_to_numpy(reader.GetOutput().GetPointData().GetScalars())
    return pixels.reshape(height, width, -1)[::-1, :, :3].astype(int)


def magenta(pixels: np.ndarray) -> np.ndarray:
    """Where there is more red and blue than green, but for the corner with the orientation marker."""
    isMagenta = np.minimum(pixels[..., 0], pixels[..., 2]) - pixels[..., 1] > 40
    isMagenta[-80:, -80:] = False
    return isMagenta


def middleOf(mask: np.ndarray) -> np.ndarray:
    return np.argwhere(mask).mean(0)


def voxelsNear(ras, radius_mm: float) -> np.ndarray:
    """A cube about a point: bool (k, j, i)."""
    k, j, i = np.indices(SHAPE_ZYX)
    places = np.stack([i, j, k], -1) @ IJK_TO_RAS[:3, :3].T + IJK_TO_RAS[:3, 3]
    return np.abs(places - np.asarray(ras)).max(-1) <= radius_mm


@pytest.fixture
def aPatient(aVolumeNode):
    """Soft tissue in air, 2 mm voxels."""
    ct = np.full(SHAPE_ZYX, -1000, np.int16)
    ct[4:-4, 6:-6, 4:-4] = 40
    return aVolumeNode(IJK_TO_RAS, ct)


@pytest.fixture
def aTumourAt(aPatient):
    """Makes a segmentation of the patient with a magenta cube of 10 mm half side at a RAS point."""

    def make(*ras, terminology=TUMOUR):
        labels = voxelsNear(ras, 10).astype(np.uint8)
        return segmentationFromLabelArray(aPatient, labels, [SegmentLabel("tumour", 1, MAGENTA, terminology)], "s")

    return make


def test_all_four_pictures_have_the_size_asked_for(aPatient, aTumourAt, tmp_path):
    pictures = renderViews(aPatient, aTumourAt(0, 0, 0), tmp_path, SIZE)
    assert list(pictures) == ["axial", "coronal", "sagittal", "3d"]
    assert {picture(path).shape for path in pictures.values()} == {(240, 320, 3)}


def test_a_slice_shows_the_window_with_the_colour_of_the_segment_over_it(aPatient, aTumourAt, tmp_path):
    pictures = renderViews(aPatient, aTumourAt(0, 0, 0), tmp_path, SIZE)
    blended = (1 - FILL_OPACITY) * BODY_GREY + FILL_OPACITY * 255 * np.array(MAGENTA)
    for orientation in ("axial", "coronal", "sagittal"):
        pixels = picture(pictures[orientation])
        assert pixels[120, 160] == pytest.approx(blended, abs=3)
        assert pixels[60, 160] == pytest.approx([BODY_GREY] * 3, abs=3)
        assert tuple(pixels[2, 2]) == (0, 0, 0)
        assert (pixels == (255, 0, 255)).all(-1).sum() > 50, "the outline in full colour"


def test_without_voxels_no_picture_has_the_colour(aPatient, tmp_path):
    nothing = np.zeros(SHAPE_ZYX, np.uint8)
    node = segmentationFromLabelArray(aPatient, nothing, [SegmentLabel("tumour", 1, MAGENTA, TUMOUR)], "s")
    pictures = renderViews(aPatient, node, tmp_path, SIZE)
    assert [int(magenta(picture(path)).sum()) for path in pictures.values()] == [0, 0, 0, 0]


def test_right_anterior_and_superior_are_where_radiologists_look_for_them(aPatient, aTumourAt, tmp_path):
    pictures = renderViews(aPatient, aTumourAt(24, 16, 20), tmp_path, SIZE, centreRas=(18, 10, 14))
    body = {name: middleOf(picture(path)[:, :, 1] > 60) for name, path in pictures.items()}
    tumour = {name: middleOf(magenta(picture(path))) for name, path in pictures.items()}
    assert (tumour["axial"] < body["axial"]).all(), "anterior is up, right is left"
    assert (tumour["coronal"] < body["coronal"]).all(), "superior is up, right is left"
    assert (tumour["sagittal"] < body["sagittal"]).all(), "superior is up, anterior is left"


def test_slices_go_through_the_tumour_by_themselves(aPatient, aTumourAt, tmp_path):
    pictures = renderViews(aPatient, aTumourAt(30, -20, 24), tmp_path, SIZE)
    assert all(magenta(picture(path)).sum() > 300 for path in pictures.values())


def test_the_tumour_has_its_size_and_the_body_fills_the_frame(aPatient, aTumourAt, tmp_path):
    pixels = picture(renderViews(aPatient, aTumourAt(0, 0, 0), tmp_path, SIZE)["axial"])
    inBody = np.argwhere(pixels[:, :, 0] > 100)
    height, width = np.ptp(inBody, axis=0) + 1
    assert height > 0.9 * SIZE[1] or width > 0.9 * SIZE[0]
    pixelsPerMm = width / (56 * SPACING_MM)
    side = np.sqrt(np.count_nonzero(magenta(pixels))) / pixelsPerMm
    assert side == pytest.approx(20, abs=2.5)


def test_a_tumour_inside_an_organ_shines_through_it(aPatient, tmp_path):
    kidney, tumour = SegmentLabel("kidney", 1, (0.1, 0.8, 0.1), KIDNEY), SegmentLabel("t", 2, MAGENTA, TUMOUR)
    organ = voxelsNear((0, 0, 0), 20).astype(np.uint8)
    redOverGreen = []
    for labels in (organ, organ + voxelsNear((0, 0, 0), 12)):
        node = segmentationFromLabelArray(aPatient, labels, [kidney, tumour], "s")
        pixels = picture(renderViews(aPatient, node, tmp_path, SIZE)["3d"])
        redOverGreen.append(np.subtract(*pixels[120, 160, :2]))
        removeWithHelpers(aPatient.GetScene(), node)
    assert redOverGreen[1] > redOverGreen[0] + 20


def test_tumours_are_opaque_and_organs_translucent(aPatient, segmentLabels, tmp_path):
    node = segmentationFromLabelArray(aPatient, np.zeros(SHAPE_ZYX, np.uint8), segmentLabels, "s")
    styleSegmentation(node)
    opacities = [node.GetDisplayNode().GetSegmentOpacity3D(segmentId) for segmentId, _ in segmentsOf(node)]
    assert opacities == [1.0, ORGAN_OPACITY_3D, ORGAN_OPACITY_3D]


def test_surfaces_stay_inside_of_the_frame_and_fill_it(aPatient, aTumourAt, tmp_path):
    isTumour = magenta(picture(renderViews(aPatient, aTumourAt(-20, 10, 5), tmp_path, SIZE)["3d"]))
    rows, columns = np.nonzero(isTumour)
    assert rows.min() > 0 and rows.max() < SIZE[1] - 1 and columns.min() > 0 and columns.max() < SIZE[0] - 1
    assert np.ptp(rows) > 0.6 * SIZE[1] or np.ptp(columns) > 0.6 * SIZE[0]


def test_a_parent_transform_moves_ct_tumour_and_view_together(aPatient, aTransformNode, aTumourAt, tmp_path):
    before = aTumourAt(10, 10, 10)
    still = picture(renderViews(aPatient, before, tmp_path, SIZE)["axial"])
    removeWithHelpers(aPatient.GetScene(), before)
    far = aTransformNode(fourByFour(np.eye(3), origin=(300, -200, 100)))
    aPatient.SetAndObserveTransformNodeID(far.GetID())
    moved = picture(renderViews(aPatient, aTumourAt(10, 10, 10), tmp_path, SIZE)["axial"])
    assert np.abs(moved - still).mean() < 1


def test_the_centre_is_in_the_largest_piece_of_the_tumours(aPatient):
    labels = voxelsNear((-30, -10, 0), 20).astype(np.uint8)
    labels[voxelsNear((10, 20, 20), 9)] = 2
    labels[voxelsNear((40, 0, -20), 5)] = 2
    named = [SegmentLabel("kidney", 1, (0, 1, 0), KIDNEY), SegmentLabel("tumour", 2, MAGENTA, TUMOUR)]
    node = segmentationFromLabelArray(aPatient, labels, named, "s")
    assert centreOfInterest(node, aPatient) == pytest.approx([10, 20, 20], abs=SPACING_MM)


def test_without_a_tumour_the_centre_is_in_the_largest_organ_else_of_the_volume(aPatient, aTumourAt):
    organ = aTumourAt(20, 10, -6, terminology=KIDNEY)
    assert centreOfInterest(organ, aPatient) == pytest.approx([20, 10, -6], abs=SPACING_MM)
    nothing = segmentationFromLabelArray(
        aPatient, np.zeros(SHAPE_ZYX, np.uint8), [SegmentLabel("t", 1, MAGENTA, TUMOUR)], "s"
    )
    assert centreOfInterest(nothing, aPatient) == pytest.approx([0, 0, 0], abs=SPACING_MM)


def test_the_body_is_what_is_denser_than_air(aPatient):
    points = bodyPoints(aPatient)
    assert points.min(0) == pytest.approx([-55, -43, -39])
    assert points.max(0) == pytest.approx([55, 43, 39])


def test_a_camera_of_ninety_degrees_stands_as_far_as_the_picture_is_half_high():
    offsets = np.array([[0, 0, 5.0], [0, 0, -5.0]])
    assert cameraDistance(offsets, np.array([0, 1.0, 0]), (100, 100), 90) == pytest.approx(5)
    assert cameraDistance(np.array([[4.0, 3.0, 0]]), np.array([0, 1.0, 0]), (200, 100), 90) == pytest.approx(2 + 3)
