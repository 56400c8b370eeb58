"""Dice and relative volume difference, per case and over a cohort, for both protocols."""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from hlfd.data.frames import Array

Protocol = Literal["volume", "paper"]


def dice(overlap: int, predicted: int, true: int) -> float | None:
    """2 |P and T| / (|P| + |T|), 0..1; None where both are empty, since nothing is there to agree on."""
    return 2 * overlap / (predicted + true) if predicted + true else None


def relative_volume_difference(predicted: int, true: int) -> float | None:
    """Predicted / true - 1: 0 is best, -1 finds nothing; None where there is nothing to find."""
    return predicted / true - 1 if true else None


class Score(BaseModel):
    """One label of one case under one protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    case: str
    protocol: Protocol
    label: str
    dice: float | None
    """0..1; None where the expert marked none of it (and in `paper`, where no slice has tumour)."""
    rvd: float | None
    """Predicted / true - 1."""
    predicted_ml: float
    true_ml: float
    slices: int
    """Slices that counted."""


def score_case(
    case: str, predicted: Array, truth: Array, labels: dict[str, int], tumor: int, voxel_ml: float
) -> list[Score]:
    """Compare two label maps, z y x, of one grid.

    Protocol `volume` counts every slice, as a clinician's CT has them; `paper` counts the slices on which the
    expert marked tumour (section 3 of the paper and its released code).

    Args:
        case: name.
        predicted: label values.
        truth: label values.
        labels: label name -> value.
        tumor: value of tumour.
        voxel_ml: volume of a voxel.
    """
    with_tumor = (truth == tumor).any(axis=(1, 2))
    planes = {"volume": np.ones(len(truth), bool), "paper": with_tumor}
    scores = []
    for name, value in labels.items():
        found, real = predicted == value, truth == value
        counts = np.stack([part.sum(axis=(1, 2)) for part in (found & real, found, real)])
        for protocol in ("volume", "paper"):
            overlap, hit, true = (int(count) for count in counts[:, planes[protocol]].sum(axis=1))
            score = Score(
                case=case,
                protocol=protocol,
                label=name,
                dice=dice(overlap, hit, true) if true else None,
                rvd=relative_volume_difference(hit, true),
                predicted_ml=hit * voxel_ml,
                true_ml=true * voxel_ml,
                slices=int(planes[protocol].sum()),
            )
            scores.append(score)
    return scores


class Total(BaseModel):
    """A label over all cases under one protocol."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    protocol: Protocol
    label: str
    cases: int
    """Cases in which the expert marked the label; means are over these."""
    dice_mean: float | None
    dice_std: float | None
    """Standard deviation over the cases (n - 1)."""
    dice_pooled: float | None
    """Dice of all voxels of all cases taken as one: false findings in cases without the label count too."""
    rvd_mean: float | None
    false_ml: float | None
    """Mean volume found in cases where the expert marked none; None without such cases."""


def total(scores: Sequence[Score]) -> list[Total]:
    """Sum up per label and protocol, in the order of the scores."""
    groups: dict[tuple[Protocol, str], list[Score]] = {}
    for score in scores:
        groups.setdefault((score.protocol, score.label), []).append(score)
    return [_total(protocol, label, group) for (protocol, label), group in groups.items()]


def _total(protocol: Protocol, label: str, group: list[Score]) -> Total:
    dices = [score.dice for score in group if score.dice is not None]
    rvds = [score.rvd for score in group if score.rvd is not None]
    false = [score.predicted_ml for score in group if score.true_ml == 0 and score.slices]
    overlap = sum((score.dice or 0.0) * (score.predicted_ml + score.true_ml) for score in group)
    volume = sum(score.predicted_ml + score.true_ml for score in group)
    return Total(
        protocol=protocol,
        label=label,
        cases=len(dices),
        dice_mean=float(np.mean(dices)) if dices else None,
        dice_std=float(np.std(dices, ddof=1)) if len(dices) > 1 else None,
        dice_pooled=overlap / volume if volume else None,
        rvd_mean=float(np.mean(rvds)) if rvds else None,
        false_ml=float(np.mean(false)) if false else None,
    )
