"""Kidneys: bean, cortex, pyramids, fat-filled sinus, vessels of the hilum, capsule of fat."""

from dataclasses import dataclass

import numpy as np

from hlfd.data.phantom.canvas import Block, Canvas
from hlfd.data.phantom.grid import Grid, Point
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import block_of, ellipsoid, soft, tube


@dataclass(frozen=True)
class Kidney:
    """Place and build of one kidney, mm in the patient's frame."""

    side: int
    """-1 right, 1 left."""
    centre: Point
    radii: Point
    tilt: float
    """How far the lower pole leans outwards, mm per mm of height."""
    bend: float
    """How far the poles curve towards the spine, per mm."""
    fat_mm: float
    """Thickness of the fat around it."""


def draw_kidney(side: int, patient: Patient, rng: Rng) -> Kidney:
    """A kidney beside the psoas; the right one lies lower."""
    height = rng.uniform(-8, 12) - (10 if side < 0 else 0)
    radii = (rng.uniform(25, 30), rng.uniform(24, 29), rng.uniform(47, 60))
    centre = (side * rng.uniform(66, 73), patient.spine_y + rng.uniform(-9, 1), height)
    fat_mm = 2.5 + 9 * patient.visceral_fat * rng.uniform(0.5, 1)
    return Kidney(side, centre, radii, rng.uniform(0.12, 0.26), rng.uniform(0.0018, 0.004), fat_mm)


def paint_kidney(canvas: Canvas, patient: Patient, kidney: Kidney, rng: Rng, labelled: bool) -> None:
    """Paint one kidney with its fat, and hold both; `labelled` makes it the organ of the label map."""
    block, grid = canvas.block(kidney.centre, (64, 60, 84))
    straight = _straighten(grid, kidney)
    bean, sinus = _bean(canvas, block, straight, kidney, rng)
    body = np.minimum(bean, -sinus)
    canvas.place(block, body + kidney.fat_mm, patient.fat + 6 * canvas.texture["fine"][block])
    canvas.cover(block, bean, patient.fat + 15)
    canvas.cover(block, body, _parenchyma(canvas, block, body, bean, patient))
    _paint_sinus(canvas, block, straight, (bean, sinus), patient, rng)
    _paint_hilum(canvas, patient, kidney)
    if labelled:
        np.maximum(canvas.organ[block], body, out=canvas.organ[block])


def _straighten(grid: Grid, kidney: Kidney) -> Grid:
    """Coordinates about the kidney's middle in which it stands upright; x points to its outer side."""
    z = grid.z - kidney.centre[2]
    lean = kidney.tilt * z + kidney.bend * z * z
    return Grid(kidney.side * (grid.x - kidney.centre[0]) + lean, grid.y - kidney.centre[1] + 0.12 * z, z)


def _bean(canvas: Canvas, block: Block, grid: Grid, kidney: Kidney, rng: Rng) -> tuple[np.ndarray, np.ndarray]:
    """Depths in the bean and in the sinus that opens to its inner side."""
    coarse, medium = canvas.texture["coarse"][block], canvas.texture["medium"][block]
    bean = ellipsoid(grid, (0, 0, 0), kidney.radii) + 1.8 * coarse + rng.uniform(0.5, 1.4) * medium
    reach, half = kidney.radii[0], kidney.radii[2] * rng.uniform(0.36, 0.46)
    sinus = ellipsoid(grid, (-0.62 * reach, -4, 0), (0.78 * reach, 0.46 * reach, half))
    return bean, sinus + 2.2 * medium + 0.8 * canvas.texture["fine"][block]


def _parenchyma(canvas: Canvas, block: Block, body: np.ndarray, bean: np.ndarray, patient: Patient) -> np.ndarray:
    """HU of cortex outside and between the pyramids, medulla within them."""
    contrast = patient.contrast
    fine, medium = canvas.texture["fine"][block], canvas.texture["medium"][block]
    pyramids = soft(np.minimum(bean - 7.0, 4 * medium + 4), 3.0) * soft(body - 1, 2.0)
    return contrast.cortex + (contrast.medulla - contrast.cortex) * pyramids + 5 * fine + 4 * medium


def _paint_sinus(
    canvas: Canvas,
    block: Block,
    grid: Grid,
    depths: tuple[np.ndarray, np.ndarray],
    patient: Patient,
    rng: Rng,
) -> None:
    """Fat, calyces with urine (bright in the late phase) and branching vessels."""
    fine, medium = canvas.texture["fine"][block], canvas.texture["medium"][block]
    bean, sinus = depths
    inside = np.minimum(sinus - 1, bean + 6)
    urine = rng.uniform(300, 700) if patient.contrast.phase == "late" else rng.uniform(0, 15)
    pelvis = ellipsoid(grid, (-0.75 * 27, 0, -3), (15, 6, 11)) + medium
    canvas.cover(block, np.minimum(inside, 2 * fine - 1.0), patient.contrast.vein)
    canvas.cover(block, np.minimum(np.maximum(pelvis, 2 * medium - 2.2), inside), urine)
    share = soft(np.maximum(inside, -99), canvas.edge_mm)
    np.maximum(canvas.taken[block], share, out=canvas.taken[block])


def _paint_hilum(canvas: Canvas, patient: Patient, kidney: Kidney) -> None:
    """Renal artery and vein, from the hilum to the great vessels."""
    x, y, z = kidney.centre
    hilum = (x - kidney.side * 22, y - 4, z)
    artery = [hilum, (kidney.side * 30, y - 22, z + 6), (9, patient.spine_y - 29, z + 12)]
    _paint_vessel(canvas, artery, 2.8, patient.contrast.aorta)
    root = (-17, patient.spine_y - 27, z + 8)
    way = [hilum, (kidney.side * 32, y - 28, z + 3), root]
    if kidney.side > 0:
        way.insert(2, (8, patient.spine_y - 44, z + 7))
    _paint_vessel(canvas, way, 4.5, patient.contrast.vein)


def _paint_vessel(canvas: Canvas, way: list[Point], radius: float, hu: float) -> None:
    block, grid = canvas.block(*block_of(way, radius + 4))
    depth = tube(grid, way, radius)  # only through fat
    depth = np.where(canvas.hu[block] < 0, depth, np.minimum(depth, -1))
    canvas.cover(block, depth, hu)
    np.maximum(canvas.taken[block], soft(depth + 1, canvas.edge_mm), out=canvas.taken[block])
