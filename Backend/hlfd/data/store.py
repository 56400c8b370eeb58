"""The on-disk store of slices: written once by `hlfd prepare`, read lazily by training and evaluation."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from hlfd import __version__
from hlfd.catalogue import TUMOR, Label
from hlfd.data.frames import Array
from hlfd.data.splits import Part, Splits, read_splits
from hlfd.errors import InputError
from hlfd.files import read_json, write_json


class StoredCase(BaseModel):
    """A case as the store holds it: HU and labels at working pixels, every slice of it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    patient: str
    image: Path
    """The CT it was made from, for measuring on the CT's own grid."""
    labels: Path
    """The expert labels it was made from."""
    resampled_labels: bool
    """Whether the labels were brought to the CT's grid."""
    spacing_mm: tuple[float, float, float]
    """Canonical spacing x, y, z of the CT, before resizing."""
    shape: tuple[int, int, int]
    """Slices, rows, columns in the store."""
    tumor_slices: int


class StoreManifest(BaseModel):
    """What a store holds and how it was made."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    format: Literal[1] = 1
    version: str = __version__
    organ: str
    labels: tuple[Label, ...]
    source_values: dict[str, tuple[int, ...]]
    """Label name -> values that meant it in the files."""
    window_hu: tuple[float, float]
    pixel_mm: float | None
    """In-plane working pixel that every slice was resized to; None where each kept its own."""
    synthetic: bool
    """Made by `hlfd phantom`: no figure from it says anything of patients."""
    cases: tuple[StoredCase, ...]


@dataclass(frozen=True)
class Slices:
    """The slices of one case, mapped from disk: nothing is in memory until it is indexed."""

    case: StoredCase
    hu: Array
    """int16, z h w."""
    labels: Array
    """uint8, z h w; 0 is background."""


class Store:
    """A store on disk. Opening it reads its manifest only.

    Raises:
        InputError: no store there, one of another format, or files missing from it.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        content = read_json(folder / "store.json", "a store that `hlfd prepare` wrote")
        try:
            self.manifest = StoreManifest.model_validate(content)
        except ValidationError as error:
            raise InputError(
                f"{folder}: not a store of this version ({error.error_count()} fields differ); run `hlfd prepare` again"
            ) from None
        self.splits = read_splits(folder / "splits.json", {case.name: case.patient for case in self.manifest.cases})
        self._cases = {case.name: case for case in self.manifest.cases}

    def cases(self, part: Part) -> list[StoredCase]:
        """The cases of a part of the division."""
        return [self._cases[name] for name in self.splits.cases(part)]

    def slices(self, case: StoredCase) -> Slices:
        """Map a case's slices from disk."""
        return Slices(case, *(self._map(case, what) for what in ("hu", "labels")))

    def counts(self, case: StoredCase) -> Array:
        """Pixels of each class on each slice: int32, z by 1 + labels."""
        return self._array(case, "counts")

    def digest(self) -> str:
        """Tell this store from others by what is learned from it: cases, labels, window, pixels and division."""
        told = self.manifest.model_dump(mode="json", exclude={"cases": {"__all__": {"image", "labels"}}})
        content = json.dumps([told, self.splits.model_dump(mode="json")], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()

    @cached_property
    def tumor_value(self) -> int:
        """Voxel value of tumour in this store."""
        return next(label.value for label in self.manifest.labels if label.name == TUMOR)

    @property
    def classes(self) -> int:
        """Background and labels."""
        return 1 + len(self.manifest.labels)

    def _map(self, case: StoredCase, what: str) -> Array:
        array = self._array(case, what, mmap_mode="r")
        if array.shape != case.shape:
            raise InputError(f"{case.name}: {what} of shape {array.shape}, not {case.shape}; run `hlfd prepare` again")
        return array

    def _array(self, case: StoredCase, what: str, mmap_mode: Literal["r"] | None = None) -> Array:
        file = self.folder / "cases" / case.name / f"{what}.npy"
        try:
            array: Array = np.load(file, mmap_mode=mmap_mode)
        except FileNotFoundError:
            raise InputError(f"{file}: missing from the store; run `hlfd prepare` again") from None
        except (ValueError, EOFError):
            raise InputError(f"{file}: truncated or damaged; run `hlfd prepare` again") from None
        return array


def save_slices(folder: Path, name: str, hu: Array, labels: Array, classes: int) -> Array:
    """Write one case into a store that is being made; give its counts (z by classes)."""
    target = folder / "cases" / name
    target.mkdir(parents=True)
    counts = np.stack([np.bincount(part.ravel(), minlength=classes) for part in labels]).astype(np.int32)
    for what, array in (("hu", hu), ("labels", labels), ("counts", counts)):
        _save(target / f"{what}.npy", array)
    return counts


def save_manifest(folder: Path, manifest: StoreManifest, splits: Splits) -> None:
    """Write the two files that make a folder a store."""
    write_json(folder / "splits.json", splits.model_dump(mode="json"))
    write_json(folder / "store.json", manifest.model_dump(mode="json"))


def _save(file: Path, array: Array) -> None:
    """Write an array as `numpy.save` does, except that a full disk keeps its errno (`ndarray.tofile` drops it)."""
    whole = np.ascontiguousarray(array)
    with file.open("wb") as stream:
        np.lib.format.write_array_header_1_0(stream, np.lib.format.header_data_from_array_1_0(whole))
        stream.write(whole.data)
