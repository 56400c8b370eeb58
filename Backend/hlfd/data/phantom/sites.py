"""Where on the organ a lesion may sit."""

from dataclasses import dataclass

import numpy as np

from hlfd.data.phantom.canvas import Canvas
from hlfd.data.phantom.grid import Point, to_point
from hlfd.data.phantom.patient import Rng


@dataclass(frozen=True)
class Site:
    """A place on the surface of the organ; mm in the scanner's frame, x y z."""

    point: Point
    outwards: Point
    """Unit vector away from the organ."""

    def at(self, height_mm: float) -> Point:
        """The point `height_mm` above the surface, below it when negative."""
        return to_point(p + height_mm * n for p, n in zip(self.point, self.outwards, strict=True))


class Surface:
    """The border voxels of the painted organ."""

    def __init__(self, canvas: Canvas) -> None:
        self._canvas = canvas
        inside = canvas.organ > 0
        core = inside[1:-1, 1:-1, 1:-1]
        beside = inside[1:-1, 2:, 1:-1] & inside[1:-1, :-2, 1:-1]
        beside &= inside[1:-1, 1:-1, 2:] & inside[1:-1, 1:-1, :-2]
        self._border = np.argwhere(core & ~beside) + 1
        self._reach = max(1, round(4.0 / float(np.diff(canvas.scanner.x.ravel()[:2])[0])))

    def draw(self, rng: Rng) -> Site:
        """A random place of the surface."""
        voxel = self._border[rng.integers(len(self._border))]
        return Site(self._canvas.scanner.point(tuple(voxel)), self._outwards(voxel))

    def _outwards(self, voxel: np.ndarray) -> Point:
        """Against the slope of the organ's depth, measured some mm to both sides."""
        depth, scanner = self._canvas.organ, self._canvas.scanner
        slope = []
        ways = ((2, self._reach, scanner.x), (1, self._reach, scanner.y), (0, 1, scanner.z))
        for axis, reach, line in ways:
            low, high = voxel.copy(), voxel.copy()
            low[axis] = max(voxel[axis] - reach, 0)
            high[axis] = min(voxel[axis] + reach, depth.shape[axis] - 1)
            rise = max(float(depth[tuple(high)]), -8.0) - max(float(depth[tuple(low)]), -8.0)
            slope.append(-rise / float(line.flat[high[axis]] - line.flat[low[axis]]))
        length = float(np.linalg.norm(slope)) or 1.0
        return to_point(part / length for part in slope)
