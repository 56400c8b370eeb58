"""The back: vertebrae, discs, canal, muscles beside them, great vessels before them, iliac crests."""

import numpy as np

from hlfd.data.phantom.canvas import Block, Canvas
from hlfd.data.phantom.grid import Grid, Point
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import ellipsoid, pillar, soft

PITCH_MM = 35.0
DISC_MM = 8.0


def paint_spine(canvas: Canvas, patient: Patient, rng: Rng) -> None:
    """Paint the back muscles, the great vessels and the spine, and hold them."""
    _paint_back_muscles(canvas, patient)
    _paint_great_vessels(canvas, patient, rng)
    _paint_vertebrae(canvas, patient, rng.uniform(0, PITCH_MM), rng.uniform(120, 230))
    _paint_iliac_crests(canvas, patient)


def _column(canvas: Canvas, x: float, y: float, half_x: float, half_y: float) -> tuple[Block, Grid]:
    """Block and grid of an upright column through the whole scan."""
    tall = float(np.abs(canvas.grid.z).max()) + 1
    return canvas.block((x, y, 0.0), (half_x, half_y, tall))


def _paint_back_muscles(canvas: Canvas, patient: Patient) -> None:
    block, grid = _column(canvas, 0, patient.spine_y + 20, 85, 65)
    below = np.clip((70 - grid.z) / 160, 0, 1)
    wobble = 1.5 * canvas.texture["medium"][block]
    top = 0.35 * np.clip(grid.z - 25, 0, 60)
    hu = patient.muscle + 6 * canvas.texture["fine"][block]
    for side in (-1, 1):
        psoas = pillar(grid, (side * 37, patient.spine_y + 1), (14, 19)) + 9 * below - 7 - top + wobble
        back = pillar(grid, (side * 34, patient.spine_y + 40), (31, 19)) + wobble
        square = pillar(grid, (side * 64, patient.spine_y + 27), (20, 9)) + 5 * below - 4 - top + wobble
        canvas.cover(block, psoas, hu)
        canvas.cover(block, np.maximum(back, square), hu - 25 * (canvas.texture["fine"][block] > 1.3))
        held = np.maximum(np.maximum(psoas, back), square)
        np.maximum(canvas.taken[block], soft(held + 1, canvas.edge_mm), out=canvas.taken[block])


def _paint_great_vessels(canvas: Canvas, patient: Patient, rng: Rng) -> None:
    block, grid = _column(canvas, 0, patient.spine_y - 26, 45, 30)
    bend = 3 * np.sin(grid.z / 60 + rng.uniform(0, 6))
    wobble = 0.8 * canvas.texture["medium"][block]
    radius = rng.uniform(8.5, 11.5)
    aorta = radius - np.hypot(grid.x - 9 - bend, grid.y - patient.spine_y + 29)
    cava = pillar(grid, (-17, patient.spine_y - 27), (12, rng.uniform(7, 10))) + wobble
    canvas.place(block, aorta, patient.contrast.aorta + 4 * wobble, gap=1.5)
    plaque = np.minimum(1.5 - np.abs(aorta), canvas.texture["fine"][block] * 2 - 3.2)
    canvas.cover(block, plaque, 600.0)
    canvas.place(block, cava, patient.contrast.vein + 6 * wobble, gap=1.5)


def _paint_vertebrae(canvas: Canvas, patient: Patient, shift: float, marrow: float) -> None:
    y = patient.spine_y
    block, grid = _column(canvas, 0, y + 25, 52, 62)
    phase = np.mod(grid.z + shift, PITCH_MM)
    from_disc = np.minimum(phase, PITCH_MM - phase) - DISC_MM / 2
    waist = 2.0 * np.clip(1 - from_disc / 6, 0, 1)
    body = pillar(grid, (0, y), (22, 17)) + waist
    body = np.minimum(body, y + 15 - grid.y)
    fine = canvas.texture["fine"][block]
    canvas.cover(block, body, 85 + 8 * fine)
    bone = np.minimum(body, from_disc)
    canvas.cover(block, bone, marrow + 25 * fine + 260 * soft(1.6 - bone, 1.5))
    canvas.cover(block, _arch(grid, y, phase), marrow + 190 + 30 * fine)
    canal = pillar(grid, (0, y + 24), (11, 8.5))
    canvas.cover(block, canal, 8 + 25 * soft(canal - 2.5, 1.5))
    held = np.maximum(body, pillar(grid, (0, y + 28), (20, 22)))
    np.maximum(canvas.taken[block], soft(held + 1.5, canvas.edge_mm), out=canvas.taken[block])


def _arch(grid: Grid, y: float, phase: np.ndarray) -> np.ndarray:
    """Pedicles, laminae, spinous and transverse processes, at their heights on each vertebra."""
    pedicles = np.minimum(pillar(grid, (0, y + 22), (18, 15)), 8 - np.abs(phase - 22))
    laminae = np.minimum(pillar(grid, (0, y + 29), (17, 12)), 13 - np.abs(phase - 15))
    spinous = np.minimum(pillar(grid, (0, y + 48), (4, 16)), 10 - np.abs(phase - 11))
    wings = np.minimum(pillar(grid, (0, y + 27), (44, 4.5)), 4.5 - np.abs(phase - 21))
    facets = pillar(grid, (17, y + 29), (7, 8)), pillar(grid, (-17, y + 29), (7, 8))
    joints = np.minimum(np.maximum(*facets), 9 - np.abs(phase - 4))
    return np.maximum.reduce(np.broadcast_arrays(pedicles, laminae, spinous, wings, joints))


def _paint_iliac_crests(canvas: Canvas, patient: Patient) -> None:
    for side in (-1, 1):
        centre: Point = (side * 84, patient.spine_y - 12, -190.0)
        block, grid = canvas.block(centre, (56, 70, 84))
        bowl = ellipsoid(grid, centre, (46, 60, 74))
        crest = np.minimum(5.0 - np.abs(bowl), side * (grid.x - centre[0]) + 0.6 * (grid.y - centre[1]))
        canvas.cover(block, crest, 420 - 60 * np.clip(crest, 0, 3.5))
        np.maximum(canvas.taken[block], soft(crest + 3, canvas.edge_mm), out=canvas.taken[block])
