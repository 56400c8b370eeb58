"""The student is MONAI's ResNet-18 without a decoder, with taps at its stem and its stages."""

import pytest
import torch
from monai.networks.nets import ResNetFeatures
from pydantic import ValidationError
from torch.nn.functional import interpolate

from hlfd.models.contract import Network, parameter_count
from hlfd.models.resnet import ResNetSettings, ResNetStudent

NARROW = ResNetSettings(widths=(2, 3, 4, 5))
TAPS = ["early", "middle1", "middle2", "middle3", "late"]


@pytest.fixture
def a_narrow_student():
    """A ResNet with another width at each stage, for three classes."""
    torch.manual_seed(3)
    return ResNetStudent(3, NARROW).eval()


@pytest.fixture
def two_images():
    """Two images, taller than wide."""
    return torch.randn(2, 1, 96, 64, generator=torch.Generator().manual_seed(5))


def test_the_default_student_has_11_18_million_parameters():
    # ResNet-18 for grey images has 11,170,240 with neither bias nor classifier; then 3 x (512 + 1) of the head.
    assert parameter_count(ResNetStudent(3, ResNetSettings())) == 11_170_240 + 3 * 513


@pytest.mark.parametrize(("stem_pool", "stride"), [(True, 32), (False, 16)])
def test_it_meets_the_contract(stem_pool, stride):
    student = ResNetStudent(3, ResNetSettings(widths=NARROW.widths, stem_pool=stem_pool))
    assert isinstance(student, Network)
    assert student.stride == stride
    assert student.channels == {"early": 2, "middle1": 2, "middle2": 3, "middle3": 4, "late": 5}


@pytest.mark.parametrize(("stem_pool", "strides"), [(True, (2, 4, 8, 16, 32)), (False, (2, 2, 4, 8, 16))])
def test_features_have_the_strides_of_resnet(two_images, stem_pool, strides):
    student = ResNetStudent(3, ResNetSettings(widths=NARROW.widths, stem_pool=stem_pool))
    features = student.taps(two_images).features
    assert list(features) == TAPS
    for feature, stride, channels in zip(features.values(), strides, student.channels.values(), strict=True):
        assert tuple(feature.shape) == (2, channels, 96 // stride, 64 // stride)


@pytest.mark.parametrize("stem_pool", [True, False])
def test_features_equal_those_of_monais_resnet_with_the_same_weights(two_images, stem_pool):
    student = ResNetStudent(3, ResNetSettings(widths=NARROW.widths, stem_pool=stem_pool)).eval()
    # ResNetFeatures is MONAI's ResNet, with a forward that shows its stages.
    ours, expected = student.taps(two_images).features, ResNetFeatures.forward(student.encoder, two_images)
    for feature, reference in zip(ours.values(), expected, strict=True):
        assert torch.equal(feature, reference)


def test_the_output_is_the_late_features_classified_and_interpolated(a_narrow_student, two_images):
    seen = a_narrow_student.taps(two_images)
    weight, bias = a_narrow_student.head.weight[:, :, 0, 0], a_narrow_student.head.bias
    logits = torch.einsum("bchw,kc->bkhw", seen.features["late"], weight) + bias[:, None, None]
    expected = interpolate(logits, scale_factor=32, mode="bilinear", align_corners=False)
    torch.testing.assert_close(seen.maps["late"], expected)


def test_forward_is_the_late_map_and_the_only_one(a_narrow_student, two_images):
    maps = a_narrow_student.taps(two_images).maps
    assert list(maps) == ["late"]
    assert tuple(maps["late"].shape) == (2, 3, 96, 64)
    assert torch.equal(a_narrow_student(two_images), maps["late"])


def test_features_are_not_changed_by_the_stages_behind_them(a_narrow_student, two_images):
    # MONAI's activations work in place: a tap that is overwritten later would show another layer's features.
    encoder, seen = a_narrow_student.encoder, a_narrow_student.taps(two_images).features
    below = encoder.act(encoder.bn1(encoder.conv1(two_images)))
    assert torch.equal(seen["early"], below)
    assert torch.equal(seen["middle1"], encoder.layer1(encoder.maxpool(below)))


@pytest.mark.parametrize("wrong", [{"widths": (0, 1, 1, 1)}, {"blocks": (2, 2, 2, 0)}, {"depth": 4}])
def test_settings_that_make_no_network_are_refused(wrong):
    with pytest.raises(ValidationError):
        ResNetSettings(**wrong)
