"""In-plane resizing between a CT's own pixels and the working pixels of a model."""

from collections.abc import Iterator

import numpy as np
import torch
from torch.nn.functional import interpolate, one_hot

from hlfd.data.frames import Array

SLICES_AT_ONCE = 16


def working_shape(shape: tuple[int, int], spacing_mm: tuple[float, ...], pixel_mm: float | None) -> tuple[int, int]:
    """Rows and columns that make pixels of about `pixel_mm`, None for its own; `spacing_mm` is x, y (, z)."""
    if pixel_mm is None:
        return shape
    rows, columns = shape
    return max(1, round(rows * spacing_mm[1] / pixel_mm)), max(1, round(columns * spacing_mm[0] / pixel_mm))


def pixels_in_words(pixel_mm: float | None) -> str:
    """Such as `pixels of 0.78 mm`."""
    return "each CT's own pixels" if pixel_mm is None else f"pixels of {pixel_mm:g} mm"


def resize_hu(stack: Array, shape: tuple[int, int]) -> Array:
    """Resize int16 slices `z h w` to `shape`, averaging where they shrink."""
    if stack.shape[1:] == shape:
        return stack
    parts = (torch.from_numpy(part.astype(np.float32)) for part in _parts(stack))
    resized = (interpolate(part[:, None], size=shape, mode="bilinear", antialias=True)[:, 0] for part in parts)
    return np.concatenate([torch.round(part).numpy().astype(np.int16) for part in resized])


def resize_labels(stack: Array, shape: tuple[int, int], classes: int) -> Array:
    """Resize uint8 labels `z h w` to `shape`: each pixel takes the class that covers most of it."""
    if stack.shape[1:] == shape:
        return stack
    resized = []
    for part in _parts(stack):
        shares = one_hot(torch.from_numpy(part.astype(np.int64)), classes).permute(0, 3, 1, 2).float()
        shares = interpolate(shares, size=shape, mode="bilinear", antialias=True)
        resized.append(shares.argmax(1).numpy().astype(np.uint8))
    return np.concatenate(resized)


def _parts(stack: Array) -> Iterator[Array]:
    for start in range(0, len(stack), SLICES_AT_ONCE):
        yield np.ascontiguousarray(stack[start : start + SLICES_AT_ONCE])
