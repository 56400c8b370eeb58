"""Running a network over slices and whole CTs: one path for validation, evaluation and `hlfd segment`."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate, pad

from hlfd.data.batches import windowed
from hlfd.data.frames import Array
from hlfd.data.resize import resize_hu, working_shape
from hlfd.errors import InputError, is_out_of_memory

SLICES_AT_ONCE = 4


@dataclass(frozen=True)
class TumorThreshold:
    """From which probability on a pixel is tumour, where that isn't left to the most probable class."""

    value: int
    """Label value of tumour."""
    probability: float
    """Of the softmax; the paper's released code takes 0.4."""


def predict_slices(
    network: nn.Module,
    hu: Array,
    window_hu: tuple[float, float],
    device: torch.device,
    shape: tuple[int, int] | None = None,
    tumor: TumorThreshold | None = None,
) -> Array:
    """Segment slices at working pixels; one by one where memory is short for all at once.

    Args:
        network: in evaluation mode, on `device`.
        hu: int16, z h w.
        window_hu: HU that become 0 and 1.
        device: where to compute.
        shape: rows and columns of the answer; logits are interpolated to it. By default h, w.
        tumor: where tumour begins; None for the most probable class. Applied after the interpolation.

    Returns:
        Label values, uint8, z h w or z by `shape`.
    """
    try:
        return _predict(network, hu, window_hu, device, shape, tumor)
    except (RuntimeError, MemoryError) as error:
        if len(hu) == 1 or not is_out_of_memory(error):
            raise
    if device.type == "cuda":
        torch.cuda.empty_cache()
    return np.concatenate([_predict(network, one[None], window_hu, device, shape, tumor) for one in hu])


@torch.inference_mode()
def _predict(
    network: nn.Module,
    hu: Array,
    window_hu: tuple[float, float],
    device: torch.device,
    shape: tuple[int, int] | None,
    tumor: TumorThreshold | None,
) -> Array:
    images = torch.from_numpy(windowed(np.ascontiguousarray(hu), window_hu))[:, None].to(device)
    rows, columns = images.shape[2:]
    stride = int(network.stride)  # type: ignore[arg-type]
    # At least two strides, since a normalisation over a deepest map of one pixel is undefined.
    sides = (max(columns + -columns % stride, 2 * stride), max(rows + -rows % stride, 2 * stride))
    padded = pad(images, (0, sides[0] - columns, 0, sides[1] - rows))
    logits = network(padded)[:, :, :rows, :columns].float()
    if shape is not None and shape != (rows, columns):
        logits = interpolate(logits, size=shape, mode="bilinear")
    labels: Array = chosen_classes(logits, tumor).to(torch.uint8).cpu().numpy()
    return labels


def chosen_classes(logits: Tensor, tumor: TumorThreshold | None = None) -> Tensor:
    """Give the class of each pixel of b k h w logits: b h w.

    It is the most probable one or, with a threshold, tumour where its probability is at least that, and elsewhere the
    most probable of the other classes.
    """
    if tumor is None:
        return logits.argmax(dim=1)
    is_tumor = logits.softmax(dim=1)[:, tumor.value] >= tumor.probability
    others = logits.clone()
    others[:, tumor.value] = -torch.inf
    return others.argmax(dim=1).masked_fill(is_tumor, tumor.value)


def predict_volume(
    network: nn.Module,
    hu: Array,
    spacing_mm: tuple[float, float, float],
    window_hu: tuple[float, float],
    pixel_mm: float | None,
    device: torch.device,
    on_slices: Callable[[int], None] | None = None,
    tumor: TumorThreshold | None = None,
) -> Array:
    """Segment a CT in canonical order, a few slices at a time.

    Args:
        network: in evaluation mode, on `device`.
        hu: int16, z y x towards superior, posterior, left.
        spacing_mm: x, y, z.
        window_hu: HU that become 0 and 1.
        pixel_mm: in-plane pixel that the network was trained at; None for whatever the CT has.
        device: where to compute.
        on_slices: called with the number of slices done.
        tumor: where tumour begins; None for the most probable class.

    Returns:
        Label values, uint8, of the shape of `hu`.
    """
    own = (hu.shape[1], hu.shape[2])
    working = working_shape(own, spacing_mm, pixel_mm)
    labels = np.empty(hu.shape, np.uint8)
    for start in range(0, len(hu), SLICES_AT_ONCE):
        part = slice(start, start + SLICES_AT_ONCE)
        labels[part] = predict_slices(network, resize_hu(hu[part], working), window_hu, device, own, tumor)
        if on_slices:
            on_slices(min(start + SLICES_AT_ONCE, len(hu)))
    return labels


def choose_device(name: str) -> torch.device:
    """Turn `auto`, `cpu`, `cuda` or `mps` into a device; auto takes CUDA, then MPS, then the CPU.

    Raises:
        InputError: the machine has no such device.
    """
    there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
    chosen = next(device for device, is_there in there.items() if is_there) if name == "auto" else name
    if not there[chosen]:
        raise InputError(f"device {chosen}: this machine has none that torch can use; use --device auto")
    return torch.device(chosen)
