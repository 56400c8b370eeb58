"""Resizing to working pixels: constants stay constant, labels keep the majority, areas keep their size."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlfd.data.resize import resize_hu, resize_labels, working_shape

SHAPES = st.tuples(st.integers(1, 40), st.integers(1, 40))


@given(SHAPES, SHAPES, st.integers(-1024, 3071))
def test_a_constant_slice_stays_constant(shape, to, hu) -> None:
    resized = resize_hu(np.full((2, *shape), hu, np.int16), to)
    assert resized.dtype == np.int16
    assert resized.shape == (2, *to)
    assert (resized == hu).all()


@given(SHAPES, SHAPES, st.integers(0, 2))
def test_a_slice_of_one_label_stays_of_that_label(shape, to, value) -> None:
    resized = resize_labels(np.full((2, *shape), value, np.uint8), to, classes=3)
    assert resized.dtype == np.uint8
    assert resized.shape == (2, *to)
    assert (resized == value).all()


def test_nothing_is_touched_where_the_shape_is_right() -> None:
    stack = np.zeros((2, 3, 4), np.int16)
    assert resize_hu(stack, (3, 4)) is stack
    assert resize_labels(stack, (3, 4), 3) is stack


def test_halving_weighs_a_pixel_and_its_neighbours_by_distance() -> None:
    row = np.array([[[0, 0, 0, 0, 800, 0, 0, 0]]], np.int16)
    # A pixel of twice the size lies between two of the four that it sees; weights 1/8 3/8 3/8 1/8.
    assert resize_hu(row, (1, 4)).tolist() == [[[0, 100, 300, 0]]]


def test_a_pixel_takes_the_label_that_covers_most_of_it() -> None:
    stripes = np.repeat(np.array([1] * 5 + [2] * 3 + [0] * 4, np.uint8)[None], 12, axis=0)[None]
    # Each of three pixels covers four: all 1; one 1 and three 2; all 0.
    assert resize_labels(stripes, (3, 3), classes=3).tolist() == [[[1, 2, 0]] * 3]


def test_labels_next_to_each_other_never_make_a_third_between_them() -> None:
    halves = np.zeros((1, 30, 30), np.uint8)
    halves[:, :, 15:] = 2
    assert set(np.unique(resize_labels(halves, (17, 17), classes=3)).tolist()) == {0, 2}


@pytest.mark.parametrize("slices", [1, 16, 17, 40])
def test_every_slice_is_resized_on_its_own(slices) -> None:
    hu = np.random.default_rng(0).integers(-500, 500, (slices, 12, 10)).astype(np.int16)
    one_by_one = np.concatenate([resize_hu(hu[z : z + 1], (7, 13)) for z in range(slices)])
    assert np.array_equal(resize_hu(hu, (7, 13)), one_by_one)
    labels = (hu > 0).astype(np.uint8)
    one_by_one = np.concatenate([resize_labels(labels[z : z + 1], (7, 13), 2) for z in range(slices)])
    assert np.array_equal(resize_labels(labels, (7, 13), 2), one_by_one)


def test_the_area_of_an_organ_stays_the_same_in_square_millimetres() -> None:
    rows, columns = np.mgrid[:100, :100]
    disc = ((rows - 50) ** 2 + (columns - 47) ** 2 < 30**2).astype(np.uint8)[None]
    shape = working_shape((100, 100), (0.8, 0.8), 1.3)
    resized = resize_labels(disc, shape, classes=2)
    assert resized.sum() * (80 / shape[0]) * (80 / shape[1]) == pytest.approx(disc.sum() * 0.64, rel=0.02)


@pytest.mark.parametrize(
    ("shape", "spacing", "pixel", "expected"),
    [
        ((512, 512), (0.75, 0.75, 5.0), 1.5, (256, 256)),
        ((100, 200), (0.5, 1.0, 3.0), 1.0, (100, 100)),  # spacing is x, y: rows lie along y
        ((512, 512), (0.8, 0.8, 1.0), 0.8, (512, 512)),
        ((2, 2), (0.1, 0.1, 1.0), 5.0, (1, 1)),
    ],
)
def test_the_working_shape_makes_pixels_of_the_size_asked_for(shape, spacing, pixel, expected) -> None:
    assert working_shape(shape, spacing, pixel) == expected
