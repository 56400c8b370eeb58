"""Where crops lie."""

import numpy as np
import pytest

from hlfd.data.lattice import LATTICE, Place, cut, origin, rounded_up, start


def numbered(rows: int, columns: int) -> np.ndarray:
    return np.arange(1, rows * columns + 1).reshape(rows, columns)


def test_each_slice_lies_at_an_offset_of_its_own_that_never_changes() -> None:
    found = [origin("case_00001", plane, (160, 160), 128) for plane in range(40)]
    assert found[:3] == [origin("case_00001", plane, (160, 160), 128) for plane in range(3)]
    assert len(set(found)) > 30
    assert all(0 <= shift < LATTICE for both in found for shift in both)
    assert origin("case_00002", 0, (160, 160), 128) != found[0]
    assert found[0] == (5, 10)  # crops must not move between versions: a resumed run would go on with others


def test_a_slice_that_a_crop_takes_in_whole_is_not_moved() -> None:
    assert origin("a", 0, (128, 100), 128) == (0, 0)
    rows, columns = origin("a", 5, (100, 160), 128)
    assert rows == 0 and 0 <= columns < LATTICE


@pytest.mark.parametrize(("length", "expected"), [(1, 16), (16, 16), (17, 32), (160, 160)])
def test_lengths_are_rounded_up_to_the_lattice(length: int, expected: int) -> None:
    assert rounded_up(length) == expected


@pytest.mark.parametrize("centre", [(0, 0), (50, 99), (99, 3), (-40, 300), (63, 64)])
def test_a_crop_starts_on_the_lattice_on_the_slice_and_holds_its_centre(centre: tuple[int, int]) -> None:
    shape, shift, side = (100, 120), (5, 11), 64
    begin = start(centre, shape, shift, side)
    for first, middle, length, offset in zip(begin, centre, shape, shift, strict=True):
        assert first % LATTICE == 0
        assert 0 <= first <= rounded_up(length + offset) - side
        inside = min(max(middle, 0), length - 1) + offset
        assert first <= inside < first + side


def test_a_crop_is_round_its_centre_as_far_as_the_lattice_allows() -> None:
    assert start((64, 73), (200, 200), (0, 0), 64) == (32, 48)  # 32, and 41 which is nearer to 48 than to 32
    assert start((64, 64), (200, 200), (7, 9), 64) == (32, 48)  # 39 and 41


def test_a_cut_by_hand() -> None:
    slice_ = numbered(4, 4)
    assert cut(slice_, (0, 0), (0, 0), 2, -1).tolist() == [[1, 2], [5, 6]]
    assert cut(slice_, (0, 0), (1, 0), 2, -1).tolist() == [[-1, -1], [1, 2]]
    assert cut(slice_, (2, 4), (0, 1), 3, -1).tolist() == [[12, -1, -1], [16, -1, -1], [-1, -1, -1]]


def test_a_crop_larger_than_its_slice_is_filled_up_behind_it() -> None:
    found = cut(numbered(2, 3), (0, 0), (0, 0), 4, 0)
    assert found.tolist() == [[1, 2, 3, 0], [4, 5, 6, 0], [0, 0, 0, 0], [0, 0, 0, 0]]


def test_cuts_of_a_slice_at_any_offset_show_the_same_pixels() -> None:
    slice_ = numbered(40, 40)
    for shift in ((0, 0), (3, 15), (9, 1)):
        whole = cut(slice_, (0, 0), shift, 64, 0)
        part = cut(slice_, (16, 32), shift, 32, 0)
        assert np.array_equal(whole[16:48, 32:64], part)
        assert np.array_equal(whole[shift[0] : shift[0] + 40, shift[1] : shift[1] + 40], slice_)


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_the_last_two_axes_are_turned_and_mirrored(turns: int, mirror: bool) -> None:
    place = Place("a", 0, (0, 0), 3, turns, mirror)
    stack = np.stack([numbered(3, 3), -numbered(3, 3)])
    expected = np.rot90(numbered(3, 3), turns)
    expected = expected[:, ::-1] if mirror else expected
    assert np.array_equal(place.turned(stack), np.stack([expected, -expected]))
