"""Who lies in the scanner: build and contrast phase, drawn per case."""

from dataclasses import dataclass

import numpy as np

Rng = np.random.Generator


@dataclass(frozen=True)
class Contrast:
    """HU of enhancing tissue in one phase after injection."""

    phase: str
    aorta: float
    vein: float
    cortex: float
    medulla: float
    liver: float
    spleen: float
    bowel_wall: float


@dataclass(frozen=True)
class Patient:
    """Sizes in mm of the patient's own frame, and HU."""

    body: tuple[float, float]
    """Half width and half depth of the skin."""
    wall: tuple[float, float]
    """Half width and half depth of the muscle wall."""
    wall_mm: float
    """Thickness of the muscle wall."""
    roundness: float
    """Power of the outline: 2 is an ellipse, more is boxier."""
    visceral_fat: float
    """0 lean to 1 stout."""
    stature: float
    """True mm per patient mm."""
    spine_y: float
    """Middle of the vertebral bodies, front to back."""
    muscle: float
    fat: float
    contrast: Contrast


def draw_patient(rng: Rng, field_of_view_mm: float) -> Patient:
    """A patient who fits the field of view."""
    stature = rng.uniform(0.92, 1.08)
    half = field_of_view_mm / 2 / stature * rng.uniform(0.84, 0.95)
    wall_x = min(rng.uniform(128, 152), half - 9)
    wall_y = wall_x * rng.uniform(0.68, 0.76)
    stoutness = float(np.clip((half - wall_x) / 50, 0, 1))
    return Patient(
        body=(half, min(wall_y + (half - wall_x) * rng.uniform(0.5, 0.8), half * 0.82)),
        wall=(wall_x, wall_y),
        wall_mm=rng.uniform(9, 14),
        roundness=rng.uniform(2.1, 2.5),
        visceral_fat=float(np.clip(stoutness + rng.normal(0, 0.25), 0, 1)),
        stature=stature,
        spine_y=wall_y - rng.uniform(54, 60),
        muscle=rng.uniform(48, 66),
        fat=rng.uniform(-112, -98),
        contrast=draw_contrast(rng),
    )


def draw_contrast(rng: Rng) -> Contrast:
    """One of four phases: no contrast, arterial, portal venous, late."""
    phase = str(rng.choice(["plain", "arterial", "portal", "late"], p=[0.03, 0.36, 0.45, 0.16]))
    low_high = {
        "plain": ((36, 46), (34, 44), (30, 38), (28, 36), (48, 64), (42, 52), (30, 42)),
        "arterial": ((240, 340), (60, 120), (165, 215), (70, 115), (66, 84), (105, 150), (85, 120)),
        "portal": ((140, 185), (140, 180), (160, 200), (135, 175), (98, 125), (108, 132), (80, 110)),
        "late": ((105, 140), (105, 140), (125, 160), (130, 170), (84, 104), (88, 108), (60, 85)),
    }[phase]
    return Contrast(phase, *(float(rng.uniform(*pair)) for pair in low_high))
