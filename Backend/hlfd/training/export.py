"""From a finished run to a bundle."""

from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from hlfd.bundle import WEIGHTS, BundleManifest, save_bundle
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.files import write_json
from hlfd.models.registry import Architecture
from hlfd.training.checkpoint import Progress
from hlfd.training.runs import RunFolder
from hlfd.training.settings import TrainingSettings


def export(
    run: RunFolder,
    network: nn.Module,
    architecture: Architecture,
    store: Store,
    settings: TrainingSettings,
    progress: Progress,
    role: str,
    method: str,
    predecessors: dict[str, BundleManifest | None],
) -> BundleManifest:
    """Put the best weights of a run into `run.bundle` and its summary into `run.result`.

    `predecessors` are the models that the run built upon, by what they were to it: `teacher`, `started_from`.

    Raises:
        InputError: the best weights are gone or damaged, which can be where a run was resumed.
    """
    try:
        network.load_state_dict(load_file(run.best))
    except (FileNotFoundError, RuntimeError, SafetensorError):
        raise InputError(f"{run.best}: missing or damaged; start the run again with --overwrite") from None
    told = store.manifest
    how = "" if role == "teacher" else ", undistilled" if method == "none" else f", {method}"
    known = {what: model for what, model in predecessors.items() if model}
    facts = {
        "name": f"{told.organ} tumor {role}{how}",
        "role": role,
        "method": method,
        "organ": told.organ,
        "labels": told.labels,
        "window_hu": told.window_hu,
        "pixel_mm": told.pixel_mm,
        "architecture": architecture,
        "synthetic": told.synthetic or any(model.synthetic for model in known.values()),
        "training": {
            **_cohort(store),
            **_outcome(settings, progress),
            **{what: _provenance(model) for what, model in known.items()},
        },
    }
    manifest = save_bundle(run.bundle, network, facts, overwrite=True)
    write_json(run.result, {"name": manifest.name, "parameters": manifest.parameters, **_outcome(settings, progress)})
    return manifest


def _provenance(model: BundleManifest) -> dict[str, Any]:
    return {
        "synthetic": model.synthetic,
        "architecture": model.architecture.model_dump(mode="json"),
        "parameters": model.parameters,
        "training_cases": model.training["training_cases"],
        "weights_sha256": model.files[WEIGHTS],
        "validation_tumor_dice": model.training["validation_tumor_dice"],
    }


def _cohort(store: Store) -> dict[str, Any]:
    """Counts and ranges of the training cases; nothing that names one."""
    cases = store.cases("training")
    spacings = np.array([case.spacing_mm for case in cases])
    return {
        "training_cases": len(cases),
        "training_patients": len({case.patient for case in cases}),
        "training_cases_with_tumor": sum(case.tumor_slices > 0 for case in cases),
        "training_slices": sum(case.shape[0] for case in cases),
        "training_slices_with_tumor": sum(case.tumor_slices for case in cases),
        "validation_cases": len(store.cases("validation")),
        "slice_mm": [round(float(spacings[:, 2].min()), 3), round(float(spacings[:, 2].max()), 3)],
        "in_plane_mm": [round(float(spacings[:, :2].min()), 3), round(float(spacings[:, :2].max()), 3)],
    }


def _outcome(settings: TrainingSettings, progress: Progress) -> dict[str, Any]:
    return {
        "settings": settings.provenance(),
        "validation_tumor_dice": progress.best_score,
        "best_step": progress.best_step,
        "steps": progress.step,
        "seconds": round(progress.seconds, 1),
    }
