"""Where voxels lie: the grid of a file, and the one canonical axis order that every slice is cut in."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.optimize import linear_sum_assignment

GEOMETRY_TOLERANCE = 1e-3  # mm for spacing and origin; cosines for direction

Array = np.ndarray[Any, Any]

# L, P and S, turned together by a hair (0.02 degrees): a grid at exactly 45 degrees is then nearer to one order than to
# the other, the same one whatever the rounding of its header and the order of its file.
_LPS = np.array([[1, -3e-4, 2e-4], [3e-4, 1, -1e-4], [-2e-4, 1e-4, 1]])


@dataclass(frozen=True)
class Frame:
    """The grid of a volume as its file states it (ITK's words: LPS millimetres, axes x, y, z).

    The canonical order is the axis order and sense nearest to LPS: array axes z y x run to superior,
    posterior and left. Going there and back moves voxels and never mixes them, for oblique grids too.
    """

    size: tuple[int, int, int]
    spacing_mm: tuple[float, float, float]
    origin_mm: tuple[float, float, float]
    direction: tuple[float, ...]

    def canonical_array(self, array: Array) -> Array:
        """View a z y x array of this grid in canonical order (no copy)."""
        return np.flip(array.transpose(self._array_axes), self._array_flips)

    def own_array(self, canonical: Array) -> Array:
        """Undo `canonical_array` (no copy)."""
        return np.flip(canonical, self._array_flips).transpose(np.argsort(self._array_axes))

    @cached_property
    def canonical(self) -> "Frame":
        """The same voxels' grid, told in canonical order."""
        matrix = self._matrix
        start = np.where(self._flipped, np.array(self.size)[self._source_axes] - 1, 0)
        first_voxel = np.zeros(3)
        first_voxel[self._source_axes] = start
        origin = np.array(self.origin_mm) + matrix @ (first_voxel * np.array(self.spacing_mm))
        turned = matrix[:, self._source_axes] * np.where(self._flipped, -1.0, 1.0)
        return Frame(
            size=_three(np.array(self.size)[self._source_axes].tolist()),
            spacing_mm=_three(np.array(self.spacing_mm)[self._source_axes].tolist()),
            origin_mm=_three(origin.tolist()),
            direction=tuple(turned.ravel().tolist()),
        )

    @cached_property
    def axis_order(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """Which axes have to change places, and which to turn round, to become canonical."""
        return self._array_axes, self._array_flips

    @cached_property
    def voxel_ml(self) -> float:
        """Volume of a voxel in millilitres."""
        return float(np.prod(self.spacing_mm)) / 1000.0

    @cached_property
    def _matrix(self) -> Array:
        return np.reshape(self.direction, (3, 3))

    @cached_property
    def _source_axes(self) -> Array:
        """For L, P and S: which axis of the file runs along it (an assignment, so ties cannot claim an axis twice)."""
        return linear_sum_assignment(-np.abs(_LPS @ self._matrix))[1]

    @cached_property
    def _flipped(self) -> Array:
        return (_LPS @ self._matrix)[np.arange(3), self._source_axes] < 0

    @cached_property
    def _array_axes(self) -> tuple[int, ...]:
        return tuple(int(2 - axis) for axis in self._source_axes[::-1])

    @cached_property
    def _array_flips(self) -> tuple[int, ...]:
        return tuple(int(axis) for axis in np.flatnonzero(self._flipped[::-1]))


def difference(frame: Frame, other: Frame) -> str | None:
    """Say how two grids differ physically, or None where they are the same within the tolerance.

    Files in two axis orders are compared in canonical order: one scan stored twice is the same scan.
    """
    alike = frame.axis_order == other.axis_order
    mine, theirs = (frame, other) if alike else (frame.canonical, other.canonical)
    if mine.size != theirs.size:
        return f"shape {_by('x', mine.size)} against {_by('x', theirs.size)}"
    for what, ours, others in (
        ("spacing", mine.spacing_mm, theirs.spacing_mm),
        ("origin", mine.origin_mm, theirs.origin_mm),
        ("direction", mine.direction, theirs.direction),
    ):
        if not np.allclose(ours, others, rtol=0, atol=GEOMETRY_TOLERANCE):
            return f"{what} {_by(', ', ours)} against {_by(', ', others)}"
    return None


def _by(separator: str, numbers: tuple[float, ...]) -> str:
    return separator.join(f"{number:.6g}" for number in numbers)


def _three(values: list[Any]) -> Any:
    return tuple(values)
