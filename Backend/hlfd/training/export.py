"""From the weights that a run keeps to a bundle, and from a finished run to its summary."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from lightning_fabric import Fabric
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import nn

from hlfd.bundle import WEIGHTS, BundleManifest, save_bundle
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.files import write_json
from hlfd.models.registry import Architecture
from hlfd.together import is_first, wait_for_all
from hlfd.training.checkpoint import Progress
from hlfd.training.preflight import outcome
from hlfd.training.runs import RunFolder
from hlfd.training.settings import TrainingSettings


@dataclass(frozen=True)
class Exporter:
    """Makes bundles of a run's network."""

    run: RunFolder
    network: nn.Module
    architecture: Architecture
    store: Store
    settings: TrainingSettings
    role: str
    method: str
    predecessors: dict[str, BundleManifest | None]
    """Models that the run built upon, by what they were to it: `teacher`, `started_from`."""

    def export(self, progress: Progress) -> BundleManifest:
        """Put the network as it is into `run.bundle`."""
        told = self.store.manifest
        how = "" if self.role == "teacher" else ", undistilled" if self.method == "none" else f", {self.method}"
        known = {what: model for what, model in self.predecessors.items() if model}
        facts = {
            "name": f"{told.organ} tumor {self.role}{how}",
            "role": self.role,
            "method": self.method,
            "organ": told.organ,
            "labels": told.labels,
            "window_hu": told.window_hu,
            "pixel_mm": told.pixel_mm,
            "architecture": self.architecture,
            "synthetic": told.synthetic or any(model.synthetic for model in known.values()),
            "training": {
                **_cohort(self.store),
                **_outcome(self.settings, progress),
                **{what: _provenance(model) for what, model in known.items()},
            },
        }
        return save_bundle(self.run.bundle, self.network, facts, overwrite=True)

    def finish(self, progress: Progress, fabric: Fabric) -> BundleManifest | None:
        """Put the best weights of a run into `run.bundle` and its summary into `run.result`.

        Returns:
            The bundle's manifest; None in a process that leaves that to the first one.

        Raises:
            InputError: the best weights are gone or damaged, which can be where a run was resumed.
        """
        manifest = None
        if is_first():
            try:
                self.network.load_state_dict(load_file(self.run.best))
            except (FileNotFoundError, RuntimeError, SafetensorError):
                raise InputError(f"{self.run.best}: missing or damaged; start the run again with --overwrite") from None
            manifest = self.export(progress)
            summary = {
                "name": manifest.name,
                "parameters": manifest.parameters,
                **_outcome(self.settings, progress),
                "ended": progress.ended,
                "expected": progress.expected,
                "actual": outcome(self.run.folder, progress, fabric.device),
            }
            write_json(self.run.result, summary)
        wait_for_all()
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
        "parts": progress.parts,
        "times_lowered": progress.lowered,
        "seconds": round(progress.seconds, 1),
    }
