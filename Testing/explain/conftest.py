"""Words for the tests: a store of squares, and models of every kind for it, with weights by chance."""

import pytest
import torch

from hlfd.bundle import save_bundle
from hlfd.data.store import Store
from hlfd.models.registry import Architecture, build
from Testing.conftest import WINDOW_HU, bundle_facts
from Testing.training.tiny_runs import make_store

PIXEL_MM = 0.75
SETTINGS = {
    "unetpp": {"widths": (2, 2, 3, 3, 4), "norm": "batch"},
    "resnet": {"widths": (3, 4, 5, 6), "blocks": (1, 1, 1, 1)},
    "resnet-decoder": {"widths": (3, 4, 5, 6), "blocks": (1, 1, 1, 1), "decoder_width": 4},
}
KINDS = tuple(SETTINGS)


def a_network(kind):
    """A network for three classes, in evaluation mode; batch norm has statistics of its own."""
    torch.manual_seed(3)
    network = build(Architecture(network=kind, classes=3, settings=SETTINGS[kind]))
    with torch.no_grad():
        network(torch.rand(4, 1, 64, 64))
    return network.eval()


@pytest.fixture(scope="session")
def store_folder(tmp_path_factory):
    """Four cases of 48 x 48, which no stride of a ResNet divides; d tests. To be read only."""
    return make_store(tmp_path_factory.mktemp("read-only") / "store", window_hu=WINDOW_HU, pixel_mm=PIXEL_MM)


@pytest.fixture(scope="session")
def store(store_folder):
    return Store(store_folder)


@pytest.fixture
def bundle(tmp_path):
    """Writes a network as a bundle, with facts that differ where asked; gives its folder."""

    def write(kind, name=None, network=None, **facts):
        folder = tmp_path / "models" / (name or kind)
        made = network or a_network(kind)
        save_bundle(folder, made, bundle_facts(kind, SETTINGS[kind]) | {"pixel_mm": PIXEL_MM} | facts)
        return folder

    return write
