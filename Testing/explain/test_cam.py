"""Grad-CAM, worked out by hand with gradients of single pixels, and its energy inside a tumour."""

import gc

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from hlfd.errors import InputError
from hlfd.explain.cam import LAYERS, Looks, layers_of, share_inside
from Testing.explain.conftest import KINDS, a_network

TUMOR = 2


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def network(kind):
    return a_network(kind)


@pytest.fixture
def two_images():
    return torch.rand(2, 1, 64, 96, generator=torch.Generator().manual_seed(5))


def seen_at(network, layer, image):
    """What a module gives for one image, still tied to the tumour logits that come of it."""
    seen = []
    hook = network.get_submodule(layer).register_forward_hook(lambda _module, _images, output: seen.append(output))
    logits = network(image[None])
    hook.remove()
    return seen[0], logits


def by_hand(network, layer, image):
    """The map of one image, channel by channel."""
    features, logits = seen_at(network, layer, image)
    (gradients,) = torch.autograd.grad(sum(row.sum() for row in logits[0, TUMOR]), features)
    energy = torch.zeros(features.shape[2:])
    for feature, gradient in zip(features[0], gradients[0], strict=True):
        energy += feature * gradient.sum() / gradient.numel()
    energy = torch.where(energy > 0, energy, 0)
    return interpolate(energy[None, None], size=image.shape[1:], mode="bilinear")[0, 0].detach().numpy()


@pytest.mark.parametrize("place", ["first", "final"])
def test_maps_are_those_worked_out_by_hand(kind, network, two_images, place):
    expected = [by_hand(network, LAYERS[kind][place], image) for image in two_images]
    found = Looks(kind, network, TUMOR).maps(two_images)[place]
    assert found.shape == (2, 64, 96)
    assert max(energy.max() for energy in expected) > 0
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * np.max(expected))


def test_the_first_layer_is_e1_of_the_paper(kind, network, two_images):
    seen, _ = seen_at(network, LAYERS[kind]["first"], two_images[0])
    assert torch.equal(seen, network.taps(two_images[:1]).features["early"])


def test_the_final_layer_is_what_the_head_classifies(kind, network, two_images):
    seen, logits = seen_at(network, LAYERS[kind]["final"], two_images[0])
    head = network.final_conv_0_4 if kind == "unetpp" else network.head
    torch.testing.assert_close(interpolate(head(seen), size=(64, 96), mode="bilinear"), logits)


def test_a_network_that_is_looked_at_answers_as_before(kind, network, two_images):
    with torch.no_grad():
        answer, weights = network(two_images), {name: value.clone() for name, value in network.state_dict().items()}
        Looks(kind, network, TUMOR).maps(two_images)
        assert torch.equal(network(two_images), answer)
    assert not network.training
    assert all(torch.equal(value, weights[name]) for name, value in network.state_dict().items())
    assert all(parameter.grad is None for parameter in network.parameters())


def test_looking_at_more_images_holds_no_more_memory(kind, network, two_images):
    def held():
        gc.collect()
        return sum(found.numel() for found in gc.get_objects() if type(found) is torch.Tensor)

    looks, before = Looks(kind, network, TUMOR), held()
    looks.maps(two_images)
    assert held() == before


def test_a_network_without_weights_for_tumor_sees_nothing(kind, network, two_images):
    head = network.final_conv_0_4 if kind == "unetpp" else network.head
    with torch.no_grad():
        head.weight[TUMOR] = 0
    maps = Looks(kind, network, TUMOR).maps(two_images)
    assert [share_inside(energy[0], energy[0] == 0) for energy in maps.values()] == [None, None]


def test_an_unknown_network_is_refused_with_the_place_to_name_its_layers():
    with pytest.raises(InputError, match=r"network vit: no layers are named .* hlfd/explain/cam\.py"):
        layers_of("vit")


@pytest.mark.parametrize(
    ("inside", "share"),
    [([[1, 0], [0, 1]], 5 / 8), ([[0, 0], [1, 0]], 0), ([[1, 1], [1, 1]], 1), ([[0, 0], [0, 0]], 0)],
)
def test_share_inside_is_the_energy_there_over_all_energy(inside, share):
    energy = np.array([[1, 3], [0, 4]], np.float32)
    assert share_inside(energy, np.array(inside, bool)) == share
    assert share_inside(1000 * energy, np.array(inside, bool)) == share


def test_a_map_without_focus_has_the_share_of_the_area():
    inside = np.zeros((64, 64), bool)
    inside[:8, :16] = True
    assert share_inside(np.full((64, 64), 0.1, np.float32), inside) == pytest.approx(1 / 32)


def test_a_map_of_zeros_has_no_share():
    assert share_inside(np.zeros((4, 4), np.float32), np.eye(4, dtype=bool)) is None
