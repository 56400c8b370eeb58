"""One synthetic case from a seed."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from hlfd.data.phantom.acquisition import draw_protocol, expose, lay_grids
from hlfd.data.phantom.bowel import paint_bowel
from hlfd.data.phantom.canvas import Canvas
from hlfd.data.phantom.grid import to_point
from hlfd.data.phantom.kidneys import draw_kidney, paint_kidney
from hlfd.data.phantom.mimics import paint_mimics
from hlfd.data.phantom.patient import Patient, Rng, draw_patient
from hlfd.data.phantom.settings import ORIENTATIONS, PhantomSettings
from hlfd.data.phantom.solids import paint_liver, paint_pancreas, paint_spleen
from hlfd.data.phantom.spine import paint_spine
from hlfd.data.phantom.torso import paint_torso
from hlfd.data.phantom.tumors import Tumor, grow_tumors, has_tumor


@dataclass(frozen=True)
class Phantom:
    """A synthetic scan with its label map, both z y x in LPS order."""

    image_hu: np.ndarray
    """HU, int16."""
    labels: np.ndarray
    """0 background, 1 organ (cysts too), 2 tumour; uint8."""
    spacing_mm: tuple[float, float, float]
    """x, y, z."""
    origin: tuple[float, float, float]
    """Centre of the first voxel, x y z in mm."""
    orientation: str
    """Axis order to write it in; the arrays here are in LPS order whatever it says."""
    facts: dict[str, Any]
    """Plain values: "organ", "phase", and "tumors" (centre_mm x y z, diameter_mm, kind, ...)."""


def make_phantom(settings: PhantomSettings, seed: int, index: int) -> Phantom:
    """Make case `index` of a seed; it is the same however many others are made.

    Raises ValueError for a negative seed or index.
    """
    if seed < 0 or index < 0:
        raise ValueError(f"seed and index must not be negative, found {seed} and {index}.")
    streams = (np.random.default_rng([seed, index, part]) for part in range(4))
    build, growth, noise, turn = streams
    protocol = draw_protocol(settings, build)
    patient = draw_patient(build, protocol.field_of_view_mm)
    scanner, grid = lay_grids(settings, protocol, patient, build)
    edge_mm = protocol.field_of_view_mm / settings.size / patient.stature
    canvas = Canvas.blank(grid, scanner, edge_mm, build)
    _paint_anatomy(canvas, patient, settings.organ, build)
    paint_mimics(canvas, patient, settings.organ, build)
    sick = has_tumor(settings.tumor_free_share, seed, index)
    tumors = grow_tumors(canvas, patient, settings.organ, growth) if sick else []
    labels = _labels(canvas)
    return Phantom(
        image_hu=expose(canvas.hu, protocol, noise),
        labels=labels,
        spacing_mm=_spacing(canvas),
        origin=scanner.point((0, 0, 0)),
        orientation=_orientation(settings, turn),
        facts=_facts(settings, patient, tumors),
    )


def _paint_anatomy(canvas: Canvas, patient: Patient, organ: str, rng: Rng) -> None:
    """From the firmest to the softest: each takes the room that is left."""
    paint_torso(canvas, patient, rng)
    paint_spine(canvas, patient, rng)
    canvas.harden()
    for side in (-1, 1):
        paint_kidney(canvas, patient, draw_kidney(side, patient, rng), rng, organ == "kidney")
    if organ == "liver":
        canvas.harden()  # a liver tumour does not grow into a kidney
    paint_liver(canvas, patient, rng, organ == "liver")
    paint_spleen(canvas, patient, rng)
    paint_pancreas(canvas, patient, rng)
    paint_bowel(canvas, patient, rng)


def _labels(canvas: Canvas) -> np.ndarray:
    labels = _without_specks(canvas.organ > 0).astype(np.uint8)
    labels[canvas.tumor > 0] = 2
    return labels


def _without_specks(mask: np.ndarray) -> np.ndarray:
    """The mask less crumbs: twice, voxels with fewer than three of six neighbours go."""
    for _ in range(2):
        around = np.zeros(mask.shape, np.uint8)
        for axis in range(3):
            whole, kept = np.moveaxis(around, axis, 0), np.moveaxis(mask, axis, 0)
            whole[1:] += kept[:-1]
            whole[:-1] += kept[1:]
        mask = mask & (around >= 3)
    return mask


def _spacing(canvas: Canvas) -> tuple[float, float, float]:
    axes = (canvas.scanner.x, canvas.scanner.y, canvas.scanner.z)
    return to_point(round(float(np.ptp(axis)) / (axis.size - 1), 4) for axis in axes)


def _orientation(settings: PhantomSettings, rng: Rng) -> str:
    drawn = ORIENTATIONS[rng.integers(len(ORIENTATIONS))]
    return drawn if settings.orientation == "random" else settings.orientation


def _facts(settings: PhantomSettings, patient: Patient, tumors: list[Tumor]) -> dict[str, Any]:
    return {
        "organ": settings.organ,
        "phase": patient.contrast.phase,
        "tumors": [asdict(tumor) for tumor in tumors],
    }
