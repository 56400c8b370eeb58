"""What a model found in a CT, as the report for programs has it: JSON that needs no image to be read."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from hlfd.bundle import WEIGHTS, BundleManifest
from hlfd.data.frames import Array
from hlfd.data.volumes import Volume
from hlfd.errors import InputError
from hlfd.files import read_json
from hlfd.inference.lesions import Lesion, find_lesions

REPORT_FORMAT = 1
REPORT_ENDING = ".json"


@dataclass(frozen=True)
class Found:
    """What a model found in a CT."""

    manifest: BundleManifest
    ct: Volume
    labels: Array
    """Label values, z y x in canonical order."""

    @property
    def volumes_ml(self) -> dict[str, float]:
        """Label name -> millilitres."""
        voxel_ml = self.ct.frame.voxel_ml
        counts = {label.name: np.count_nonzero(self.labels == label.value) for label in self.manifest.labels}
        return {name: count * voxel_ml for name, count in counts.items()}

    def lesions(self) -> list[Lesion]:
        """Every piece of every lesion label, the largest of a label first."""
        return find_lesions(self.labels, self.ct.frame, self.manifest.labels)


def report_of(found: Found, seconds: float) -> dict[str, Any]:
    """Put findings into the report's words; docs/segment.md explains each.

    Args:
        found: in one CT.
        seconds: that it took.
    """
    told, volumes_ml = found.manifest, found.volumes_ml
    return {
        "format": REPORT_FORMAT,
        "model": {
            "name": told.name,
            "organ": told.organ,
            "synthetic": told.synthetic,
            "weights_sha256": told.files[WEIGHTS],
        },
        "ct": {
            "spacing_mm": list(found.ct.spacing_mm),
            "slices": len(found.ct.array),
            "shape": list(found.ct.array.shape),
        },
        "labels": [
            {"name": label.name, "value": label.value, "volume_ml": volumes_ml[label.name]} for label in told.labels
        ],
        "lesions": [dataclasses.asdict(lesion) for lesion in found.lesions()],
        "seconds": round(seconds, 1),
    }


def read_report(path: Path) -> dict[str, Any]:
    """Read a report that `hlfd segment` or `segment-folder` wrote.

    Raises:
        InputError: missing, or not a report of this format.
    """
    content = read_json(path, "the report of a segmentation")
    is_report = isinstance(content, dict) and {"model", "ct", "labels", "lesions"} <= set(content)
    if not is_report or content.get("format") != REPORT_FORMAT:
        raise InputError(f"{path}: not a report of format {REPORT_FORMAT}; move it away, or segment the CT again")
    return content


def in_words(lesions: Sequence[dict[str, Any]]) -> str:
    """Say how many lesions a report has, and how long the longest is across."""
    if not lesions:
        return "no lesion"
    longest_mm = max(lesion["longest_axial_mm"] for lesion in lesions)
    if len(lesions) == 1:
        return f"1 lesion, {longest_mm:.1f} mm across"
    return f"{len(lesions)} lesions, the longest {longest_mm:.1f} mm across"
