"""What models know layer by layer and where they look: figures of some cases, scores over all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from hlfd.data.splits import Part
from hlfd.data.store import Store, StoredCase
from hlfd.errors import InputError
from hlfd.events import Events
from hlfd.explain.cam import Looks, share_inside
from hlfd.explain.figures import Shown, layers_figure, looks_figure
from hlfd.explain.probes import fit_probes, read_layers
from hlfd.explain.readings import SLICES_A_CASE, Model, dice_of, load_model, score_case, slices_of
from hlfd.files import refuse_existing, whole_folder, write_json
from hlfd.inference.predictor import choose_device

RESULT = "explain.json"
DOTS_PER_INCH = 300


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
    store = Store(store_path)
    with_tumor = [case for case in store.cases(part) if case.tumor_slices]
    if not with_tumor:
        raise InputError(f"{store_path}: no {part} case has tumour; choose another --part")
    drawn = _chosen(store, with_tumor, cases, part)
    where = choose_device(device)
    bundles = {name: load_model(name, path, store) for name, path in models.items()}
    with whole_folder(out, overwrite, RESULT) as folder:
        events.emit("started", what="Explaining", of=len(models) + len(with_tumor))
        ready = []
        for number, (name, (manifest, network)) in enumerate(bundles.items(), start=1):
            network.to(where)
            probes = fit_probes(network, store, probe_steps, seed, where)
            looks = Looks(manifest.architecture.network, network, store.tumor_value)
            ready.append(Model(name, manifest, network, probes, looks))
            events.emit("item", at=number, note=f"probes of {name}")
        scores: dict[str, list[dict[str, float]]] = {model.name: [] for model in ready}
        for number, case in enumerate(with_tumor, start=len(models) + 1):
            for model in ready:
                scores[model.name].append(score_case(store, model, case, where))
            events.emit("item", at=number, note=case.name)
        for case in drawn:
            _draw(folder, store, ready, case, where)
        summary = {name: _summary(of_model) for name, of_model in scores.items()}
        table = _table(summary, len(with_tumor), part)
        (folder / "explain.md").write_text(table + "\n", encoding="utf-8")
        write_json(
            folder / RESULT,
            {"part": part, "cases": [case.name for case in with_tumor], "drawn": [case.name for case in drawn]}
            | {"probe_steps": probe_steps, "seed": seed, "models": summary, "by_case": scores},
        )
    return table


def _chosen(store: Store, with_tumor: Sequence[StoredCase], names: Sequence[str], part: str) -> list[StoredCase]:
    if not names:
        return sorted(with_tumor, key=lambda case: -int(store.counts(case)[:, store.tumor_value].sum()))[:3]
    known = {case.name: case for case in with_tumor}
    if unknown := [name for name in names if name not in known]:
        raise InputError(f"cases: {unknown[0]} is no {part} case with tumour; there are {', '.join(known)}")
    return [known[name] for name in names]


def _draw(folder: Path, store: Store, models: Sequence[Model], case: StoredCase, device: torch.device) -> None:
    """Draw the slice with most tumour."""
    plane = np.array([int(store.counts(case)[:, store.tumor_value].argmax())])
    layers, looks, layer_notes, look_notes = {}, {}, {}, {}
    images, labels = slices_of(store, case, plane, store.manifest.window_hu)
    truth = labels[0] == store.tumor_value
    for model in models:
        images, _ = slices_of(store, case, plane, model.manifest.window_hu)
        layers[model.name] = {
            name: values[0] for name, values in read_layers(model.network, model.probes, images.to(device)).items()
        }
        looks[model.name] = {place: energy[0] for place, energy in model.looks.maps(images.to(device)).items()}
        layer_notes[model.name] = {
            name: f"{100 * dice_of(values == store.tumor_value, truth):.0f}"
            for name, values in layers[model.name].items()
        }
        look_notes[model.name] = {
            place: _in_words(share_inside(energy, truth)) for place, energy in looks[model.name].items()
        }
    shown = Shown(case.name, images[0, 0].cpu().numpy(), labels[0], store.tumor_value, layers, looks)
    for name, figure in (("layers", layers_figure(shown, layer_notes)), ("looks", looks_figure(shown, look_notes))):
        for ending in ("png", "svg"):
            figure.savefig(folder / f"{case.name}-{name}.{ending}", dpi=DOTS_PER_INCH, facecolor="white")


def _in_words(share: float | None) -> str:
    return "sees nothing" if share is None else f"{100 * share:.0f} % in the tumour"


def _summary(scores: Sequence[dict[str, float]]) -> dict[str, dict[str, Any]]:
    names = dict.fromkeys(name for one in scores for name in one)
    found = {}
    for name in names:
        values = [one[name] for one in scores if name in one]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        found[name] = {"mean": float(np.mean(values)), "std": spread, "cases": len(values)}
    return found


def _table(summary: Mapping[str, dict[str, dict[str, Any]]], cases: int, part: str) -> str:
    columns = list(next(iter(summary.values())))
    lines = [f"| % | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for model, found in summary.items():
        cells = [f"{100 * found[name]['mean']:.1f}" if name in found else "-" for name in columns]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    legend = (
        f"Means over {cases} {part} cases with tumour, up to {SLICES_A_CASE} of the tumour slices of each. dice: tumour"
        " Dice of what a linear probe reads out of a layer, and of the network's own output. share: of the energy of"
        " the Grad-CAM map of the tumour class that lies inside the tumour; flat: what a map without any focus would"
        " have."
    )
    return "\n".join([*lines, "", legend])
