"""Where crops lie: on a lattice, so that what a teacher says of a whole slice can be cut as the slice is."""

import zlib
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from hlfd.data.frames import Array

LATTICE = 16
"""Crops start at multiples of so many pixels: the deepest stride of the teacher."""


@dataclass(frozen=True)
class Place:
    """Where a crop lies, and how it is turned."""

    case: str
    plane: int
    start: tuple[int, int]
    """Row and column on the slice's lattice (see `origin`), multiples of `LATTICE`."""
    side: int
    turns: int = 0
    """Quarters."""
    mirror: bool = False

    def turned(self, array: Array) -> Array:
        """Turn and mirror an array, ... h w."""
        array = np.rot90(array, self.turns, axes=(-2, -1))
        return array[..., ::-1] if self.mirror else array


class Companion(Protocol):
    """Something stored for every slice of a store, to be cut as the slices are."""

    def crop(self, place: Place) -> dict[str, Array]:
        """Give what belongs to a crop, turned as it is: name -> c h w."""


def origin(case: str, plane: int, shape: tuple[int, ...], side: int) -> tuple[int, int]:
    """Row and column at which a slice lies on its lattice: its own by chance, so that networks see all offsets.

    A slice that a crop takes in whole lies at 0, 0.
    """
    generator = np.random.default_rng((zlib.crc32(case.encode()), plane))
    rows, columns = (int(shift) for shift in generator.integers(LATTICE, size=2))
    return (rows if shape[0] > side else 0, columns if shape[1] > side else 0)


def start(centre: tuple[int, int], shape: tuple[int, ...], shift: tuple[int, int], side: int) -> tuple[int, int]:
    """Choose where on the lattice a crop starts: round `centre` of the slice, and on the slice where that fits."""
    starts = []
    for middle, length, offset in zip(centre, shape, shift, strict=True):
        last = max(rounded_up(length + offset) - side, 0)
        starts.append(int(np.clip(round((middle + offset - side / 2) / LATTICE) * LATTICE, 0, last)))
    return starts[0], starts[1]


def cut(array: Array, begin: tuple[int, int], shift: tuple[int, int], side: int, fill: int) -> Array:
    """Cut a square of `side` that begins at `begin` on the lattice out of a slice, h w, which lies at `shift` on it."""
    windows, pads = [], []
    for first, offset, length in zip(begin, shift, array.shape, strict=True):
        low, high = first - offset, first - offset + side
        windows.append(slice(max(low, 0), min(high, length)))
        pads.append((max(-low, 0), max(high - length, 0)))
    return np.pad(array[tuple(windows)], pads, constant_values=fill)


def rounded_up(length: int) -> int:
    """Next multiple of `LATTICE`."""
    return length + -length % LATTICE
