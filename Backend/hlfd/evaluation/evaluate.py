"""Measuring a bundle, or label maps, on a part of a store."""

from collections.abc import Callable, Sequence
from pathlib import Path

from torch import nn

from hlfd.bundle import BundleManifest, load_bundle
from hlfd.catalogue import Label
from hlfd.data.frames import Array
from hlfd.data.prepare import name_labels
from hlfd.data.splits import Part
from hlfd.data.store import Store, StoredCase
from hlfd.data.volumes import Volume, read_ct, read_labels
from hlfd.errors import InputError
from hlfd.evaluation.metrics import Score, Total, score_case, total
from hlfd.evaluation.predictions import read_prediction
from hlfd.evaluation.tables import write_scores
from hlfd.events import Events
from hlfd.files import refuse_existing, whole_folder, write_json
from hlfd.inference.output import LABEL_MAP_ENDINGS, SEGMENTATION_ENDING, write_segmentation
from hlfd.inference.predictor import TumorThreshold, choose_device, predict_volume
from hlfd.stopping import stop_here

STOPPED = "stopped; nothing is half-written"
SUMMARY = "summary.json"
Source = Callable[[StoredCase, Volume], Array]
"""Gives a case's predicted label values in canonical order."""


def evaluate(
    store_path: Path,
    out: Path,
    model: Path | None,
    predictions: Path | None,
    part: Part,
    save: str,
    device: str,
    overwrite: bool,
    events: Events,
    tumor_threshold: float | None = None,
) -> list[Total]:
    """Measure every case of a part and write `cases.csv` and `summary.json` into `out`.

    A bundle's pixels are tumour from the probability `tumor_threshold` on, or where no class is more probable.

    Raises:
        InputError: store, bundle, a prediction, or a case's own files cannot be used.
    """
    refuse_existing(out, overwrite)
    store = Store(store_path)
    cases = store.cases(part)
    if not cases:
        raise InputError(f"{store_path}: has no {part} cases; prepare it with a larger share, or choose another --part")
    for case in cases:
        _require_files(case)
    source, about = _source(model, predictions, store, cases, device, tumor_threshold)
    events.emit("started", what="Measuring", of=len(cases))
    scores: list[Score] = []
    with whole_folder(out, overwrite, SUMMARY) as folder:
        for number, case in enumerate(cases, start=1):
            ct = read_ct(case.image)
            labels = source(case, ct)
            scores += _score(case, ct, labels, store)
            if save != "none":
                write_segmentation(folder / f"{case.name}.{save}", labels, ct.frame, store.manifest.labels)
            events.emit("item", at=number, note=case.name)
        totals = total(scores)
        write_scores(folder / "cases.csv", scores)
        write_json(
            folder / SUMMARY,
            {
                **about,
                "part": part,
                "cases": len(cases),
                "synthetic": store.manifest.synthetic,
                "totals": [item.model_dump() for item in totals],
            },
        )
    return totals


def _require_files(case: StoredCase) -> None:
    """A file that was moved shows before the first case is measured, not after an hour."""
    for path in (case.image, case.labels):
        if not path.exists():
            raise InputError(f"case {case.name}: {path} is no longer there; restore it, or prepare the store again")


def _source(
    model: Path | None,
    predictions: Path | None,
    store: Store,
    cases: Sequence[StoredCase],
    device: str,
    tumor_threshold: float | None,
) -> tuple[Source, dict[str, object]]:
    if model is not None:
        manifest, network = load_bundle(model)
        _require_same_labels(model, manifest, store)
        about = {
            "model": manifest.name,
            "parameters": manifest.parameters,
            "weights": manifest.files,
            "tumor_threshold": tumor_threshold,
        }
        tumor = None if tumor_threshold is None else TumorThreshold(store.tumor_value, tumor_threshold)
        return _from_model(manifest, network, device, tumor), about
    assert predictions is not None
    return _from_files(predictions, cases, store.manifest.labels), {"predictions": str(predictions)}


def _from_model(manifest: BundleManifest, network: nn.Module, device: str, tumor: TumorThreshold | None) -> Source:
    where = choose_device(device)
    network.to(where)

    def predict(_case: StoredCase, ct: Volume) -> Array:
        window_hu, pixel_mm = manifest.window_hu, manifest.pixel_mm
        return predict_volume(
            network,
            ct.array,
            ct.spacing_mm,
            window_hu,
            pixel_mm,
            where,
            tumor=tumor,
            on_slices=lambda _done: stop_here(STOPPED),
        )

    return predict


def _from_files(folder: Path, cases: Sequence[StoredCase], labels: Sequence[Label]) -> Source:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the one that holds a label map for each case")
    files = {case.name: _prediction(folder, case.name) for case in cases}  # a missing one should show before an hour
    return lambda case, ct: read_prediction(files[case.name], ct, labels)


def _prediction(folder: Path, case: str) -> Path:
    candidates = [folder / f"{case}{ending}" for ending in (SEGMENTATION_ENDING, *LABEL_MAP_ENDINGS)]
    there = [candidate for candidate in candidates if candidate.exists()]
    if not there:
        raise InputError(f"{folder}: no label map for case {case}; expected {case}.nii.gz or {case}.seg.nrrd")
    if len(there) > 1:
        raise InputError(f"{folder}: {there[0].name} and {there[1].name} are for one case; keep the one to be measured")
    return there[0]


def _score(case: StoredCase, ct: Volume, labels: Array, store: Store) -> list[Score]:
    told = store.manifest
    truth = read_labels(case.labels, like=ct, resample=case.resampled_labels)
    named = name_labels(truth.array, told.source_values, str(case.labels))
    values = {label.name: label.value for label in told.labels}
    return score_case(case.name, labels, named, values, store.tumor_value, ct.frame.voxel_ml)


def _require_same_labels(model: Path, manifest: BundleManifest, store: Store) -> None:
    wanted = {label.name: label.value for label in store.manifest.labels}
    if manifest.label_values() != wanted:
        raise InputError(
            f"{model}: knows {', '.join(manifest.label_values())}, the store has {', '.join(wanted)}; measure it on a "
            "store of the same labels"
        )
