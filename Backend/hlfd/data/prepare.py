"""From annotated CTs to a store: read, check, name, resize, split."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hlfd.catalogue import TUMOR, Label, make_labels, organ_of
from hlfd.data.cases import Case
from hlfd.data.frames import Array, Frame
from hlfd.data.resize import resize_hu, resize_labels, working_shape
from hlfd.data.splits import Splits, read_splits, split_by_patient
from hlfd.data.store import StoredCase, StoreManifest, save_manifest, save_slices
from hlfd.data.volumes import read_ct, read_frame, read_labels
from hlfd.errors import InputError
from hlfd.events import Events
from hlfd.stopping import stop_here

STOPPED = "prepare: stopped; nothing is half-written, and the next start begins anew"


def median_pixel_mm(cases: Sequence[Case]) -> float:
    """The median in-plane pixel of the cases, from their headers alone."""
    pixels = [np.mean(_frame(case).canonical.spacing_mm[:2]) for case in cases]
    return round(float(np.median(pixels)), 4)


def _frame(case: Case) -> Frame:
    try:
        return read_frame(case.image)
    except InputError as error:
        raise InputError(f"case {case.name}: {error}") from None


def name_labels(values: Array, source_values: dict[str, tuple[int, ...]], where: str) -> Array:
    """Translate a file's label values to those of the store (1, 2, ... in the order of the names).

    Raises:
        InputError: a value that no name claims.
    """
    table = np.zeros(256, np.uint8)
    named = np.zeros(256, bool)
    named[0] = True
    for value, sources in enumerate(source_values.values(), start=1):
        table[list(sources)] = value
        named[list(sources)] = True
    present = np.flatnonzero(np.bincount(values.ravel(), minlength=256))
    if unnamed := [int(value) for value in present if not named[value]]:
        raise InputError(f"{where}: {_unnamed(unnamed, source_values)}")
    return table[values]


def _unnamed(values: list[int], source_values: dict[str, tuple[int, ...]]) -> str:
    organ = organ_of(source_values, TUMOR)
    example = {**source_values, organ: (*source_values[organ], *values)}
    found = f"label value {values[0]} has" if len(values) == 1 else f"label values {_and(values)} have"
    return (
        f"{found} no name (known: {_spelt(source_values)}); name it with --labels, or let a name include it, "
        f"such as --labels {_spelt(example)}"
    )


def _and(values: list[int]) -> str:
    return ", ".join(map(str, values[:-1])) + f" and {values[-1]}"


def _spelt(source_values: dict[str, tuple[int, ...]]) -> str:
    return ",".join(f"{name}={'+'.join(map(str, values))}" for name, values in source_values.items())


def write_store(
    folder: Path,
    cases: Sequence[Case],
    organ: str,
    source_values: dict[str, tuple[int, ...]],
    window_hu: tuple[float, float],
    pixel_mm: float | None,
    synthetic: bool,
    resample_labels: bool,
    shares: tuple[float, float],
    seed: int,
    splits_file: Path | None,
    events: Events,
) -> tuple[StoreManifest, Splits]:
    """Write every case and then the manifest and division into `folder`.

    Raises:
        InputError: a case that cannot be used, or no tumour in training or anywhere.
        Stopped: a stop was asked; `folder` is not a store.
    """
    labels = make_labels(tuple(source_values), organ)
    patient_of = {case.name: case.patient for case in cases}
    by_hand = read_splits(splits_file, patient_of) if splits_file else None  # its faults show before hours of reading
    events.emit("started", what="Preparing", of=len(cases))
    stored = []
    for number, case in enumerate(cases, start=1):
        stored.append(_write_case(folder, case, labels, source_values, pixel_mm, resample_labels))
        events.emit("item", at=number, note=case.name)
    with_tumor = {case.name for case in stored if case.tumor_slices}
    splits = by_hand or split_by_patient(patient_of, with_tumor, *shares, seed)
    _require_tumor(splits, with_tumor)
    manifest = StoreManifest(
        organ=organ,
        labels=labels,
        source_values=source_values,
        window_hu=window_hu,
        pixel_mm=pixel_mm,
        synthetic=synthetic,
        cases=tuple(stored),
    )
    save_manifest(folder, manifest, splits)
    return manifest, splits


def _write_case(
    folder: Path,
    case: Case,
    labels: tuple[Label, ...],
    source_values: dict[str, tuple[int, ...]],
    pixel_mm: float | None,
    resample_labels: bool,
) -> StoredCase:
    try:
        stop_here(STOPPED)  # a case takes seconds, and a stop waits for five
        ct = read_ct(case.image)
        stop_here(STOPPED)
        truth = read_labels(case.labels, like=ct, resample=resample_labels)
        named = name_labels(truth.array, source_values, str(case.labels))
    except InputError as error:
        raise InputError(f"case {case.name}: {error}") from None
    shape = working_shape(ct.array.shape[1:], ct.spacing_mm, pixel_mm)
    classes = 1 + len(labels)
    hu = resize_hu(ct.array, shape)
    stop_here(STOPPED)
    resized = resize_labels(named, shape, classes)
    stop_here(STOPPED)
    counts = save_slices(folder, case.name, hu, resized, classes)
    tumor = next(label.value for label in labels if label.name == TUMOR)
    return StoredCase(
        name=case.name,
        patient=case.patient,
        image=case.image.resolve(),
        labels=case.labels.resolve(),
        resampled_labels=resample_labels,
        spacing_mm=ct.spacing_mm,
        shape=hu.shape,
        tumor_slices=int((counts[:, tumor] > 0).sum()),
    )


def _require_tumor(splits: Splits, with_tumor: set[str]) -> None:
    if not with_tumor:
        raise InputError("no case has tumour; there is nothing to learn from: check the labels or add cases")
    if not with_tumor & set(splits.training):
        raise InputError("no training case has tumour; choose another --seed, smaller shares, or --splits")
