"""The score that chooses weights: mean tumour Dice over the validation cases."""

import numpy as np
import pytest
import torch
from torch import nn

from hlfd.data.store import Store
from hlfd.training.validation import validate
from Testing.training.tiny_runs import make_store

CPU = torch.device("cpu")


class Bright(nn.Module):
    """Calls tumour whatever is brighter than a share of the window."""

    stride = 16

    def __init__(self, threshold):
        super().__init__()
        self.threshold, self.sizes = threshold, []
        self.norm = nn.BatchNorm2d(1)

    def forward(self, images):
        self.sizes.append(tuple(images.shape))
        tumor = (images > self.threshold).float()
        return torch.cat([0.5 - 0 * tumor, 0 * tumor, tumor], dim=1)


@pytest.fixture
def store(tmp_path):
    """Its validation case has slices without and with tumour: 0, 144 and 144 pixels."""
    return Store(make_store(tmp_path / "store"))


def oracle(store, threshold, planes=None):
    """Twice the overlap over the sum of both sizes, over the whole case."""
    scores = []
    for case in store.cases("validation"):
        slices = store.slices(case)
        overlap = predicted = true = 0
        for plane in range(len(slices.hu)) if planes is None else planes:
            for hu, label in zip(slices.hu[plane].ravel().tolist(), slices.labels[plane].ravel().tolist(), strict=True):
                found = np.float32(min(max((hu + 200) / 500, 0), 1)) > threshold
                overlap, predicted, true = overlap + (found and label == 2), predicted + found, true + (label == 2)
        scores.append(2 * overlap / (predicted + true))
    return sum(scores) / len(scores)


@pytest.mark.parametrize("threshold", [0.5, 0.7, 0.72])
def test_the_score_equals_the_oracle(store, threshold):
    assert validate(Bright(threshold), store, 0, CPU) == pytest.approx(oracle(store, threshold))


def test_all_slices_count_also_those_without_tumour(store):
    assert validate(Bright(0.5), store, 0, CPU) < oracle(store, 0.5, planes=(1, 2))


def test_fewer_slices_are_evenly_spread(store):
    assert validate(Bright(0.7), store, 2, CPU) == pytest.approx(oracle(store, 0.7, planes=(0, 2)))


def test_finding_nothing_scores_0(store):
    assert validate(Bright(2.0), store, 0, CPU) == 0


def test_no_slice_with_tumour_gives_no_score(store):
    assert validate(Bright(0.5), store, 1, CPU) is None  # the first slice has none


@pytest.mark.parametrize("training", [True, False])
def test_the_mode_is_left_as_it_was_and_nothing_is_learned(store, training):
    network = Bright(0.5).train(training)
    validate(network, store, 0, CPU)
    assert network.training == network.norm.training == training
    assert network.norm.num_batches_tracked == 0
