"""Models that a run builds upon: the teacher it learns from, the weights it starts from."""

from pathlib import Path
from typing import Literal

import torch
from torch import nn

from hlfd.bundle import MANIFEST, BundleManifest, load_bundle
from hlfd.data.resize import pixels_in_words
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.models.registry import Architecture, build
from hlfd.training.settings import TrainingSettings

PIXEL_TOLERANCE = 0.05


def load_predecessor(path: Path, role: Literal["teacher", "student"], store: Store) -> tuple[BundleManifest, nn.Module]:
    """Load a run's bundle, or a bundle, that sees what the store shows: same labels, window and pixels.

    Raises:
        InputError: not a bundle, of another role, or made for other labels, another window or other pixels.
    """
    manifest, network = load_bundle(path if (path / MANIFEST).exists() else path / "bundle")
    told = store.manifest
    if manifest.role != role:
        maker = "teach" if role == "teacher" else "distill"
        raise InputError(f"{path}: is a {manifest.role}; a {role} comes from `hlfd {maker}`")
    if manifest.label_values() != {label.name: label.value for label in told.labels}:
        raise InputError(
            f"{path}: the {role} knows {', '.join(manifest.label_values())}, the store has "
            f"{', '.join(label.name for label in told.labels)}; use a {role} of the same labels"
        )
    if manifest.window_hu != told.window_hu:
        raise InputError(
            f"{path}: the {role}'s window is {manifest.window_hu} HU, the store's {told.window_hu}; "
            f"prepare the store with --window-hu of the {role}"
        )
    if not _alike(manifest.pixel_mm, told.pixel_mm):
        wanted = "--own-pixels" if manifest.pixel_mm is None else f"--pixel-mm {manifest.pixel_mm:g}"
        raise InputError(
            f"{path}: the {role} sees {pixels_in_words(manifest.pixel_mm)}, the store has "
            f"{pixels_in_words(told.pixel_mm)}; prepare the store with {wanted}"
        )
    return manifest, network


def _alike(one_mm: float | None, other_mm: float | None) -> bool:
    if one_mm is None or other_mm is None:
        return one_mm is other_mm
    return abs(one_mm / other_mm - 1) <= PIXEL_TOLERANCE


def first_weights(
    architecture: Architecture, settings: TrainingSettings, role: Literal["teacher", "student"], store: Store
) -> tuple[nn.Module, BundleManifest | None]:
    """Build the network of a run: random weights of its seed, or those of `--start-from`.

    Returns:
        The network, and the manifest of what it starts from.

    Raises:
        InputError: the bundle to start from cannot be used, or is another network.
    """
    torch.manual_seed(settings.seed)
    network = build(architecture)
    if settings.start_from is None:
        return network, None
    manifest, earlier = load_predecessor(settings.start_from, role, store)
    if manifest.architecture != architecture:
        raise InputError(
            f"{settings.start_from}: holds {manifest.architecture.in_words()}, the run trains "
            f"{architecture.in_words()}; start from a model of the same network"
        )
    network.load_state_dict(earlier.state_dict())
    return network, manifest
