"""What models know layer by layer and where they look: figures of some cases, scores over all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch

from hlfd.data.splits import Part
from hlfd.data.store import Store, StoredCase
from hlfd.errors import InputError
from hlfd.events import Events
from hlfd.explain.cam import Looks, share_inside
from hlfd.explain.figures import Shown, layers_figure, looks_figure, save_figure
from hlfd.explain.probes import fit_probes
from hlfd.explain.readings import Model, dice_of, image_of, load_model, read_slice, score_case
from hlfd.explain.tables import Scores, markdown, summary_of
from hlfd.files import refuse_existing, whole_folder, write_json
from hlfd.inference.predictor import choose_device

RESULT = "explain.json"
DRAWN = 3


def explain(
    store_path: Path,
    out: Path,
    models: Mapping[str, Path],
    part: Part,
    cases: Sequence[str],
    probe_steps: int,
    seed: int,
    device: str,
    overwrite: bool,
    events: Events,
) -> str:
    """Draw Fig. 2 and Fig. 3 of the paper for some cases, score all cases with tumour, and give the table.

    Args:
        store_path: store whose cases are shown; probes learn from its training cases.
        out: folder to write.
        models: name -> run or bundle.
        part: of the store.
        cases: names; by default the three with most tumour.
        probe_steps: steps of the probes' training.
        seed: of the probes.
        device: where to compute.
        overwrite: replace an earlier one.
        events: hear of the progress.

    Raises:
        InputError: a model of other labels, an unknown case, or no tumour in the part.
    """
    refuse_existing(out, overwrite)
    store, where = Store(store_path), choose_device(device)
    with_tumor = [case for case in store.cases(part) if case.tumor_slices]
    if not with_tumor:
        raise InputError(f"{store_path}: no {part} case has tumour; choose another --part")
    drawn = _chosen(store, with_tumor, cases, part)
    loaded = {name: load_model(path, store) for name, path in models.items()}
    with whole_folder(out, overwrite, RESULT) as folder:
        events.emit("started", what="Explaining", of=len(models) + len(with_tumor))
        ready = {}
        for number, (name, (kind, network)) in enumerate(loaded.items(), start=1):
            ready[name] = _ready(kind, network, store, probe_steps, seed, where)
            events.emit("item", at=number, note=f"probes of {name}")
        for case in drawn:
            _draw(folder, store, ready, case, where)
        scores: dict[str, list[Scores]] = {name: [] for name in ready}
        for number, case in enumerate(with_tumor, start=1 + len(models)):
            for name, model in ready.items():
                scores[name].append(score_case(model, store, case, where))
            events.emit("item", at=number, note=case.name)
        summaries = {name: summary_of(found) for name, found in scores.items()}
        table = markdown(summaries, len(with_tumor), part, store.manifest.synthetic)
        (folder / "explain.md").write_text(table + "\n", encoding="utf-8")
        names = {"cases": [case.name for case in with_tumor], "drawn": [case.name for case in drawn]}
        about = {"part": part, "synthetic": store.manifest.synthetic, "probe_steps": probe_steps, "seed": seed}
        write_json(folder / RESULT, {**about, **names, "models": summaries, "by_case": scores})
    return table


def _chosen(store: Store, with_tumor: Sequence[StoredCase], names: Sequence[str], part: str) -> list[StoredCase]:
    if not names:
        return sorted(with_tumor, key=lambda case: -int(store.counts(case)[:, store.tumor_value].sum()))[:DRAWN]
    known = {case.name: case for case in with_tumor}
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"cases: {unknown[0]} is no {part} case with tumour; there are {', '.join(known)}")
    return [known[name] for name in dict.fromkeys(names)]


def _ready(kind: str, network: torch.nn.Module, store: Store, steps: int, seed: int, device: torch.device) -> Model:
    network.to(device)
    probes = fit_probes(network, store, steps, seed, device)
    return Model(network, probes, Looks(kind, network, store.tumor_value))


def _draw(folder: Path, store: Store, models: Mapping[str, Model], case: StoredCase, device: torch.device) -> None:
    """Draw the slice with most tumour."""
    plane = int(store.counts(case)[:, store.tumor_value].argmax())
    readings = {name: read_slice(model, store, case, plane, device) for name, model in models.items()}
    truth = next(iter(readings.values())).truth
    tumor = truth == store.tumor_value
    layers = {name: one.layers for name, one in readings.items()}
    looks = {name: one.looks for name, one in readings.items()}
    shown = Shown(
        f"{case.name}, slice {plane + 1} of {case.shape[0]}",
        image_of(store, case, plane),
        truth,
        store.tumor_value,
        store.manifest.organ,
    )
    scores = {
        model: {name: f"{100 * dice_of(labels == store.tumor_value, tumor):.0f}" for name, labels in found.items()}
        for model, found in layers.items()
    }
    shares = {
        model: {place: _in_words(share_inside(energy, tumor)) for place, energy in found.items()}
        for model, found in looks.items()
    }
    save_figure(layers_figure(shown, layers, scores), folder / f"{case.name}-layers")
    save_figure(looks_figure(shown, looks, shares), folder / f"{case.name}-looks")


def _in_words(share: float | None) -> str:
    return "sees nothing" if share is None else f"{100 * share:.0f} %"
