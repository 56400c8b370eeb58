"""Networks by name, and the contract that each of them meets."""

import pytest
import torch

from hlfd.errors import InputError
from hlfd.models.contract import LEVELS, Network, level_of, middle_names, taps_of
from hlfd.models.registry import NETWORKS, Architecture, build

STUDENT = {"widths": [2, 2, 2, 2]}
SMALL = {"unetpp": {"widths": [2, 2, 2, 2, 2]}, "resnet": STUDENT, "resnet-decoder": STUDENT}


@pytest.mark.parametrize("name", NETWORKS)
def test_every_network_gives_what_the_contract_names(name):
    network = build(Architecture(network=name, classes=4, settings=SMALL[name])).eval()
    assert isinstance(network, Network)
    images = torch.rand(1, 1, 64, 64)
    seen = network.taps(images)
    assert {level: len(taps_of((level,), seen.features)) for level in LEVELS} == {"early": 1, "middle": 3, "late": 1}
    assert {key: tensor.shape[1] for key, tensor in seen.features.items()} == network.channels
    assert all(logits.shape == (1, 4, 64, 64) for logits in seen.maps.values())
    assert torch.equal(network(images), seen.maps["late"])


def test_a_module_without_taps_is_no_network():
    assert not isinstance(torch.nn.Conv2d(1, 2, 1), Network)


def test_levels_are_told_from_names():
    taps = ("early", "middle1", "middle2", "middle12", "late")
    assert taps_of(("middle",), taps) == ("middle1", "middle2", "middle12")
    assert taps_of(("early", "late"), taps) == ("early", "late")
    assert [level_of(name) for name in taps] == ["early", "middle", "middle", "middle", "late"]
    assert middle_names(3) == ("middle1", "middle2", "middle3")


@pytest.mark.parametrize("stem_pool", [False, True])
@pytest.mark.parametrize("name", NETWORKS)
def test_strides_are_those_that_the_features_show(name, stem_pool):
    settings = SMALL[name] | ({} if name == "unetpp" else {"stem_pool": stem_pool})
    network = build(Architecture(network=name, classes=2, settings=settings)).eval()
    features = network.taps(torch.rand(1, 1, 96, 96)).features
    assert {key: 96 // tensor.shape[2] for key, tensor in features.items()} == network.strides
    assert network.stride == max(network.strides.values())


@pytest.mark.parametrize("name", NETWORKS)
def test_maps_that_nobody_wants_are_left_out(name):
    network = build(Architecture(network=name, classes=2, settings=SMALL[name])).eval()
    images = torch.rand(1, 1, 64, 64)
    everything, nothing = network.taps(images), network.taps(images, maps=())
    assert not nothing.maps
    assert all(torch.equal(everything.features[key], nothing.features[key]) for key in network.channels)
    assert torch.equal(network.taps(images, maps={"late"}).maps["late"], everything.maps["late"])


def test_an_unknown_network_is_refused_with_those_there_are():
    with pytest.raises(InputError, match="'swin' is unknown; this version has unetpp, resnet, resnet-decoder"):
        build(Architecture(network="swin", classes=2, settings={}))


@pytest.mark.parametrize("settings", [{"widths": [2, 2]}, {"depth": 3}, {"widths": [0, 2, 2, 2]}])
def test_settings_that_do_not_fit_are_refused_in_a_sentence(settings):
    with pytest.raises(InputError, match="network resnet: settings do not fit"):
        build(Architecture(network="resnet", classes=2, settings=settings))
