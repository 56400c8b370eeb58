"""A model as a folder: weights, a manifest and a card. It is all that inference needs, and loading it runs no code."""

import hashlib
import json
from pathlib import Path
from typing import Any, Literal

import torch
from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from hlfd import __version__
from hlfd.catalogue import Label
from hlfd.errors import InputError
from hlfd.files import read_json, sha256, whole_file, whole_folder, write_json
from hlfd.model_card import model_card
from hlfd.models.contract import parameter_count
from hlfd.models.registry import Architecture, build

BUNDLE_FORMAT = 1
WEIGHTS, CARD, MANIFEST = "weights.safetensors", "MODEL_CARD.md", "manifest.json"
LEFT_BY_SYSTEMS = {".DS_Store", "Thumbs.db", "desktop.ini"}


class BundleManifest(BaseModel):
    """What a bundle is; `manifest.json`."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: int = BUNDLE_FORMAT
    name: str
    """Such as `kidney tumour student, hlfd`."""
    role: Literal["teacher", "student"]
    method: str
    """How it was trained: `supervised`, or a method of distillation."""
    organ: str
    labels: tuple[Label, ...]
    """Named classes; value k is output channel k."""
    window_hu: tuple[float, float]
    """HU that become 0 and 1."""
    pixel_mm: float | None
    """In-plane pixel that slices are resized to; None where each keeps its own."""
    architecture: Architecture
    parameters: int
    synthetic: bool
    """Trained on synthetic data: not for any use on patients."""
    training: dict[str, Any]
    """Provenance: settings, seed, counts, scores on validation cases. No names of patients or files."""
    versions: dict[str, str]
    """Of hlfd and of what it was trained with."""
    files: dict[str, str]
    """Every other file of the bundle -> its SHA-256."""

    def label_values(self) -> dict[str, int]:
        """Label name -> voxel value."""
        return {label.name: label.value for label in self.labels}


def save_bundle(folder: Path, network: nn.Module, facts: dict[str, Any], overwrite: bool = False) -> BundleManifest:
    """Write a bundle, whole or not at all.

    Args:
        folder: where.
        network: its weights are saved, and nothing else of it.
        facts: the manifest's fields but for those that are worked out here (parameters, versions, files).
        overwrite: replace a bundle that exists.
    """
    with whole_folder(folder, overwrite, MANIFEST) as target:
        weights = {name: value.detach().cpu().contiguous() for name, value in network.state_dict().items()}
        with whole_file(target / WEIGHTS) as temporary:  # safetensors alone would let nobody else read them
            save_file(weights, temporary)
        facts = {**facts, "parameters": parameter_count(network), "versions": _versions()}
        card = model_card(facts)
        with whole_file(target / CARD) as temporary:
            temporary.write_text(card, encoding="utf-8")
        files = {name: sha256(target / name) for name in (WEIGHTS, CARD)}
        manifest = BundleManifest(**facts, files=files)
        content = manifest.model_dump(mode="json")
        write_json(target / MANIFEST, {**content, "digest": _digest(content)})
    return manifest


def load_bundle(folder: Path) -> tuple[BundleManifest, nn.Module]:
    """Check a bundle and build its network, in evaluation mode, on the CPU.

    Raises:
        InputError: not a bundle, one of another format, or with a missing, extra or altered file.
    """
    manifest = read_manifest(folder)
    _require_untouched(folder, manifest)
    # Built without memory of its own: a manifest of a stranger's must not decide how much is taken.
    with torch.device("meta"):
        network = build(manifest.architecture)
    try:
        network.load_state_dict(load_file(folder / WEIGHTS), assign=True)
    except (RuntimeError, SafetensorError):
        raise InputError(f"{folder}: the weights do not fit the network of the manifest; export it again") from None
    return manifest, network.eval()


def read_manifest(folder: Path) -> BundleManifest:
    """Read a bundle's manifest alone.

    Raises:
        InputError: no manifest, an altered one, or one of another format.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such bundle; name the folder that teach or distill exported")
    content = read_json(folder / MANIFEST, "the manifest of a bundle")
    if not isinstance(content, dict) or content.get("format") != BUNDLE_FORMAT:
        raise InputError(f"{folder}: not a bundle of format {BUNDLE_FORMAT}; export it again with this version")
    digest = content.pop("digest", None)
    if digest != _digest(content):
        raise InputError(f"{folder}: {MANIFEST} was altered after export; export the bundle again")
    try:
        return BundleManifest.model_validate(content)
    except ValidationError as error:
        raise InputError(f"{folder}: {MANIFEST} does not fit this version ({error.errors()[0]['msg']})") from None


def _require_untouched(folder: Path, manifest: BundleManifest) -> None:
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()}
    for name in (WEIGHTS, CARD):
        if name not in present:
            raise InputError(f"{folder}: {name} is missing; copy or export the whole bundle again")
        if sha256(folder / name) != manifest.files.get(name):
            raise InputError(f"{folder}: {name} was altered or damaged after export; copy or export the bundle again")
    if extra := sorted(name for name in present - {WEIGHTS, CARD, MANIFEST} if not _left_by_a_system(name)):
        raise InputError(f"{folder}: {extra[0]} does not belong to the bundle; remove it, or export the bundle again")


def _left_by_a_system(name: str) -> bool:
    """Whether a file manager put it there, such as macOS's `._weights.safetensors` on a shared disk."""
    return name in LEFT_BY_SYSTEMS or name.startswith("._")


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _versions() -> dict[str, str]:
    import monai

    return {"hlfd": __version__, "torch": torch.__version__, "monai": monai.__version__}
