"""Stomach, colon and small bowel: walls, fluid, stool, gas that rises to the front."""

from dataclasses import dataclass

import numpy as np

from hlfd.data.phantom.canvas import Block, Canvas
from hlfd.data.phantom.grid import Grid, Point, to_point
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import block_of, ellipsoid, tube

GAS_HU = -930.0


@dataclass(frozen=True)
class Filling:
    """What a piece of bowel holds."""

    hu: float
    """HU of the contents."""
    lumps: float
    """HU deviation of the contents: fluid is smooth, stool is not."""
    gas_above: float
    """Gas lies in front of this y, in mm."""


def paint_bowel(canvas: Canvas, patient: Patient, rng: Rng) -> None:
    """Paint and hold stomach, colon and small bowel where the solid organs left room."""
    drunk = float(rng.choice([15, 25, 35, 220], p=[0.4, 0.25, 0.2, 0.15]))
    _paint_stomach(canvas, patient, drunk, rng)
    for way, radius in _colon(patient, rng):
        front = min(point[1] for point in way) if rng.random() < 0.6 else -999
        stool = Filling(rng.uniform(-20, 60), rng.uniform(30, 130), front - radius * rng.uniform(-0.3, 0.6))
        paint_gut(canvas, patient, way, radius, stool)
    for _ in range(int(rng.integers(55, 80) * (1 - 0.35 * patient.visceral_fat))):
        way, radius = _loop(patient, rng), rng.uniform(8, 13.5)
        gas = way[0][1] - radius * rng.uniform(0, 0.7) if rng.random() < 0.2 else -999
        hu = drunk if rng.random() < 0.5 else rng.uniform(10, 60)
        paint_gut(canvas, patient, way, radius, Filling(hu, rng.uniform(3, 14), gas))


def paint_gut(canvas: Canvas, patient: Patient, way: list[Point], radius: float, filling: Filling) -> None:
    """Paint and hold one stretch of bowel along a way."""
    block, grid = canvas.block(*block_of(way, radius + 6))
    depth = tube(grid, way, radius) + 1.6 * canvas.texture["medium"][block]
    canvas.place(block, depth, _wall_and_filling(canvas, block, grid, depth, patient, filling), gap=1.2)


def _wall_and_filling(
    canvas: Canvas, block: Block, grid: Grid, depth: np.ndarray, patient: Patient, filling: Filling
) -> np.ndarray:
    """HU from the wall inwards to the contents, gas above fluid."""
    texture = canvas.texture["fine"][block]
    inner = filling.hu + filling.lumps * texture
    gas = np.clip((filling.gas_above - grid.y) / canvas.edge_mm + 0.5, 0, 1)
    inner = inner + gas * (GAS_HU - inner)
    lumen = np.clip((depth - 2.2) / 1.5 + 0.5, 0, 1)
    return patient.contrast.bowel_wall + lumen * (inner - patient.contrast.bowel_wall)


def _paint_stomach(canvas: Canvas, patient: Patient, drunk: float, rng: Rng) -> None:
    wall_y = patient.wall[1]
    centre = (rng.uniform(44, 60), -0.38 * wall_y, rng.uniform(42, 58))
    block, grid = canvas.block(centre, (62, 58, 62))
    full = rng.uniform(0.75, 1.15)
    depth = ellipsoid(grid, centre, (40 * full, 32 * full, 46)) + 2 * canvas.texture["coarse"][block]
    depth = depth + canvas.texture["medium"][block]
    gas = centre[1] - rng.uniform(-5, 18)
    hu = _wall_and_filling(canvas, block, grid, depth - 1.5, patient, Filling(drunk, 8, gas))
    canvas.place(block, depth, hu, gap=1.5)


def _colon(patient: Patient, rng: Rng) -> list[tuple[list[Point], float]]:
    """Ascending, transverse and descending colon: their ways and radii."""
    wall_x, wall_y = patient.wall
    side, sag = 0.70 * wall_x, rng.uniform(-50, -15)
    right: list[Point] = [(-side, 2, -150), (-side - 4, 8, -80), (-side + 2, 4, -35)]
    across = [(-side + 8, -0.45 * wall_y, -30), (-25, -0.62 * wall_y, sag), (35, -0.62 * wall_y, sag)]
    across = [right[-1], *across, (side - 6, -0.3 * wall_y, 22)]
    left: list[Point] = [(side + 4, 0.22 * wall_y, 20), (side + 9, 14, -60), (side + 4, 8, -150)]
    return [(right, rng.uniform(18, 25)), (across, rng.uniform(14, 20)), (left, rng.uniform(10, 15))]


def _loop(patient: Patient, rng: Rng) -> list[Point]:
    """A winding way of four points in the front of the belly."""
    wall_x, wall_y = patient.wall
    start = (rng.uniform(-0.55, 0.6) * wall_x, rng.uniform(-0.66, 0.22) * wall_y, rng.uniform(-165, 18))
    return wander(start, rng, 4, 24.0)


def wander(start: Point, rng: Rng, points: int, step_mm: float) -> list[Point]:
    """A way of random steps that keeps some of its heading."""
    way, heading = [np.array(start)], rng.normal(size=3)
    for _ in range(points - 1):
        heading = heading / np.linalg.norm(heading) + 0.8 * rng.normal(size=3)
        way.append(way[-1] + heading / np.linalg.norm(heading) * step_mm * (1, 0.8, 0.7))
    return [to_point(point) for point in way]
