"""The student with a light decoder."""

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode

from hlfd.models.contract import parameter_count
from hlfd.models.resnet import ResNetSettings, ResNetStudent
from hlfd.models.resnet_decoder import ResNetDecoderSettings, ResNetDecoderStudent


def flops(network):
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network.eval()(torch.zeros(1, 1, 256, 256))
    return counter.get_total_flops()


@pytest.mark.parametrize("stem_pool", [False, True])
def test_the_decoder_is_light(stem_pool):
    plain = ResNetStudent(3, ResNetSettings(stem_pool=stem_pool))
    decoded = ResNetDecoderStudent(3, ResNetDecoderSettings(stem_pool=stem_pool))
    assert 1 < parameter_count(decoded) / parameter_count(plain) < 1.15
    assert 1 < flops(decoded) / flops(plain) < 1.25


@pytest.mark.parametrize(("stem_pool", "stride"), [(False, 4), (True, 8)])
def test_its_output_is_finer_by_a_factor_of_four(stem_pool, stride):
    network = ResNetDecoderStudent(3, ResNetDecoderSettings(widths=(2, 3, 4, 5), stem_pool=stem_pool)).eval()
    features = network.features(torch.rand(1, 1, 64, 64))
    assert network.logits(features).shape == (1, 3, 64 // stride, 64 // stride)
    assert network(torch.rand(1, 1, 64, 64)).shape == (1, 3, 64, 64)


def test_every_merged_stage_matters():
    network = ResNetDecoderStudent(3, ResNetDecoderSettings(widths=(2, 3, 4, 5))).eval()
    features = network.features(torch.rand(1, 1, 64, 64))
    before = network.logits(features)
    for name in features:
        changed = network.logits({**features, name: features[name] + 1})
        assert torch.equal(changed, before) == (name in ("early", "middle1"))
