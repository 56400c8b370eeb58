"""Linear probes read out what a layer knows, and change nothing of the network."""

import numpy as np
import pytest
import torch
from torch import nn

from hlfd.explain.probes import fit_probes, read_layers
from hlfd.explain.readings import dice_of, image_of
from hlfd.models.contract import Taps
from Testing.conftest import WINDOW_HU
from Testing.explain.conftest import KINDS, a_network

CPU = torch.device("cpu")


class Seer(nn.Module):
    """Knows kidney and tumour early on, by their HU; later it knows nothing."""

    channels: dict[str, int] = {"early": 2, "late": 2}  # noqa: RUF012
    strides: dict[str, int] = {"early": 1, "late": 1}  # noqa: RUF012
    stride = 1

    def forward(self, images):
        return self.taps(images).maps["late"]

    def taps(self, images, maps=("late",)):
        known = torch.cat([images > hu / WINDOW_HU[1] for hu in (30, 110)], dim=1).float()
        nothing = torch.ones_like(known)
        return Taps({"early": known, "late": nothing}, {"late": torch.cat([nothing, nothing[:, :1]], dim=1)})


@pytest.fixture
def a_slice(store):
    """The slice of the test case, and where its tumour is."""
    (case,) = store.cases("test")
    return torch.from_numpy(image_of(store, case, 1))[None, None], store.slices(case).labels[1] == store.tumor_value


def test_a_probe_reads_out_a_feature_that_is_the_label(store, a_slice):
    image, tumor = a_slice
    labels = read_layers(Seer(), fit_probes(Seer(), store, 40, 0, CPU), image)
    assert list(labels) == ["early", "late", "output"]
    assert dice_of(labels["early"][0] == store.tumor_value, tumor) > 0.98


def test_a_probe_cannot_read_what_a_feature_does_not_hold(store, a_slice):
    image, _ = a_slice
    labels = read_layers(Seer(), fit_probes(Seer(), store, 10, 0, CPU), image)
    assert len(np.unique(labels["late"])) == 1


@pytest.mark.parametrize("kind", KINDS)
def test_fitting_and_reading_leave_the_network_as_it_was(store, a_slice, kind):
    network = a_network(kind)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    read_layers(network, fit_probes(network, store, 2, 0, CPU), torch.rand(1, 1, 64, 64))
    assert not network.training
    assert before.keys() == network.state_dict().keys()
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


@pytest.mark.parametrize("kind", KINDS)
def test_each_layer_is_segmented_at_the_size_of_the_image(store, kind):
    network = a_network(kind)
    labels = read_layers(network, fit_probes(network, store, 1, 0, CPU), torch.rand(2, 1, 64, 96))
    assert list(labels) == ["early", "middle1", "middle2", "middle3", "late", "output"]
    assert {found.shape for found in labels.values()} == {(2, 64, 96)}


def test_a_seed_gives_the_same_probes_again_and_another_seed_others(store):
    one, again, other = (fit_probes(Seer(), store, 3, seed, CPU).state_dict() for seed in (4, 4, 5))
    assert all(torch.equal(value, again[name]) for name, value in one.items())
    assert not torch.equal(one["heads.early.weight"], other["heads.early.weight"])
