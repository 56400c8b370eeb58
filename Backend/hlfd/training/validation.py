"""The score that chooses weights: tumour Dice on the validation cases, every slice counted."""

from collections.abc import Callable

import numpy as np
import torch
from torch import nn

from hlfd.data.frames import Array
from hlfd.data.store import Slices, Store
from hlfd.evaluation.metrics import dice
from hlfd.inference.predictor import SLICES_AT_ONCE, predict_slices
from hlfd.together import gathered, own_share


def validate(
    network: nn.Module,
    store: Store,
    slices_per_case: int,
    device: torch.device,
    between: Callable[[], None] = lambda: None,
    cases: int | None = None,
) -> float | None:
    """Mean tumour Dice over the validation cases that have tumour, 0..1, at working pixels.

    Where several processes train together, each looks at its share of the cases.

    Args:
        network: the network; its mode (training or not) is left as it was found.
        store: where the validation cases are.
        slices_per_case: how many, evenly spread; 0 takes all.
        device: where the network is.
        between: called between slices; may end the validation by an error.
        cases: look at the first ones only.

    Returns:
        None where no validation case has tumour on the slices looked at.
    """
    was_training = network.training
    network.eval()
    chosen = store.cases("validation")[:cases]
    own = []
    try:
        for case in chosen[own_share(chosen)]:
            slices = store.slices(case)
            planes = _spread(len(slices.hu), slices_per_case)
            own.append(_tumor_dice(network, store, slices, planes, device, between))
    finally:
        network.train(was_training)
    # In the order of the cases, so that the mean is the same however they were shared out.
    by_process = gathered(own)
    scores = [by_process[number % len(by_process)][number // len(by_process)] for number in range(len(chosen))]
    known = [score for score in scores if score is not None]
    return float(np.mean(known)) if known else None


def slices_to_see(store: Store, slices_per_case: int) -> int:
    """Slices that a validation looks at."""
    return sum(len(_spread(case.shape[0], slices_per_case)) for case in store.cases("validation"))


def _tumor_dice(
    network: nn.Module, store: Store, slices: Slices, planes: Array, device: torch.device, between: Callable[[], None]
) -> float | None:
    overlap = predicted = true = 0
    for start in range(0, len(planes), SLICES_AT_ONCE):
        between()
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
