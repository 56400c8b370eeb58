"""The teacher is MONAI's UNet++, with taps at the places that the paper names."""

import pytest
import torch
from monai.networks.nets import BasicUNetPlusPlus
from pydantic import ValidationError

from hlfd.models.contract import Network, parameter_count
from hlfd.models.unetpp import UNetPlusPlus, UNetPlusPlusSettings

NARROW = UNetPlusPlusSettings(widths=(2, 3, 4, 5, 6))


@pytest.fixture
def a_narrow_teacher():
    """UNet++ with another width at each level, for three classes."""
    torch.manual_seed(3)
    return UNetPlusPlus(3, NARROW).eval()


@pytest.fixture
def two_images():
    """Two images, taller than wide."""
    return torch.randn(2, 1, 48, 32, generator=torch.Generator().manual_seed(5))


def test_the_default_teacher_has_36_million_parameters():
    with torch.device("meta"):
        teacher = UNetPlusPlus(2, UNetPlusPlusSettings())
    assert round(parameter_count(teacher) / 1e6, 2) == 36.45


def test_it_meets_the_contract(a_narrow_teacher):
    assert isinstance(a_narrow_teacher, Network)
    assert a_narrow_teacher.stride == 16
    assert a_narrow_teacher.channels == {"early": 2, "middle1": 3, "middle2": 4, "middle3": 5, "late": 6}


def test_features_have_strides_1_2_4_8_16_and_the_widths_of_their_level(a_narrow_teacher, two_images):
    shapes = {name: tuple(tensor.shape) for name, tensor in a_narrow_teacher.taps(two_images).features.items()}
    assert shapes == {
        "early": (2, 2, 48, 32),
        "middle1": (2, 3, 24, 16),
        "middle2": (2, 4, 12, 8),
        "middle3": (2, 5, 6, 4),
        "late": (2, 6, 3, 2),
    }


def test_four_heads_give_maps_of_the_size_of_the_image(a_narrow_teacher, two_images):
    maps = a_narrow_teacher.taps(two_images).maps
    assert list(maps) == ["early", "middle1", "middle2", "late"]
    assert {tuple(logits.shape) for logits in maps.values()} == {(2, 3, 48, 32)}


@pytest.mark.parametrize("norm", ["instance", "batch"])
@pytest.mark.parametrize("output_width", [None, 7])
def test_each_head_equals_that_of_monai_with_the_same_weights(two_images, output_width, norm):
    torch.manual_seed(3)
    ours = UNetPlusPlus(3, UNetPlusPlusSettings(widths=NARROW.widths, output_width=output_width, norm=norm)).eval()
    features = (*NARROW.widths, output_width or 2)
    monais = {"batch": "batch", "instance": ("instance", {"affine": True})}[norm]
    theirs = BasicUNetPlusPlus(2, 1, 3, features=features, deep_supervision=True, norm=monais).eval()
    theirs.load_state_dict(ours.state_dict())
    with torch.no_grad():
        maps, expected = ours.taps(two_images).maps, theirs(two_images)
    assert len(maps) == len(expected) == 4
    for logits, reference in zip(maps.values(), expected, strict=True):
        assert torch.equal(logits, reference)


def test_features_are_the_encoder_of_monai(a_narrow_teacher, two_images):
    below, seen = two_images, a_narrow_teacher.taps(two_images).features
    for level, feature in enumerate(seen.values()):
        below = getattr(a_narrow_teacher, f"conv_{level}_0")(below)
        assert torch.equal(feature, below)


def test_forward_is_the_late_map(a_narrow_teacher, two_images):
    assert torch.equal(a_narrow_teacher(two_images), a_narrow_teacher.taps(two_images).maps["late"])


def test_every_weight_learns_from_the_four_heads(a_narrow_teacher, two_images):
    sum(logits.square().mean() for logits in a_narrow_teacher.taps(two_images).maps.values()).backward()
    assert all(parameter.grad is not None for parameter in a_narrow_teacher.parameters())


WRONG = ({"widths": (0, 1, 1, 1, 1)}, {"widths": (1, 1, 1, 1)}, {"output_width": 0}, {"depth": 4})


@pytest.mark.parametrize("wrong", WRONG)
def test_settings_that_make_no_network_are_refused(wrong):
    with pytest.raises(ValidationError):
        UNetPlusPlusSettings(**wrong)
