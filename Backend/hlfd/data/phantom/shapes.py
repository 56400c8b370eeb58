"""Shapes as depth maps: mm below the surface, negative outside."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from hlfd.data.phantom.grid import Grid, Point

_FIELD_SPREAD = 0.332  # standard deviation of a cubic B-spline field of unit normal coefficients


def soft(depth: np.ndarray, width: float) -> np.ndarray:
    """Share of a voxel inside a shape, 0 to 1, from its depth and the edge width (both mm)."""
    return np.clip(depth * (1.0 / width) + 0.5, 0.0, 1.0)


def ellipsoid(grid: Grid, centre: Point, radii: Point) -> np.ndarray:
    """Depth in an upright ellipsoid (radii x y z in mm)."""
    far = ((grid.x - centre[0]) / radii[0]) ** 2 + ((grid.y - centre[1]) / radii[1]) ** 2
    far = np.sqrt(far + ((grid.z - centre[2]) / radii[2]) ** 2)
    return (1.0 - far) * np.float32(min(radii))


def pillar(grid: Grid, centre: tuple[float, float], radii: tuple[float, float]) -> np.ndarray:
    """Depth in an endless upright column of elliptic section; one slice, shape (1, y, x)."""
    far = np.sqrt(((grid.x - centre[0]) / radii[0]) ** 2 + ((grid.y - centre[1]) / radii[1]) ** 2)
    return (1.0 - far) * np.float32(min(radii))


def outline(grid: Grid, radii: tuple[float, float], power: float) -> np.ndarray:
    """Depth, along the ray to the middle, in a rounded box about x = y = 0; shape (1, y, x)."""
    far = np.abs(grid.x / radii[0]) ** power + np.abs(grid.y / radii[1]) ** power
    far = np.maximum(far ** (1.0 / power), 1e-3)
    return (1.0 / far - 1.0) * np.sqrt(grid.x**2 + grid.y**2)


def tube(grid: Grid, points: Sequence[Point], radius: float) -> np.ndarray:
    """Depth in a round tube along a line through the points."""
    nearest = np.full(grid.shape, np.inf, np.float32)
    for start, end in pairwise(points):
        np.minimum(nearest, _square_distance(grid, start, end), out=nearest)
    return np.float32(radius) - np.sqrt(nearest)


def _square_distance(grid: Grid, start: Point, end: Point) -> np.ndarray:
    step = np.subtract(end, start)
    length = max(float(step @ step), 1e-6)
    dx, dy, dz = (a - s for a, s in zip((grid.x, grid.y, grid.z), start, strict=True))
    along = dx * np.float32(step[0] / length) + dy * np.float32(step[1] / length)
    along = np.clip(along + dz * np.float32(step[2] / length), 0, 1)
    across = (dx - along * np.float32(step[0])) ** 2 + (dy - along * np.float32(step[1])) ** 2
    return across + (dz - along * np.float32(step[2])) ** 2


def block_of(points: Sequence[Point], margin: float) -> tuple[Point, Point]:
    """Centre and reach (mm) of the box that holds all points and a margin."""
    low, high = np.min(points, axis=0), np.max(points, axis=0)
    return tuple((low + high) / 2), tuple((high - low) / 2 + margin)


def cloud(rng: np.random.Generator, grid: Grid, scale_mm: float) -> np.ndarray:
    """A smooth random field over the grid, mean 0 and deviation 1, with hills `scale_mm` apart."""
    wz, wy, wx = (_spline_weights(axis.ravel(), scale_mm) for axis in (grid.z, grid.y, grid.x))
    knots = rng.standard_normal((wz.shape[1], wy.shape[1], wx.shape[1]), np.float32)
    field = wy @ (knots @ wx.T)
    field = wz @ field.reshape(len(field), -1)
    return field.reshape(grid.shape) / np.float32(_FIELD_SPREAD)


def _spline_weights(axis: np.ndarray, scale_mm: float) -> np.ndarray:
    """Cubic B-spline weights, one row per voxel and one column per knot."""
    place = (axis - axis[0]) / scale_mm if axis.size else axis
    knots = int(place[-1]) + 4 if axis.size else 4
    off = np.abs(place[:, None] + 1 - np.arange(knots))
    inner = 2 / 3 - off**2 + off**3 / 2
    outer = np.clip(2 - off, 0, None) ** 3 / 6
    return np.where(off < 1, inner, outer).astype(np.float32)
