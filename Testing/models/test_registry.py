"""Networks by name, and the contract that each of them meets."""

import pytest
import torch

from hlfd.errors import InputError
from hlfd.models.contract import LEVELS, Network, level_of, middle_names, select
from hlfd.models.registry import NETWORKS, Architecture, build

SMALL = {"unetpp": {"widths": [2, 2, 2, 2, 2]}, "resnet": {"widths": [2, 2, 2, 2]}}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_what_the_contract_names(name):
    network = build(Architecture(network=name, classes=4, settings=SMALL[name])).eval()
    assert isinstance(network, Network)
    images = torch.rand(1, 1, 64, 64)
    seen = network.taps(images)
    assert {level: len(select(seen.features, level)) for level in LEVELS} == {"early": 1, "middle": 3, "late": 1}
    assert {key: tensor.shape[1] for key, tensor in seen.features.items()} == network.channels
    assert all(logits.shape == (1, 4, 64, 64) for logits in seen.maps.values())
    assert torch.equal(network(images), seen.maps["late"])


def test_a_module_without_taps_is_no_network():
    assert not isinstance(torch.nn.Conv2d(1, 2, 1), Network)


def test_levels_are_told_from_names():
    taps = {"early": 1, "middle1": 2, "middle2": 3, "middle12": 4, "late": 5}
    assert select(taps, "middle") == {"middle1": 2, "middle2": 3, "middle12": 4}
    assert select(taps, "early") == {"early": 1}
    assert [level_of(name) for name in taps] == ["early", "middle", "middle", "middle", "late"]
    assert middle_names(3) == ("middle1", "middle2", "middle3")


def test_an_unknown_network_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="'swin' is unknown; this version has unetpp, resnet"):
        build(Architecture(network="swin", classes=2, settings={}))


@pytest.mark.parametrize("settings", [{"widths": [2, 2]}, {"depth": 3}, {"widths": [0, 2, 2, 2]}])
def test_settings_that_do_not_fit_are_refused_in_a_sentence(settings):
    with pytest.raises(InputError, match="network resnet: settings do not fit"):
        build(Architecture(network="resnet", classes=2, settings=settings))
