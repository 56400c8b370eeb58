"""The frame of the body: skin, fat, muscle wall with ribs, and the lungs above it."""

import numpy as np

from hlfd.data.phantom.canvas import Canvas
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import ellipsoid, outline, pillar, soft

ALL = (slice(None),) * 3


def paint_torso(canvas: Canvas, patient: Patient, rng: Rng) -> None:
    """Paint table, skin, both layers of fat, muscle wall, ribs and lungs; hold all but the belly."""
    coarse, fine = canvas.texture["coarse"], canvas.texture["fine"]
    _paint_table(canvas, patient)
    skin = outline(canvas.grid, patient.body, patient.roundness) + 2.0 * coarse
    canvas.cover(ALL, skin, patient.fat + 6 * fine)
    canvas.mix(ALL, soft(1.2 - np.abs(skin - 1.0), canvas.edge_mm), 5.0)
    wall = outline(canvas.grid, patient.wall, patient.roundness) + 3.0 * coarse
    canvas.cover(ALL, wall, _muscle_with_fat_planes(canvas, patient, wall))
    belly = wall - patient.wall_mm * _wall_profile(canvas, patient)
    belly = np.minimum(belly, 0.6 * np.abs(canvas.grid.x) + patient.spine_y + 20 - canvas.grid.y)
    canvas.cover(ALL, belly, _mesentery(canvas, patient))
    np.maximum(canvas.taken, soft(-belly, canvas.edge_mm), out=canvas.taken)
    _paint_ribs(canvas, patient, belly, rng)
    _paint_lungs(canvas, patient, belly)


def _paint_table(canvas: Canvas, patient: Patient) -> None:
    sag = patient.body[1] + 9 - (canvas.grid.x / 70) ** 2
    top = canvas.grid.y - sag
    canvas.mix(ALL, soft(2.0 - np.abs(top - 4), canvas.edge_mm) * (np.abs(canvas.grid.x) < 190), -250.0)


def _wall_profile(canvas: Canvas, patient: Patient) -> np.ndarray:
    """Thickness of the wall relative to its mean: stout at the flanks, thin at the front midline."""
    front = np.clip(-canvas.grid.y / patient.wall[1], 0, 1)
    seam = np.exp(-((canvas.grid.x / 9) ** 2)) * front
    return 1.15 - 0.35 * front - 0.5 * seam


def _muscle_with_fat_planes(canvas: Canvas, patient: Patient, depth: np.ndarray) -> np.ndarray:
    planes = np.abs(np.mod(depth + canvas.texture["medium"], 5.5) - 2.7) < 0.5
    return patient.muscle + 5 * canvas.texture["fine"] - 45 * planes


def _mesentery(canvas: Canvas, patient: Patient) -> np.ndarray:
    """Visceral fat with fine vessels in it."""
    medium, fine = canvas.texture["medium"], canvas.texture["fine"]
    strands = np.clip(1.2 - np.abs(fine + 0.4 * medium) * 6, 0, 1) * np.clip(medium + 0.3, 0, 1)
    return patient.fat + 5 * medium + 90 * strands * (canvas.grid.y < patient.spine_y - 25)


def _paint_ribs(canvas: Canvas, patient: Patient, belly: np.ndarray, rng: Rng) -> None:
    """Slanted bands of bone inside the wall, from the flanks to the back, down to the last rib."""
    grid = canvas.grid
    height = grid.z + 0.75 * grid.y + 0.12 * np.abs(grid.x) + rng.uniform(0, 28)
    band = 5.5 - np.abs(np.mod(height, 28) - 14)
    shell = 3.6 - np.abs(belly + 4.5)
    end = np.minimum(height - 20, np.abs(grid.x) - 40)
    depth = np.minimum(np.minimum(shell, band), np.minimum(end, grid.y + 70))
    canvas.cover(ALL, depth, 380 - 55 * np.clip(depth, 0, 3) + 15 * canvas.texture["fine"])


def dome(canvas: Canvas, patient: Patient) -> np.ndarray:
    """Height z of the diaphragm over the slice plane, shape (1, y, x)."""
    x, y = canvas.grid.x, canvas.grid.y
    right = 112 - ((x + 68) / 62) ** 2 * 34 - ((y + 8) / 66) ** 2 * 46
    left = 98 - ((x - 72) / 60) ** 2 * 34 - ((y + 2) / 66) ** 2 * 46
    return np.maximum(np.maximum(right, left), 18.0)


def _paint_lungs(canvas: Canvas, patient: Patient, belly: np.ndarray) -> None:
    above = canvas.grid.z - dome(canvas, patient) - 2 * canvas.texture["coarse"]
    lung = np.minimum(belly - 2.5, 0.75 * above)
    lung = np.minimum(lung, -_mediastinum(canvas, patient))
    vessels = np.clip(canvas.texture["fine"] - 1.7, 0, 1) * 700
    _paint_heart(canvas, patient)
    canvas.place(ALL, lung, -850 + vessels + 15 * canvas.texture["medium"], gap=3.0)


def _mediastinum(canvas: Canvas, patient: Patient) -> np.ndarray:
    """Depth in what parts the lungs: vessels before the spine, fat behind the breastbone; (1, y, x)."""
    back = pillar(canvas.grid, (2, patient.spine_y - 18), (31, 34))
    front = 9 - np.abs(canvas.grid.x - 4) - 0.12 * canvas.grid.y
    return np.logaddexp(back / 6, front / 6) * 6


def _paint_heart(canvas: Canvas, patient: Patient) -> None:
    """Paint and hold the heart on the diaphragm: muscle about two chambers of blood."""
    centre = (20, -0.36 * patient.wall[1], 142)
    block, grid = canvas.block(centre, (66, 60, 56))
    depth = ellipsoid(grid, centre, (56, 46, 46)) + 2 * canvas.texture["coarse"][block]
    left = ellipsoid(grid, (centre[0] + 16, centre[1] + 6, centre[2]), (27, 20, 30))
    right = ellipsoid(grid, (centre[0] - 22, centre[1] - 16, centre[2]), (26, 19, 32))
    texture = 3 * canvas.texture["medium"][block]
    hu = np.full(grid.shape, 0.5 * (patient.muscle + patient.contrast.vein), np.float32)
    hu += soft(left + texture, 3.0) * (patient.contrast.aorta - hu)
    hu += soft(right + texture, 3.0) * (0.8 * patient.contrast.aorta - hu)
    canvas.place(block, depth, hu, gap=2.0)
