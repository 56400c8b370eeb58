"""Where a network looks for tumour: MONAI's Grad-CAM, and how much of what it shows lies in the tumour."""

import torch
from monai.visualize import GradCAM
from torch import Tensor, nn

from hlfd.data.frames import Array
from hlfd.errors import InputError

# First: behind the first convolution of the encoder; final: right before the head that classifies.
LAYERS = {
    "unetpp": {"first": "conv_0_0", "final": "upcat_0_4"},
    "resnet": {"first": "encoder.bn1", "final": "encoder.layer4"},
    "resnet-decoder": {"first": "encoder.bn1", "final": "smooth"},
}


class Looks:
    """Grad-CAM maps of one network at its first and final layer."""

    def __init__(self, name: str, network: nn.Module, tumor: int) -> None:
        """Watch a network.

        Args:
            name: of the network in the registry.
            network: in evaluation mode.
            tumor: its output channel for tumour.

        Raises:
            InputError: a network whose layers are not known here.
        """
        if name not in LAYERS:
            raise InputError(f"network {name}: no layers are named for Grad-CAM; add it to hlfd/explain/cam.py")
        self._tumor = tumor
        for module in network.modules():
            if isinstance(module, nn.ReLU | nn.LeakyReLU):
                module.inplace = False  # the same values; hooks of gradients refuse to be written over
        layers = LAYERS[name]
        self._cams = {
            place: GradCAM(nn_module=network, target_layers=layer, postprocessing=_unchanged)
            for place, layer in layers.items()
        }

    def maps(self, images: Tensor) -> dict[str, Array]:
        """Give maps for images, b 1 h w: `first` and `final`, float32 b h w, 0 and more, interpolated to the image.

        What is differentiated is the sum of the tumour logits over all pixels; weights are the mean gradients of the
        channels; what speaks against tumour is cut off (ReLU).

        Source: Selvaraju et al. 2017, for segmentation as Vinogradova et al. 2020.
        """
        with torch.enable_grad():
            images = images.detach().requires_grad_()
            found = {place: cam(images, class_idx=self._tumor) for place, cam in self._cams.items()}
        return {place: torch.as_tensor(one)[:, 0].detach().cpu().numpy() for place, one in found.items()}


def share_inside(energy: Array, inside: Array) -> float | None:
    """Share of a map's energy, h w, that lies where `inside`, bool h w, is true; None for a map of zeros."""
    total = float(energy.sum())
    return float(energy[inside].sum()) / total if total > 0 else None


def _unchanged(values: Tensor) -> Tensor:
    return values
