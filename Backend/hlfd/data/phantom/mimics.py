"""What looks like a tumour and is none: cysts in the organ, soft tissue that leans on it."""

import numpy as np

from hlfd.data.phantom.bowel import Filling, paint_gut, wander
from hlfd.data.phantom.canvas import Block, Canvas
from hlfd.data.phantom.grid import to_point
from hlfd.data.phantom.lesions import grain, lump, with_dead_core
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import soft
from hlfd.data.phantom.sites import Surface


def paint_mimics(canvas: Canvas, patient: Patient, organ: str, rng: Rng) -> None:
    """Paint cysts and pale wedges (they stay organ in the labels) and unlabelled neighbours."""
    surface = Surface(canvas)
    for _ in range(rng.integers(2, 6)):
        _paint_neighbour(canvas, patient, surface, rng)
    for _ in range(rng.integers(0, 3)):
        _paint_loop(canvas, patient, surface, rng)
    for _ in range(rng.poisson(1.6)):
        _paint_cyst(canvas, surface, organ, rng)
    for _ in range(rng.poisson(0.7)):
        _paint_pale_patch(canvas, surface, rng)


def _paint_cyst(canvas: Canvas, surface: Surface, organ: str, rng: Rng) -> None:
    """A smooth, even ball: mostly water, one in four with dense content. It is organ in the labels."""
    radius = float(np.clip(np.exp(rng.normal(np.log(7.5), 0.5)), 3, 22))
    deepest = -1.0 if organ == "kidney" else -3.0
    centre = surface.draw(rng).at(radius * rng.uniform(deepest, 0.3))
    block, _, depth = lump(canvas, centre, radius, 0.02, rng)
    depth = np.where(canvas.firm[block], np.minimum(depth, -0.5), depth)
    depth = np.minimum(depth, canvas.organ[block] + 0.8 * radius)
    canvas.cover(block, depth, rng.uniform(40, 75) if rng.random() < 0.3 else rng.uniform(-4, 20))
    np.maximum(canvas.organ[block], depth, out=canvas.organ[block])


def _paint_pale_patch(canvas: Canvas, surface: Surface, rng: Rng) -> None:
    """A blurred patch of weaker enhancement within the organ."""
    radius = rng.uniform(8, 20)
    block, _, depth = lump(canvas, surface.draw(rng).at(-0.4 * radius), radius, 0.2, rng)
    share = soft(depth, 9.0) * (canvas.organ[block] > 0) * rng.uniform(0.2, 0.45)
    canvas.mix(block, share, canvas.hu[block] * 0.4)


def _paint_neighbour(canvas: Canvas, patient: Patient, surface: Surface, rng: Rng) -> None:
    """A node, adrenal nodule, splenule or the like that leans on the organ without indenting it."""
    radius = float(np.clip(np.exp(rng.normal(np.log(9), 0.45)), 3.5, 22))
    centre = surface.draw(rng).at(radius * rng.uniform(0.8, 1.05) + rng.uniform(-1, 3))
    block, grid, depth = lump(canvas, centre, radius, rng.uniform(0.05, 0.2), rng)
    texture = grain(rng, grid, radius)
    hu = rng.uniform(0.3, 1.05) * max(patient.contrast.liver, 60) + 15 + rng.uniform(5, 22) * texture
    if radius > 10 and rng.random() < 0.4:
        hu = with_dead_core(hu, depth, radius, rng, texture)
    _paint_beside(canvas, block, depth, hu)


def _paint_loop(canvas: Canvas, patient: Patient, surface: Surface, rng: Rng) -> None:
    """A collapsed or fluid-filled loop of bowel on the organ."""
    radius = rng.uniform(7, 12)
    start = surface.draw(rng).at(radius + rng.uniform(0, 3))
    way = [to_point(np.multiply(p, _patient_scale(canvas))) for p in wander(start, rng, 4, 20.0)]
    filling = Filling(rng.uniform(15, 70), rng.uniform(4, 18), -999)
    held, canvas.taken = canvas.taken, (canvas.firm | (canvas.organ > -0.5)).astype(np.float32)
    paint_gut(canvas, patient, way, radius, filling)
    canvas.taken = held


def _patient_scale(canvas: Canvas) -> tuple[float, ...]:
    """Patient mm per true mm along x, y, z."""
    own, true = canvas.grid, canvas.scanner
    pairs = ((own.x, true.x), (own.y, true.y), (own.z, true.z))
    return tuple(float(np.ptp(mine) / np.ptp(real)) for mine, real in pairs)


def _paint_beside(canvas: Canvas, block: Block, depth: np.ndarray, hu: np.ndarray) -> None:
    """Paint over soft tissue, not over the organ nor over what is firm."""
    free = (canvas.organ[block] < -0.3) & ~canvas.firm[block]
    canvas.mix(block, soft(depth, canvas.edge_mm) * free, hu)
