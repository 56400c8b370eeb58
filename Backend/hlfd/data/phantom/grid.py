"""Where the voxels lie: coordinates in mm along x (left), y (back) and z (head)."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

Point = tuple[float, float, float]


def to_point(values: Iterable[float]) -> Point:
    """x, y and z as plain numbers."""
    x, y, z = values
    return float(x), float(y), float(z)


@dataclass(frozen=True)
class Grid:
    """Voxel centres of a block, in mm, each axis an array that broadcasts to (z, y, x)."""

    x: np.ndarray
    y: np.ndarray
    z: np.ndarray

    @classmethod
    def along(cls, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> "Grid":
        """A grid from three one-dimensional arrays of rising coordinates in mm."""
        x, y, z = (np.asarray(axis, np.float32) for axis in (x, y, z))
        return cls(x[None, None, :], y[None, :, None], z[:, None, None])

    @property
    def shape(self) -> tuple[int, int, int]:
        """Voxels along z, y, x."""
        return self.z.size, self.y.size, self.x.size

    def slices_around(self, centre: Point, reach: Point | float) -> tuple[slice, slice, slice]:
        """The (z, y, x) slices of the block within `reach` mm of `centre`; may be empty."""
        halves = np.broadcast_to(np.asarray(reach, float), 3)
        found = [
            slice(*np.searchsorted(axis.ravel(), (middle - half, middle + half)))
            for axis, middle, half in zip((self.x, self.y, self.z), centre, halves, strict=True)
        ]
        return found[2], found[1], found[0]

    def cut(self, block: tuple[slice, slice, slice]) -> "Grid":
        """The part of the grid in a block of (z, y, x) slices."""
        z, y, x = block
        return Grid(self.x[:, :, x], self.y[:, y], self.z[z])

    def point(self, voxel: tuple[int, int, int]) -> Point:
        """The centre, x y z in mm, of the voxel with index z y x."""
        z, y, x = voxel
        return float(self.x.flat[x]), float(self.y.flat[y]), float(self.z.flat[z])
