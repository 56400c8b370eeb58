"""Training a student, distilled from a teacher or alone."""

from pathlib import Path
from typing import Any

import torch
from torch import nn

from hlfd.bundle import MANIFEST, WEIGHTS, BundleManifest, load_bundle
from hlfd.data.store import Store
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.routes import Route
from hlfd.errors import InputError
from hlfd.models.registry import Architecture, build
from hlfd.training.export import export
from hlfd.training.loop import make_fabric, start, train
from hlfd.training.objectives import Distilled, Supervised
from hlfd.training.runs import open_run
from hlfd.training.settings import TrainingSettings

PIXEL_TOLERANCE = 0.05


def distill(
    settings: TrainingSettings,
    student: dict[str, Any],
    method: str,
    routes: tuple[Route, ...],
    teacher_path: Path | None,
    power: float,
    temperature: float,
) -> BundleManifest:
    """Train the student by the routes of a method and export it without adapters.

    With no routes the student is trained alone, on the same batches from the same random start.

    Raises:
        InputError: store, run folder or teacher cannot be used.
    """
    store = Store(settings.store)
    loaded = _load_teacher(teacher_path, store) if routes else None
    fabric = make_fabric(settings)
    architecture = Architecture(network="resnet", classes=store.classes, settings=student)
    torch.manual_seed(settings.seed)
    network = build(architecture)
    objective: nn.Module = Supervised(network)
    if loaded is not None:
        distiller = Distiller(routes, network.channels, store.classes, power, temperature)  # type: ignore[arg-type]
        objective = Distilled(network, loaded[1].to(fabric.device), distiller)
    origin = {"store": store.digest(), **({"teacher": loaded[0].files[WEIGHTS]} if loaded else {})}
    run = open_run(settings, origin)
    training = start(fabric, objective, architecture, settings)
    what = "Training alone" if loaded is None else f"Distilling ({method})"
    progress = train(fabric, training, store, settings, run, what)
    teacher = _provenance(loaded[0]) if loaded else None
    return export(run, network, architecture, store, settings, progress, "student", method, teacher)


def _load_teacher(path: Path | None, store: Store) -> tuple[BundleManifest, nn.Module]:
    if path is None:
        raise InputError("teacher: distilling needs one; give --teacher RUN, or --method none for a student alone")
    bundle = path if (path / MANIFEST).exists() else path / "bundle"
    manifest, network = load_bundle(bundle)
    told = store.manifest
    if manifest.role != "teacher":
        raise InputError(f"{path}: is a {manifest.role}; a teacher comes from `hlfd teach`")
    if manifest.label_values() != {label.name: label.value for label in told.labels}:
        raise InputError(
            f"{path}: the teacher knows {', '.join(manifest.label_values())}, the store has "
            f"{', '.join(label.name for label in told.labels)}; use a teacher of the same labels"
        )
    if manifest.window_hu != told.window_hu:
        raise InputError(
            f"{path}: the teacher's window is {manifest.window_hu} HU, the store's {told.window_hu}; "
            "prepare the store with --window-hu of the teacher"
        )
    if abs(manifest.pixel_mm / told.pixel_mm - 1) > PIXEL_TOLERANCE:
        raise InputError(
            f"{path}: the teacher sees pixels of {manifest.pixel_mm:g} mm, the store has {told.pixel_mm:g} mm; prepare "
            f"the store with --pixel-mm {manifest.pixel_mm:g}"
        )
    return manifest, network


def _provenance(manifest: BundleManifest) -> dict[str, Any]:
    return {
        "synthetic": manifest.synthetic,
        "architecture": manifest.architecture.model_dump(mode="json"),
        "parameters": manifest.parameters,
        "weights_sha256": manifest.files[WEIGHTS],
        "validation_tumor_dice": manifest.training["validation_tumor_dice"],
    }
