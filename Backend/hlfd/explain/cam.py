"""Where a network looks for tumour: MONAI's Grad-CAM, and how much of what it shows lies in the tumour."""

import torch
from monai.visualize import GradCAM
from torch import Tensor, nn

from hlfd.data.frames import Array
from hlfd.errors import InputError

# First: the feature tap `early`, e1 of the paper; final: right before the head that classifies. Behind the activation
# both, so that maps of different networks mean the same.
LAYERS = {
    "unetpp": {"first": "conv_0_0", "final": "upcat_0_4"},
    "resnet": {"first": "encoder.act", "final": "encoder.layer4"},
    "resnet-decoder": {"first": "encoder.act", "final": "smooth"},
}


def layers_of(network: str) -> dict[str, str]:
    """Give the modules at which a network of the registry is watched: place -> module.

    Raises:
        InputError: a network whose layers are not known here.
    """
    if network not in LAYERS:
        raise InputError(f"network {network}: no layers are named for Grad-CAM; add it to hlfd/explain/cam.py")
    return LAYERS[network]


class Looks:
    """Grad-CAM maps of one network at its first and final layer."""

    def __init__(self, name: str, network: nn.Module, tumor: int) -> None:
        """Watch a network. Its answers stay as they are; its weights need no gradients from now on.

        Args:
            name: of the network in the registry.
            network: in evaluation mode.
            tumor: its output channel for tumour.

        Raises:
            InputError: a network whose layers are not known here.
        """
        self._tumor = tumor
        self._cams = {
            place: GradCAM(nn_module=network.requires_grad_(False), target_layers=layer, postprocessing=_unchanged)
            for place, layer in layers_of(name).items()
        }

    def maps(self, images: Tensor) -> dict[str, Array]:
        """Give maps for images, b 1 h w: `first` and `final`, float32 b h w, 0 and more, interpolated to the image.

        What is differentiated is the sum of the tumour logits over all pixels; weights are the mean gradients of the
        channels; what speaks against tumour is cut off (ReLU).

        Source: Selvaraju et al. 2017, for segmentation as Vinogradova et al. 2020.
        """
        with torch.enable_grad():
            watched = images.detach().requires_grad_()
            found = {place: self._cams[place](watched, class_idx=self._tumor) for place in self._cams}
        for cam in self._cams.values():  # MONAI keeps what it saw, at 512 x 512 some hundred megabytes a network
            cam.nn_module.activations.clear()
            cam.nn_module.gradients.clear()
            cam.nn_module.score = None
        return {place: torch.as_tensor(one)[:, 0].detach().cpu().numpy() for place, one in found.items()}


def share_inside(energy: Array, inside: Array) -> float | None:
    """Share of a map's energy, h w, that lies where `inside`, bool h w, is true; None for a map of zeros."""
    total = float(energy.sum(dtype=float))
    return float(energy[inside].sum(dtype=float)) / total if total > 0 else None


def _unchanged(values: Tensor) -> Tensor:
    return values
