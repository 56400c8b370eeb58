"""What one model makes of a case: layer by layer, and where it looks."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import pad

from hlfd.bundle import MANIFEST, BundleManifest, load_bundle
from hlfd.data.batches import windowed
from hlfd.data.frames import Array
from hlfd.data.store import Store, StoredCase
from hlfd.errors import InputError
from hlfd.evaluation.metrics import dice
from hlfd.explain.cam import Looks, share_inside
from hlfd.explain.probes import Probes, read_layers

SLICES_A_CASE = 8
MULTIPLE = 32


@dataclass(frozen=True)
class Model:
    """A model with the probes that read its layers."""

    name: str
    manifest: BundleManifest
    network: nn.Module
    probes: Probes
    looks: Looks


def load_model(name: str, path: Path, store: Store) -> tuple[BundleManifest, nn.Module]:
    """Load a run's bundle, or a bundle, that knows the labels of a store."""
    manifest, network = load_bundle(path if (path / MANIFEST).exists() else path / "bundle")
    if manifest.label_values() != {label.name: label.value for label in store.manifest.labels}:
        raise InputError(f"{name}: knows {', '.join(manifest.label_values())}, the store has other labels")
    return manifest, network


def slices_of(store: Store, case: StoredCase, planes: Array, window_hu: tuple[float, float]) -> tuple[Tensor, Array]:
    """Slices as a network takes them, padded to a multiple of its stride, and their labels, padded alike."""
    slices = store.slices(case)
    images = torch.from_numpy(windowed(np.ascontiguousarray(slices.hu[planes]), window_hu))[:, None]
    rows, columns = images.shape[2:]
    missing = (-rows % MULTIPLE, -columns % MULTIPLE)
    labels = np.pad(slices.labels[planes], ((0, 0), (0, missing[0]), (0, missing[1])))
    return pad(images, (0, missing[1], 0, missing[0])), labels


def score_case(store: Store, model: Model, case: StoredCase, device: torch.device) -> dict[str, float]:
    """Dice of each layer, and the share of each map's energy in the tumour, over some tumour slices of a case."""
    planes = np.flatnonzero(store.counts(case)[:, store.tumor_value])
    planes = planes[np.unique(np.linspace(0, len(planes) - 1, SLICES_A_CASE).round().astype(int))]
    images, labels = slices_of(store, case, planes, model.manifest.window_hu)
    truth = labels == store.tumor_value
    layers = read_layers(model.network, model.probes, images.to(device))
    found = {f"dice {name}": dice_of(values == store.tumor_value, truth) for name, values in layers.items()}
    for place, energy in model.looks.maps(images.to(device)).items():
        shares = [share_inside(one, inside) for one, inside in zip(energy, truth, strict=True)]
        known = [share for share in shares if share is not None]
        if known:
            found[f"share {place}"] = float(np.mean(known))
    found["share flat"] = float(truth.mean())
    return found


def dice_of(found: Array, truth: Array) -> float:
    """Dice of two masks, 0..1; 0 where both are empty."""
    return dice(int((found & truth).sum()), int(found.sum()), int(truth.sum())) or 0.0
