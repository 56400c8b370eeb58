"""The score that chooses weights: tumour Dice on the validation cases, every slice counted."""

import numpy as np
import torch
from torch import nn

from hlfd.data.frames import Array
from hlfd.data.store import Slices, Store
from hlfd.evaluation.metrics import dice
from hlfd.inference.predictor import SLICES_AT_ONCE, predict_slices


def validate(network: nn.Module, store: Store, slices_per_case: int, device: torch.device) -> float | None:
    """Mean tumour Dice over the validation cases that have tumour, 0..1, at working pixels.

    Args:
        network: the network; its mode (training or not) is left as it was found.
        store: where the validation cases are.
        slices_per_case: how many, evenly spread; 0 takes all.
        device: where the network is.

    Returns:
        None where no validation case has tumour on the slices looked at.
    """
    was_training = network.training
    network.eval()
    scores = []
    for case in store.cases("validation"):
        slices = store.slices(case)
        score = _tumor_dice(network, store, slices, _spread(len(slices.hu), slices_per_case), device)
        if score is not None:
            scores.append(score)
    network.train(was_training)
    return float(np.mean(scores)) if scores else None


def _tumor_dice(network: nn.Module, store: Store, slices: Slices, planes: Array, device: torch.device) -> float | None:
    overlap = predicted = true = 0
    for start in range(0, len(planes), SLICES_AT_ONCE):
        chosen = planes[start : start + SLICES_AT_ONCE]
        found = predict_slices(network, slices.hu[chosen], store.manifest.window_hu, device) == store.tumor_value
        truth = slices.labels[chosen] == store.tumor_value
        overlap += int((found & truth).sum())
        predicted, true = predicted + int(found.sum()), true + int(truth.sum())
    return dice(overlap, predicted, true) if true else None


def _spread(count: int, wanted: int) -> Array:
    if wanted == 0 or wanted >= count:
        return np.arange(count)
    return np.unique(np.linspace(0, count - 1, wanted).round().astype(int))
