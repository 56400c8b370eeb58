"""What a layer knows: a linear probe reads a segmentation out of features that stay as they are."""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hlfd.data.batches import CropSettings, batches
from hlfd.data.store import Store
from hlfd.models.contract import Network
from hlfd.training.objectives import FocalDice

RATE = 0.03
"""With it, the probe on the late features of a plain ResNet reads in 300 steps what the network's own head does."""
CROP, BATCH, TUMOR_SHARE = 128, 8, 0.5


class Probes(nn.Module):
    """A 1x1 convolution to the classes for each of a network's feature taps, interpolated to the image."""

    def __init__(self, channels: Mapping[str, int], classes: int) -> None:
        """Make probes for taps with these channels."""
        super().__init__()
        # Features of different layers differ in size a thousandfold; a probe should not have to learn that first.
        self.norms = nn.ModuleDict({name: nn.BatchNorm2d(count, affine=False) for name, count in channels.items()})
        self.heads = nn.ModuleDict({name: nn.Conv2d(count, classes, 1) for name, count in channels.items()})

    def forward(self, features: Mapping[str, Tensor], size: tuple[int, int]) -> dict[str, Tensor]:
        """Give logits b k rows columns for each tap."""
        return {
            name: interpolate(head(self.norms[name](features[name])), size=size, mode="bilinear")
            for name, head in self.heads.items()
        }


def fit_probes(network: nn.Module, store: Store, steps: int, seed: int, device: torch.device) -> Probes:
    """Fit a probe on every tap at once, on training crops, with the loss that the networks are trained with.

    All methods are read out alike, whether or not they had adapters of their own; the network is not changed.

    Args:
        network: in evaluation mode, on `device`.
        store: whose training cases the probes learn from.
        steps: of Adam.
        seed: of crops and probes.
        device: where to compute.
    """
    assert isinstance(network, Network)
    torch.manual_seed(seed)
    probes = Probes(network.channels, store.classes).to(device)
    loss = FocalDice()
    optimizer = torch.optim.Adam(probes.parameters(), lr=RATE)
    for batch in batches(store, CropSettings(CROP, BATCH, TUMOR_SHARE, True, 0.0, seed), 0, steps):
        batch = batch.to(device)
        with torch.no_grad():
            features = network.taps(batch.images, maps=()).features
        told = probes(features, (batch.images.shape[2], batch.images.shape[3]))
        total = torch.stack([loss(logits, batch.labels) for logits in told.values()]).sum()
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
    return probes.eval()


@torch.inference_mode()
def read_layers(network: nn.Module, probes: Probes, images: Tensor) -> dict[str, np.ndarray]:
    """Segment images, b 1 h w, by every layer and by the network itself (`output`): label values, b h w."""
    assert isinstance(network, Network)
    shown = network.taps(images)
    told = probes(shown.features, (images.shape[2], images.shape[3]))
    told["output"] = shown.maps["late"]
    return {name: logits.argmax(dim=1).cpu().numpy() for name, logits in told.items()}
