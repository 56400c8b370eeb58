"""What is known of a teacher: small, exact, and the same whoever asks."""

import pytest
import torch
from torch.nn.functional import avg_pool2d, interpolate, softmax

from hlfd.distillation.attention import attention
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.losses import feature_distance
from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.targets import (
    LiveTeacher,
    Source,
    directions,
    root_energy,
    shrunk_maps,
    targets_of_teacher,
    targets_of_truth,
)
from hlfd.models.contract import Taps
from hlfd.models.unetpp import UNetPlusPlus, UNetPlusPlusSettings
from Testing.distillation.taps import CHANNELS, PLAIN_STRIDES


def random(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


@pytest.fixture
def a_teacher():
    torch.manual_seed(0)
    return UNetPlusPlus(3, UNetPlusPlusSettings(widths=(2, 3, 4, 5, 6), norm="batch"))


@pytest.fixture
def hlfds_sources():
    distiller = Distiller(make_recipe("hlfd", "", "live", None, None), CHANNELS, PLAIN_STRIDES, 3)
    return distiller.sources


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0])
def test_attention_of_the_root_energy_is_that_of_the_features_laid_behind_each_other(power):
    large, small = random(2, 3, 8, 8), 100 * random(2, 2, 4, 4, seed=1)
    behind = torch.cat([interpolate(large, size=(4, 4), mode="bilinear"), small], dim=1)
    root = root_energy([large, small], (4, 4), power)
    assert root.shape == (2, 1, 4, 4)
    torch.testing.assert_close(attention(root, power), attention(behind, power))


@pytest.mark.parametrize("power", [2.0, 4.0])
def test_half_precision_on_disk_hardly_changes_a_distance(power):
    teacher, student = 1e4 * random(2, 8, 4, 4), random(2, 3, 8, 8, seed=1)
    root = root_energy([teacher], (4, 4), power)
    assert root.min() >= 0 and root.max() <= 1
    exact, stored = feature_distance(student, root, power), feature_distance(student, root.half().float(), power)
    assert stored.item() == pytest.approx(exact.item(), rel=2e-3)


def test_maps_are_averaged_over_heads_and_squares_by_hand():
    one = torch.tensor([[[[0.0, 4.0], [8.0, 0.0]], [[1.0, 1.0], [1.0, 1.0]]]])
    other = one + 2
    assert shrunk_maps([one, other], 2).flatten().tolist() == [4.0, 2.0]
    assert torch.equal(shrunk_maps([one], 1), one)


def test_directions_have_length_one_and_zero_stays_zero():
    features = random(1, 3, 2, 2)
    features[..., 0, 0] = 0
    lengths = directions(features, (2, 2)).norm(dim=1)
    torch.testing.assert_close(lengths, torch.tensor([[[0.0, 1.0], [1.0, 1.0]]]))


def test_the_truth_gives_each_class_its_share_of_a_square():
    labels = torch.tensor([[[0, 1, 2, 2], [1, 1, 2, 2]]])
    sources = [Source("pixel", ("late",), 2), Source("feature", ("late",), 2, 2.0)]
    found = targets_of_truth(labels, sources, classes=3, temperature=4.0)
    shares = softmax(found["pixel-late-2"] / 4, dim=1)
    torch.testing.assert_close(shares[0, :, 0, 0], torch.tensor([0.25, 0.75, 0.0]), atol=1e-3, rtol=0)
    torch.testing.assert_close(shares[0, :, 0, 1], torch.tensor([0.0, 0.0, 1.0]), atol=1e-3, rtol=0)
    assert found["feature-late-2-p2"].flatten().tolist() == [0.75, 1.0]


def test_a_live_teacher_says_what_it_says_when_run_by_hand(a_teacher, hlfds_sources):
    images = random(2, 1, 32, 32)
    found = LiveTeacher(a_teacher, hlfds_sources)(images, images)
    with torch.no_grad():
        taps = a_teacher.eval().taps(images)
    assert set(found) == {source.name for source in hlfds_sources}
    late = avg_pool2d(taps.maps["late"], 4)
    torch.testing.assert_close(found["pixel-late-4"], late, rtol=1e-4, atol=1e-4)
    torch.testing.assert_close(
        attention(found["feature-late-16-p2"]), attention(taps.features["late"]), rtol=1e-4, atol=1e-4
    )


def test_a_live_teacher_stays_frozen_and_in_evaluation_mode(a_teacher, hlfds_sources):
    live = LiveTeacher(a_teacher.train(), hlfds_sources)
    before = {name: value.clone() for name, value in a_teacher.state_dict().items()}
    images = random(2, 1, 32, 32)
    target = live(images, images)["pixel-late-4"]
    weight = torch.ones(1, requires_grad=True)
    (weight * target).square().sum().backward()  # refused for tensors of inference mode
    assert weight.grad is not None and weight.grad.isfinite().all()
    assert not a_teacher.training
    assert all(not value.requires_grad and value.grad is None for value in a_teacher.parameters())
    assert all(torch.equal(before[name], value) for name, value in a_teacher.state_dict().items())


@pytest.mark.parametrize(("method", "runs"), [("at", False), ("imf", False), ("kd", True), ("hlfd", True)])
def test_the_teachers_decoder_is_run_only_where_a_route_needs_maps(a_teacher, method, runs):
    sources = Distiller(make_recipe(method, "", "live", None, None), CHANNELS, PLAIN_STRIDES, 3).sources
    called = []
    for name, module in a_teacher.named_modules():
        if name.startswith(("upcat", "final")) and "." not in name:
            module.register_forward_hook(lambda *_, name=name: called.append(name))
    images = random(1, 1, 64, 64)
    LiveTeacher(a_teacher, sources)(images, images)
    assert bool(called) == runs
    heads = {name for name in called if name.startswith("final")}
    assert heads == {"hlfd": {"final_conv_0_2", "final_conv_0_3", "final_conv_0_4"}, "kd": {"final_conv_0_4"}}.get(
        method, set()
    )


def test_targets_do_not_depend_on_what_else_is_asked_for(hlfds_sources):
    features = {name: random(1, 2, 32 // stride, 32 // stride) for name, stride in PLAIN_STRIDES.items()}
    taps = Taps(features, {name: random(1, 3, 32, 32) for name in ("middle1", "middle2", "late")})
    together = targets_of_teacher(taps, hlfds_sources, (32, 32))
    for source in hlfds_sources:
        alone = targets_of_teacher(taps, [source], (32, 32))
        assert torch.equal(alone[source.name], together[source.name])
