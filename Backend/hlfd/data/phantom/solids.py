"""Liver with its vessels and gallbladder, spleen, pancreas."""

import numpy as np

from hlfd.data.phantom.canvas import Block, Canvas
from hlfd.data.phantom.grid import Grid, Point, to_point
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import block_of, ellipsoid, soft, tube
from hlfd.data.phantom.torso import dome

PORTA: Point = (-32.0, -8.0, 34.0)


def paint_liver(canvas: Canvas, patient: Patient, rng: Rng, labelled: bool) -> None:
    """Paint and hold the liver; `labelled` makes it the organ of the label map."""
    block, grid = canvas.block((-35, -15, 35), (125, 105, 110))
    depth = _liver_shape(canvas, patient, block, grid, rng)
    hu = patient.contrast.liver - rng.choice([0, 0, 0, 25]) + 4 * canvas.texture["fine"][block]
    hu = hu + 3 * canvas.texture["coarse"][block]
    _paint_gallbladder(canvas, rng)
    depth = canvas.place(block, depth, hu, gap=2.0)
    if labelled:
        np.maximum(canvas.organ[block], depth, out=canvas.organ[block])
    _paint_liver_vessels(canvas, patient, block, depth, rng)


def _liver_shape(canvas: Canvas, patient: Patient, block: Block, grid: Grid, rng: Rng) -> np.ndarray:
    """Right lobe, left lobe across the midline, hollow underside, diaphragm above."""
    wall_x, wall_y = patient.wall
    low = rng.uniform(0.85, 1.1)
    right = ellipsoid(grid, (-0.47 * wall_x, -4, 36), (0.47 * wall_x, 0.83 * wall_y, 80 * low))
    left = ellipsoid(grid, (-8, -0.5 * wall_y, 58), (rng.uniform(60, 82), 0.42 * wall_y, 40))
    depth = np.logaddexp(right / 5, left / 5) * 5
    hollow = ellipsoid(grid, (5, 0.25 * wall_y, 0), (62, 0.55 * wall_y, 58))
    depth = np.minimum(depth, 6 - hollow)
    depth = np.minimum(depth, 0.8 * (-62 - grid.x) + 0.6 * (patient.spine_y + 45 - grid.y))
    roof = 0.8 * (dome(canvas, patient)[:, block[1], block[2]] - grid.z) - 1
    return np.minimum(depth, roof) + 2.5 * canvas.texture["coarse"][block] + canvas.texture["medium"][block]


def _paint_gallbladder(canvas: Canvas, rng: Rng) -> None:
    centre = (rng.uniform(-52, -38), rng.uniform(-56, -42), rng.uniform(-24, 0))
    block, grid = canvas.block(centre, (24, 28, 38))
    bag = ellipsoid(grid, centre, (rng.uniform(11, 16), rng.uniform(13, 18), 24))
    bag = bag + canvas.texture["medium"][block]
    canvas.place(block, bag, 40 - 30 * soft(bag - 2, 1.5), gap=1.0)


def _paint_liver_vessels(canvas: Canvas, patient: Patient, block: Block, depth: np.ndarray, rng: Rng) -> None:
    """Portal tree from the porta and hepatic veins towards the cava, only within the liver."""
    contrast, early = patient.contrast, patient.contrast.phase == "arterial"
    hu = contrast.liver + rng.uniform(-22, 10) if early else contrast.vein
    cava = (-18.0, patient.spine_y - 30, 88.0)
    for root, radius, boughs in ((PORTA, 5.5, 6), (cava, 4.5, 4)):
        for _ in range(boughs):
            _grow(canvas, depth, block, root, radius, hu, rng)


def _grow(canvas: Canvas, depth: np.ndarray, block: Block, root: Point, radius: float, hu: float, rng: Rng) -> None:
    """One vessel from a root to a random place in the right or left lobe, thinner on its way."""
    end = (rng.uniform(-115, 10), rng.uniform(-60, 40), rng.uniform(-10, 95))
    middle = to_point(np.add(root, end) / 2 + rng.normal(0, 9, 3))
    for a, b, wide in ((root, middle, radius), (middle, end, radius * 0.6)):
        part, near = canvas.block(*block_of([a, b], radius + 3))
        inside = depth[canvas.shift(part, block)]
        canvas.cover(part, np.minimum(tube(near, [a, b], wide), inside - 3), hu)


def paint_spleen(canvas: Canvas, patient: Patient, rng: Rng) -> None:
    """Paint and hold a crescent in the left back corner; mottled in the arterial phase."""
    wall_x, wall_y = patient.wall
    centre = (0.66 * wall_x, 0.22 * wall_y, rng.uniform(42, 58))
    size = rng.uniform(0.85, 1.2)
    block, grid = canvas.block(centre, (52, 66, 72))
    hull = ellipsoid(grid, centre, (32 * size, 0.5 * wall_y * size, 48 * size))
    hollow = ellipsoid(grid, (centre[0] - 34, centre[1] - 16, centre[2]), (30, 40, 60))
    depth = np.minimum(hull, 3 - hollow) + canvas.texture["medium"][block]
    depth = np.minimum(depth, dome(canvas, patient)[:, block[1], block[2]] - grid.z)
    mottle = 22 if patient.contrast.phase == "arterial" else 3
    canvas.place(block, depth, patient.contrast.spleen + mottle * canvas.texture["medium"][block], gap=1.5)


def paint_pancreas(canvas: Canvas, patient: Patient, rng: Rng) -> None:
    """Paint and hold a lobulated band from the duodenum to the spleen."""
    y = patient.spine_y - 50
    way = [(-34, y, 2), (-8, y - 8, 14), (30, y + 4, 24), (68, y + 22, 38)]
    block, grid = canvas.block(*block_of(way, 18))
    depth = tube(grid, way, rng.uniform(8, 11)) + 2.5 * canvas.texture["fine"][block]
    hu = 0.8 * patient.contrast.bowel_wall + 12 + 14 * canvas.texture["fine"][block]
    canvas.place(block, depth, hu, gap=1.0)
