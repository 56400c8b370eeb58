"""Lesions piece by piece: known counts, sizes and places, against a slow count of every pair of points."""

import itertools

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd.catalogue import make_labels
from hlfd.data.frames import Frame
from hlfd.data.volumes import frame_of
from hlfd.inference.lesions import find_lesions, longest_diameter

STRAIGHT = (1, 0, 0, 0, 1, 0, 0, 0, 1)
KIDNEY, TUMOR, CYST = 1, 2, 3


@pytest.fixture
def named():
    return make_labels(("kidney", "tumor", "cyst"), "kidney")


@pytest.fixture
def empty():
    return np.zeros((6, 20, 24), np.uint8)


def plain_frame(labels, spacing_mm=(0.5, 0.8, 3.0)):
    return Frame(labels.shape[::-1], spacing_mm, (0, 0, 0), STRAIGHT)


def by_every_pair(pixels, spacing_mm):
    """Distance of the two edge midpoints that lie furthest apart, tried pair by pair."""
    points = []
    for y, x in np.argwhere(pixels):
        points += [(x - 0.5, y), (x + 0.5, y), (x, y - 0.5), (x, y + 0.5)]
    placed = [np.array(point) * spacing_mm for point in points]
    return max(np.linalg.norm(one - other) for one, other in itertools.combinations(placed, 2))


@pytest.mark.parametrize("seed", range(20))
def test_the_longest_diameter_is_that_of_every_pair_tried(seed):
    generator = np.random.default_rng(seed)
    pixels = generator.random(generator.integers(1, 9, 2)) < generator.choice([0.1, 0.5, 1.0])
    pixels.flat[generator.integers(pixels.size)] = True
    spacing_mm = tuple(generator.uniform(0.3, 3, 2))
    assert longest_diameter(pixels, spacing_mm) == pytest.approx(by_every_pair(pixels, spacing_mm), abs=1e-9)


def test_a_lone_pixel_is_as_long_as_it_is_wide_or_high():
    assert longest_diameter(np.ones((1, 1), bool), (0.7, 0.7)) == pytest.approx(0.7)
    assert longest_diameter(np.ones((1, 1), bool), (0.5, 2.0)) == pytest.approx(2.0)


@pytest.mark.parametrize("turned", [False, True])
def test_a_line_of_pixels_is_as_long_as_they_are_together(turned):
    line = np.ones((1, 7), bool)
    assert longest_diameter(line.T if turned else line, (0.5, 0.5)) == pytest.approx(3.5)


def test_a_diagonal_of_pixels_is_no_degenerate_case():
    diagonal = np.eye(4, dtype=bool)
    assert longest_diameter(diagonal, (1.0, 1.0)) == pytest.approx(np.hypot(4, 3))


def test_a_disc_has_its_true_diameter_to_within_a_pixel():
    y, x = np.ogrid[-40:41, -40:41]
    assert longest_diameter(x**2 + y**2 <= 30.5**2, (0.5, 0.5)) == pytest.approx(30.5, abs=0.5)


def test_pieces_are_numbered_by_size_within_their_label_and_organs_are_none(empty, named):
    empty[1, 2:6, 2:8] = KIDNEY
    empty[1, 10, 3] = TUMOR
    empty[2:4, 12:14, 10:13] = TUMOR
    empty[0, 0, 0] = CYST
    found = find_lesions(empty, plain_frame(empty), named)
    assert [(one.label, one.number, one.voxels, one.slice) for one in found] == [
        ("tumor", 1, 12, 2),
        ("tumor", 2, 1, 1),
        ("cyst", 1, 1, 0),
    ]
    assert found[0].volume_ml == pytest.approx(12 * 0.5 * 0.8 * 3 / 1000)
    assert found[1].longest_axial_mm == pytest.approx(0.8)


def test_voxels_that_touch_by_a_corner_are_one_lesion_and_those_a_voxel_apart_are_two(empty, named):
    empty[1, 4, 4] = empty[2, 5, 5] = TUMOR
    empty[2, 5, 7] = TUMOR
    assert [one.voxels for one in find_lesions(empty, plain_frame(empty), named)] == [2, 1]


def test_nothing_is_found_where_there_is_nothing(empty, named):
    assert find_lesions(empty, plain_frame(empty), named) == []


def test_the_slice_is_the_one_with_the_longest_diameter(empty, named):
    empty[1, 4, 4:6] = empty[2, 4, 4:9] = empty[3, 4, 4:7] = TUMOR
    (found,) = find_lesions(empty, plain_frame(empty), named)
    assert (found.slice, found.longest_axial_mm) == (2, pytest.approx(2.5))


def test_the_diameter_is_of_the_piece_alone_not_of_another_in_its_box(empty, named):
    empty[1, 2:18, 2] = empty[1, 2, 2:18] = TUMOR  # an L, and a voxel in its angle
    empty[1, 16, 16] = TUMOR
    small = find_lesions(empty, plain_frame(empty, (1, 1, 1)), named)[1]
    assert (small.voxels, small.longest_axial_mm, small.centre_lps_mm) == (1, 1.0, (16, 16, 1))


def test_the_centre_of_a_ring_lies_on_the_ring(empty, named):
    empty[2, 4:15, 4:15] = TUMOR
    empty[2, 6:13, 6:13] = 0
    (found,) = find_lesions(empty, plain_frame(empty, (1, 1, 1)), named)
    x, y, z = (round(place) for place in found.centre_lps_mm)
    assert empty[z, y, x] == TUMOR
    assert np.hypot(x - 9, y - 9) == 4


def test_the_centre_of_a_block_is_its_middle(empty, named):
    empty[1:4, 5:10, 3:10] = TUMOR
    (found,) = find_lesions(empty, plain_frame(empty), named)
    assert found.centre_lps_mm == pytest.approx((6 * 0.5, 7 * 0.8, 2 * 3.0))


def test_a_body_in_any_orientation_has_the_same_lesions_at_the_same_place(orientation, oriented, oblique, named):
    body = np.zeros((13, 10, 6), np.uint8)
    body[2:7, 3:6, 1:3] = body[2, 3, 3] = TUMOR
    body[10, 8, 5] = CYST
    image = oriented(body, *orientation, turned=oblique)
    frame = frame_of(image)
    found = find_lesions(frame.canonical_array(sitk.GetArrayFromImage(image)), frame, named)
    assert [(one.label, one.voxels, one.slice) for one in found] == [("tumor", 31, 1), ("cyst", 1, 5)]
    assert found[0].longest_axial_mm == pytest.approx(by_every_pair(body[:, :, 1].T == TUMOR, (0.75, 0.75)))
    assert found[1].longest_axial_mm == pytest.approx(0.75)
    for one, place in zip(found, ((4, 4, 2), (10, 8, 5)), strict=True):
        there = oriented(body, turned=oblique).TransformIndexToPhysicalPoint(place)
        assert one.centre_lps_mm == pytest.approx(there, abs=1e-4)
        assert image[image.TransformPhysicalPointToIndex(one.centre_lps_mm)] > KIDNEY


def test_each_of_a_thousand_specks_is_told(named):
    labels = np.zeros((20, 40, 40), np.uint8)
    labels[::2, ::4, ::4] = TUMOR
    found = find_lesions(labels, plain_frame(labels), named)
    assert len(found) == 1000
    assert {one.voxels for one in found} == {1}
    assert len({one.centre_lps_mm for one in found}) == 1000
