"""The scanner: where its voxels lie, how it blurs, and its noise."""

from dataclasses import dataclass

import numpy as np

from hlfd.data.phantom.grid import Grid
from hlfd.data.phantom.patient import Patient, Rng
from hlfd.data.phantom.settings import PhantomSettings

NEEDED_MM = {"kidney": 185.0, "liver": 225.0}
MIDDLE_MM = {"kidney": -4.0, "liver": 32.0}
MOST_MM = 330.0
LOWEST_HU, HIGHEST_HU = -1024, 3071


@dataclass(frozen=True)
class Protocol:
    """How the scan is taken."""

    field_of_view_mm: float
    slices: int
    slice_mm: float
    noise_hu: float
    grain_px: float
    """Correlation length of the noise: a soft kernel is coarse, a sharp one fine."""


def draw_protocol(settings: PhantomSettings, rng: Rng) -> Protocol:
    """Field of view, slices and noise; of 24 draws of slices the first that covers the organ."""
    low, high = settings.slices
    draws = [(int(rng.integers(low, high + 1)), float(rng.uniform(*settings.slice_mm))) for _ in range(24)]
    slices, slice_mm = min(draws, key=lambda draw: _misfit(draw[0] * draw[1], NEEDED_MM[settings.organ]))
    field = float(rng.uniform(*settings.field_of_view_mm))
    noise_hu, grain_px = rng.uniform(9, 19), rng.uniform(0.6, 1.0)
    return Protocol(field, slices, round(slice_mm, 3), float(noise_hu), float(grain_px))


def _misfit(cover_mm: float, needed_mm: float) -> float:
    """How far a scan of that height is from covering the organ without the whole chest; 0 is fitting."""
    return max(needed_mm - cover_mm, cover_mm - MOST_MM, 0.0)


def lay_grids(settings: PhantomSettings, protocol: Protocol, patient: Patient, rng: Rng) -> tuple[Grid, Grid]:
    """The scanner's grid in true mm and the same voxels in the patient's mm."""
    pixel = round(protocol.field_of_view_mm / settings.size, 4)
    line = (np.arange(settings.size) - (settings.size - 1) / 2) * pixel
    cover = protocol.slices * protocol.slice_mm
    squeeze = min(1.0, cover / NEEDED_MM[settings.organ])
    spare = max(cover - NEEDED_MM[settings.organ], 0) / 2 + 8
    middle = MIDDLE_MM[settings.organ] * squeeze + rng.uniform(-spare, spare)
    height = (np.arange(protocol.slices) - (protocol.slices - 1) / 2) * protocol.slice_mm + middle
    sideways, tall = rng.uniform(-5, 5, 2), patient.stature * squeeze
    own = ((line - sideways[0]) / patient.stature, (line - sideways[1]) / patient.stature, height / tall)
    return Grid.along(line, line, height), Grid.along(*own)


def expose(hu: np.ndarray, protocol: Protocol, rng: Rng) -> np.ndarray:
    """Blur by slice thickness and focus, add noise, and give whole HU (int16)."""
    seen = _smooth(_smooth(_smooth(hu, 0, 0.16), 1, 0.13), 2, 0.13)
    noise = rng.standard_normal(hu.shape, np.float32)
    weight = 0.16 + 0.17 * (protocol.grain_px - 0.6)
    noise = _smooth(_smooth(_smooth(noise, 1, weight), 2, weight), 0, 0.08)
    noise *= np.float32(protocol.noise_hu) * _noise_profile(hu.shape) / noise.std()
    seen += noise
    return np.clip(np.rint(seen), LOWEST_HU, HIGHEST_HU).astype(np.int16)


def _smooth(values: np.ndarray, axis: int, side: float) -> np.ndarray:
    """Weighted mean of each voxel with its two neighbours along an axis."""
    lines = np.moveaxis(values, axis, 0)
    out = lines * np.float32(1 - 2 * side)
    out[1:-1] += np.float32(side) * (lines[2:] + lines[:-2])
    out[0] += np.float32(side) * (lines[0] + lines[1])
    out[-1] += np.float32(side) * (lines[-1] + lines[-2])
    return np.moveaxis(out, 0, axis)


def _noise_profile(shape: tuple[int, ...]) -> np.ndarray:
    """Noise is strongest in the middle of the body, where fewest photons arrive."""
    y, x = (np.linspace(-1, 1, count, dtype=np.float32) for count in shape[1:])
    return 0.65 + 0.55 * np.exp(-1.8 * (x[None, :] ** 2 + 1.6 * y[:, None] ** 2))
