"""What one model makes of a slice and of a case: layer by layer, and where it looks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from hlfd.bundle import MANIFEST, read_manifest
from hlfd.data.batches import windowed
from hlfd.data.frames import Array
from hlfd.data.store import Store, StoredCase
from hlfd.evaluation.metrics import dice
from hlfd.explain.cam import Looks, layers_of, share_inside
from hlfd.explain.probes import Probes, read_layers
from hlfd.training.predecessors import load_predecessor

SLICES_A_CASE = 8


@dataclass(frozen=True)
class Model:
    """A model with the probes that read its layers."""

    network: nn.Module
    probes: Probes
    looks: Looks


@dataclass(frozen=True)
class Reading:
    """What a model makes of one slice, of the slice's own size."""

    truth: Array
    """Expert labels, h w."""
    layers: dict[str, Array]
    """Each feature tap, and `output` -> labels, h w."""
    looks: dict[str, Array]
    """`first` and `final` -> energy, h w."""


def load_model(path: Path, store: Store) -> tuple[str, nn.Module]:
    """Load a run's bundle, or a bundle, that sees what the store shows: the network's name in the registry, and it.

    Raises:
        InputError: not a bundle, made for other labels, another window or other pixels, or of a network whose layers
            have no names here.
    """
    folder = path if (path / MANIFEST).exists() else path / "bundle"
    manifest, network = load_predecessor(folder, read_manifest(folder).role, store)
    layers_of(manifest.architecture.network)
    return manifest.architecture.network, network


def image_of(store: Store, case: StoredCase, plane: int) -> Array:
    """A slice as networks see it, h w, 0..1."""
    return windowed(np.ascontiguousarray(store.slices(case).hu[plane]), store.manifest.window_hu)


def read_slice(model: Model, store: Store, case: StoredCase, plane: int, device: torch.device) -> Reading:
    """Read a model's layers, output and looks on one slice; one at a time, for a full teacher takes gigabytes each."""
    image = image_of(store, case, plane)
    rows, columns = image.shape
    padded = _padded(torch.from_numpy(image)[None, None], int(model.network.stride)).to(device)  # type: ignore[arg-type]
    layers = read_layers(model.network, model.probes, padded)
    looks = model.looks.maps(padded)
    return Reading(
        np.array(store.slices(case).labels[plane]),
        {name: labels[0, :rows, :columns].astype(np.uint8) for name, labels in layers.items()},
        {place: energy[0, :rows, :columns] for place, energy in looks.items()},
    )


def _padded(images: Tensor, stride: int) -> Tensor:
    """Pad as the predictor does: to multiples of the stride, and to two of them at least."""
    rows, columns = (max(side + -side % stride, 2 * stride) for side in images.shape[2:])
    return pad(images, (0, columns - images.shape[3], 0, rows - images.shape[2]))


def score_case(model: Model, store: Store, case: StoredCase, device: torch.device) -> dict[str, float]:
    """Score up to eight tumour slices of a case, evenly spread; all scores 0..1.

    Returns:
        `dice LAYER`: of tumour, these slices as one; `share PLACE`: of a map's energy inside the tumour, mean of the
        slices that have a map, absent where none has; `blind PLACE`: share of the slices whose map is zero all over;
        `share flat`: that of a map without focus.
    """
    readings = [read_slice(model, store, case, plane, device) for plane in _spread(store, case)]
    truth = np.stack([one.truth for one in readings]) == store.tumor_value
    found = {}
    for name in readings[0].layers:
        labels = np.stack([one.layers[name] for one in readings])
        found[f"dice {name}"] = dice_of(labels == store.tumor_value, truth)
    for place in readings[0].looks:
        shares = [share_inside(one.looks[place], inside) for one, inside in zip(readings, truth, strict=True)]
        known = [share for share in shares if share is not None]
        if known:
            found[f"share {place}"] = float(np.mean(known))
        found[f"blind {place}"] = 1 - len(known) / len(shares)
    return {**found, "share flat": float(truth.mean())}


def _spread(store: Store, case: StoredCase) -> list[int]:
    planes = np.flatnonzero(store.counts(case)[:, store.tumor_value])
    chosen = np.unique(np.linspace(0, len(planes) - 1, SLICES_A_CASE).round().astype(int))
    return [int(plane) for plane in planes[chosen]]


def dice_of(found: Array, truth: Array) -> float:
    """Dice of two masks, 0..1; 0 where both are empty."""
    return dice(int((found & truth).sum()), int(found.sum()), int(truth.sum())) or 0.0
