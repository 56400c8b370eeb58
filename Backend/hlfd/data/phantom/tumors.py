"""Tumours: their number, size, place, density and texture."""

from dataclasses import dataclass

import numpy as np

from hlfd.data.phantom.canvas import Canvas
from hlfd.data.phantom.grid import Point, to_point
from hlfd.data.phantom.lesions import grain, lump, with_dead_core
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.shapes import soft
from hlfd.data.phantom.sites import Surface

SMALLEST_MM, LARGEST_MM = 6.0, 50.0


@dataclass(frozen=True)
class Tumor:
    """One tumour, as it goes into the facts of a case."""

    centre_mm: Point
    """x y z in the image's own frame (LPS)."""
    diameter_mm: float
    kind: str
    """Against the organ around it: "hypo", "iso" or "hyper"."""
    necrotic: bool
    exophytic: bool


def has_tumor(share_free: float, seed: int, index: int) -> bool:
    """Whether case `index` of a seed has a tumour: each run of ten cases holds its share without."""
    run, place = divmod(index, 10)
    offset = np.random.default_rng([seed, 0, 11]).random()
    rank = 10 * run + int(np.random.default_rng([seed, run, 10]).permutation(10)[place])
    return int((rank + 1) * share_free + offset) == int(rank * share_free + offset)


def grow_tumors(canvas: Canvas, patient: Patient, organ: str, rng: Rng) -> list[Tumor]:
    """Paint one to three tumours on the organ and give their facts."""
    surface, grown = Surface(canvas), list[Tumor]()
    for _ in range(int(rng.choice([1, 2, 3], p=[0.62, 0.26, 0.12]))):
        tumor = _find_room(canvas, surface, organ, grown, rng)
        _paint(canvas, patient, organ, tumor, rng)
        grown.append(tumor)
    return grown


def _smallest_mm(canvas: Canvas) -> float:
    """The least diameter a reader would still outline: never thinner than two slices or three pixels."""
    axes = (canvas.scanner.z, canvas.scanner.x)
    slice_mm, pixel_mm = (float(np.diff(axis.ravel()[:2])[0]) for axis in axes)
    return max(SMALLEST_MM, 1.8 * slice_mm, 3 * pixel_mm)


def _draw_diameter(canvas: Canvas, rng: Rng) -> float:
    """Log-normal about 32 mm, between the smallest that shows and the largest."""
    drawn = float(np.exp(rng.normal(np.log(32), 0.45)))
    return min(max(drawn, _smallest_mm(canvas)), LARGEST_MM)


def _find_room(canvas: Canvas, surface: Surface, organ: str, others: list[Tumor], rng: Rng) -> Tumor:
    """A tumour at a place where it fits; after many misses a smaller one."""
    diameter = _draw_diameter(canvas, rng)
    kind = str(rng.choice(["hypo", "iso", "hyper"], p=[0.75, 0.17, 0.08]))
    necrotic = bool(diameter > 18 and rng.random() < 0.55)
    for attempt in range(400):
        if attempt % 40 == 39:
            diameter = max(0.85 * diameter, _smallest_mm(canvas))
        radius, site = diameter / 2, surface.draw(rng)
        deepest = -0.75 if organ == "kidney" else -2.5
        height = rng.uniform(deepest, 0.45) * radius
        centre = site.at(height)
        if attempt == 399 or (_fits(canvas, centre, radius) and _apart(centre, radius, others)):
            break
    exophytic = bool(height > 0.05 * radius)
    return Tumor(to_point(round(c, 2) for c in centre), round(diameter, 2), kind, necrotic, exophytic)


def _fits(canvas: Canvas, centre: Point, radius: float) -> bool:
    """The tumour lies in the scan, hardly meets firm tissue, and shares enough with the organ."""
    block = canvas.scanner.slices_around(centre, radius)
    grid = canvas.scanner.cut(block)
    axes = zip((grid.x, grid.y, grid.z), centre, strict=True)
    if any(axis.size == 0 or axis.min() > c or axis.max() < c for axis, c in axes):
        return False
    ball = (grid.x - centre[0]) ** 2 + (grid.y - centre[1]) ** 2 + (grid.z - centre[2]) ** 2 < radius**2
    volume = max(int(ball.sum()), 1)
    meets_firm = (canvas.firm[block] & ball).sum() / volume
    in_organ = ((canvas.organ[block] > 0) & ball).sum() / volume
    return meets_firm < 0.06 and in_organ > 0.22


def _apart(centre: Point, radius: float, others: list[Tumor]) -> bool:
    gaps = (np.linalg.norm(np.subtract(centre, o.centre_mm)) - radius - o.diameter_mm / 2 for o in others)
    return all(gap > 2 for gap in gaps)


def _density(canvas: Canvas, patient: Patient, organ: str, kind: str, rng: Rng) -> float:
    """HU of the living part of a tumour."""
    contrast = patient.contrast
    around = contrast.liver if organ == "liver" else 0.6 * contrast.cortex + 0.4 * contrast.medulla
    if kind == "iso":
        return around * rng.uniform(0.82, 0.95)
    if kind == "hyper":
        return around + rng.uniform(30, 65) * (0.4 if contrast.phase == "plain" else 1)
    if organ == "liver" or contrast.phase == "plain":
        return around - rng.uniform(18, 48) * (0.5 if contrast.phase == "plain" else 1)
    return around * rng.uniform(0.35, 0.68)


def _paint(canvas: Canvas, patient: Patient, organ: str, tumor: Tumor, rng: Rng) -> None:
    """Paint a tumour, push neighbouring fat ahead of it, and note its depth for the label map."""
    radius = tumor.diameter_mm / 2
    block, grid, depth = lump(canvas, tumor.centre_mm, radius, rng.uniform(0.06, 0.14), rng)
    depth = np.where(canvas.firm[block], np.minimum(depth, -0.5), depth)
    texture = grain(rng, grid, radius)
    hu = (
        _density(canvas, patient, organ, tumor.kind, rng)
        + (rng.uniform(16, 30) if tumor.kind == "iso" else rng.uniform(8, 26)) * texture
    )
    if tumor.necrotic:
        hu = with_dead_core(hu, depth, radius, rng, texture)
    if tumor.kind == "iso" or rng.random() < 0.2:
        hu = hu - 30 * soft(1.2 - np.abs(depth - 1.0), 1.5)  # a capsule
    beyond = np.minimum(depth + 3.0, -canvas.organ[block])
    canvas.mix(block, soft(beyond, canvas.edge_mm) * ~canvas.firm[block], patient.fat + 10)
    canvas.cover(block, depth, hu)
    np.maximum(canvas.tumor[block], depth, out=canvas.tumor[block])
