"""Scores of explained models, summed up and as a table."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hlfd.evaluation.tables import MISSING, percent
from hlfd.explain.readings import SLICES_A_CASE

Scores = Mapping[str, float]

LEGEND = (
    "dice: tumour Dice of what a linear probe reads out of a layer (early = e1, middle1..3 = e2..e4, late = e5), and of"
    " the network's own output. share: of the energy of the Grad-CAM map of the tumour class that lies inside the"
    " tumour, mean of the slices that have a map; blind: slices that have none, for nothing in them speaks for tumour;"
    " they are left out of share. flat: the share of a map without any focus."
)
SYNTHETIC = " These CTs are synthetic: no figure here says anything of patients."


def summary_of(cases: Sequence[Scores]) -> dict[str, dict[str, Any]]:
    """Mean and standard deviation of each score over the cases that have it."""
    found = {}
    for name in dict.fromkeys(name for one in cases for name in one):
        values = [one[name] for one in cases if name in one]
        spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
        found[name] = {"mean": float(np.mean(values)), "std": spread, "cases": len(values)}
    return found


def markdown(summaries: Mapping[str, Mapping[str, Mapping[str, Any]]], cases: int, part: str, synthetic: bool) -> str:
    """Give the table, a row a model, and what its columns mean.

    Args:
        summaries: model -> score -> its mean.
        cases: how many were scored.
        part: of the store.
        synthetic: whether the store is.
    """
    columns = dict.fromkeys(name for one in summaries.values() for name in one)
    lines = [f"| % | {' | '.join(columns)} |", "|---" * (1 + len(columns)) + "|"]
    for model, found in summaries.items():
        cells = [percent(found[name]["mean"]) if name in found else MISSING for name in columns]
        lines.append(f"| {model} | {' | '.join(cells)} |")
    scope = f"Means over {cases} {part} cases with tumour, up to {SLICES_A_CASE} of the tumour slices of each. "
    return "\n".join([*lines, "", scope + LEGEND + (SYNTHETIC if synthetic else "")])
