"""Round lesions: what tumours, cysts and nodules have in common."""

import numpy as np

from hlfd.data.phantom.canvas import Block, Canvas
from hlfd.data.phantom.grid import Grid, Point
from hlfd.data.phantom.patient import Rng
from hlfd.data.phantom.shapes import cloud, ellipsoid, soft


def lump(canvas: Canvas, centre: Point, radius: float, rough: float, rng: Rng) -> tuple[Block, Grid, np.ndarray]:
    """Block, grid and depth (true mm) of a lump; `rough` is the relative height of its bumps."""
    block = canvas.scanner.slices_around(centre, 1.5 * radius + 3)
    grid = canvas.scanner.cut(block)
    aspect = np.exp(rng.normal(0, 0.6 * rough, 3))
    radii = tuple(radius * aspect / np.cbrt(aspect.prod()))
    depth = ellipsoid(grid, centre, radii)
    if min(grid.shape):
        depth = depth + rough * radius * cloud(rng, grid, max(0.9 * radius, 3.0))
    return block, grid, depth


def grain(rng: Rng, grid: Grid, radius: float) -> np.ndarray:
    """Texture of a lesion: two scales of a random field, deviation about 1."""
    if not min(grid.shape):
        return np.zeros(grid.shape, np.float32)
    return 0.75 * cloud(rng, grid, max(0.7 * radius, 4.0)) + 0.65 * cloud(rng, grid, max(0.25 * radius, 2.5))


def with_dead_core(hu: np.ndarray, depth: np.ndarray, radius: float, rng: Rng, texture: np.ndarray) -> np.ndarray:
    """HU with a ragged necrotic middle of nearly fluid density."""
    start = radius * rng.uniform(0.3, 0.55)
    dead = soft(depth - start + 0.18 * radius * texture, 2.0)
    return hu + dead * (rng.uniform(8, 32) + 5 * texture - hu)
