"""Frames: one canonical order for every way to store a volume, and back without a voxel lost."""

import numpy as np
import pytest
import SimpleITK as sitk
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from hlfd.data.frames import Frame, difference
from hlfd.data.volumes import frame_of

SIZE, SPACING_MM, ORIGIN_MM = (4, 5, 6), (0.7, 0.9, 2.5), (11.0, -7.5, 300.25)
VOXELS = np.arange(np.prod(SIZE), dtype=np.int16).reshape(SIZE[::-1])
OBLIQUE = Rotation.from_euler("xyz", (12, -9, 20), degrees=True).as_matrix()
TURNS = (
    np.eye(3),
    OBLIQUE,
    *(Rotation.from_euler(axis, 45, degrees=True).as_matrix() for axis in "xyz"),  # two axes are equally near
    Rotation.from_euler("xz", (45, 45), degrees=True).as_matrix(),
    Rotation.from_rotvec(np.pi / 3 * np.ones(3) / np.sqrt(3)).as_matrix(),
)
RAS = np.diag([-1.0, -1.0, 1.0])


def frame(direction: np.ndarray, spacing=SPACING_MM, origin=ORIGIN_MM) -> Frame:
    return Frame(SIZE, tuple(spacing), tuple(origin), tuple(np.asarray(direction, float).ravel().tolist()))


def points_of(grid: Frame) -> list[tuple[float, ...]]:
    """Where each voxel lies, L P S in mm to a millionth, one voxel after the other (x fastest)."""
    matrix = np.reshape(grid.direction, (3, 3))
    points = (grid.origin_mm + matrix @ (np.array(zyx[::-1]) * grid.spacing_mm) for zyx in np.ndindex(*grid.size[::-1]))
    return [tuple((np.round(point, 6) + 0.0).tolist()) for point in points]


def stored_as(axes: np.ndarray, direction: np.ndarray, voxels: np.ndarray) -> tuple[np.ndarray, Frame]:
    """The volume of `direction`, as a file that stores its axes in another order and sense (columns of `axes`)."""
    order = np.abs(axes).argmax(0)
    turned = axes.sum(0) < 0
    array = np.flip(voxels.transpose([2 - axis for axis in order[::-1]]), np.flatnonzero(turned[::-1]))
    size = np.array(voxels.shape[::-1])
    first = np.zeros(3)
    first[order] = np.where(turned, size[order] - 1, 0)
    origin = np.array(ORIGIN_MM) + direction @ (first * SPACING_MM)
    return array, Frame(
        tuple(size[order].tolist()),
        tuple(np.array(SPACING_MM)[order].tolist()),
        tuple(origin.tolist()),
        tuple((direction @ axes).ravel().tolist()),
    )


def test_canonical_order_is_what_simpleitk_calls_lps(axes) -> None:
    for turn in (np.eye(3), OBLIQUE):
        image = sitk.GetImageFromArray(VOXELS)
        image.SetSpacing(SPACING_MM)
        image.SetOrigin(ORIGIN_MM)
        image.SetDirection((turn @ axes).ravel().tolist())
        expected = sitk.DICOMOrient(image, "LPS")
        mine = frame_of(image)
        assert np.array_equal(mine.canonical_array(VOXELS), sitk.GetArrayFromImage(expected))
        assert mine.canonical.size == expected.GetSize()
        assert mine.canonical.spacing_mm == expected.GetSpacing()
        assert mine.canonical.origin_mm == pytest.approx(expected.GetOrigin(), abs=1e-9)
        assert mine.canonical.direction == pytest.approx(expected.GetDirection(), abs=1e-12)


def test_there_and_back_no_voxel_differs_and_none_moves(axes) -> None:
    for turn in TURNS:
        mine = frame(turn @ axes)
        canonical = mine.canonical_array(VOXELS)
        assert (mine.own_array(canonical) != VOXELS).sum() == 0
        assert canonical.shape == mine.canonical.size[::-1]
        value_at = dict(zip(points_of(mine), VOXELS.ravel().tolist(), strict=True))
        assert [value_at[point] for point in points_of(mine.canonical)] == canonical.ravel().tolist()


def test_the_same_volume_in_any_storage_order_has_the_same_canonical_order(axes) -> None:
    noise = 1e-7 * np.random.default_rng(0).standard_normal(9)  # what NIfTI's single precision does to cosines
    for turn in TURNS:
        array, mine = stored_as(axes, turn, VOXELS)
        plain = frame(turn)
        noisy = Frame(mine.size, mine.spacing_mm, mine.origin_mm, tuple((np.array(mine.direction) + noise).tolist()))
        assert np.array_equal(mine.canonical_array(array), plain.canonical_array(VOXELS))
        assert np.array_equal(noisy.canonical_array(array), plain.canonical_array(VOXELS))
        assert difference(plain, mine) is None
        assert difference(noisy, plain) is None


def test_canonical_axes_run_along_left_posterior_and_superior(axes) -> None:
    for turn in (np.eye(3), OBLIQUE):
        along = np.diag(np.reshape(frame(turn @ axes).canonical.direction, (3, 3)))
        assert (along > 0.9).all()


def test_a_canonical_grid_is_its_own_canonical_grid(axes) -> None:
    canonical = frame(OBLIQUE @ axes).canonical
    assert canonical.canonical == canonical
    assert np.shares_memory(canonical.canonical_array(VOXELS), VOXELS)


@given(st.lists(st.floats(-180, 180), min_size=3, max_size=3))
def test_any_rotation_goes_there_and_back(angles) -> None:
    mine = frame(Rotation.from_euler("xyz", angles, degrees=True).as_matrix())
    assert np.array_equal(mine.own_array(mine.canonical_array(VOXELS)), VOXELS)


def test_a_voxel_of_10_by_10_by_10_mm_is_one_millilitre() -> None:
    assert frame(np.eye(3), spacing=(10, 10, 10)).voxel_ml == 1.0


@pytest.mark.parametrize(("by", "same"), [(0.9e-3, True), (1.1e-3, False), (-0.9e-3, True), (-1.1e-3, False)])
@pytest.mark.parametrize("what", ["spacing", "origin"])
def test_a_thousandth_of_a_millimetre_is_the_tolerance(what, by, same) -> None:
    for axes in (np.eye(3), RAS):
        for shift in np.eye(3) * by:
            other = {"spacing": SPACING_MM, "origin": ORIGIN_MM}
            other[what] = other[what] + shift
            said = difference(frame(axes), frame(axes, **other))
            assert said is None if same else said.startswith(what)


@pytest.mark.parametrize(("radians", "same"), [(0.9e-3, True), (1.1e-3, False)])
def test_a_thousandth_is_the_tolerance_of_a_cosine(radians, same) -> None:
    leaning = Rotation.from_euler("z", radians).as_matrix()
    for axes in (np.eye(3), RAS):
        said = difference(frame(axes), frame(leaning @ axes))
        assert said is None if same else said.startswith("direction")


def test_another_shape_is_told_with_both_shapes() -> None:
    other = Frame((4, 5, 7), SPACING_MM, ORIGIN_MM, tuple(np.eye(3).ravel()))
    assert difference(frame(np.eye(3)), other) == "shape 4x5x6 against 4x5x7"
