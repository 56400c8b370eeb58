"""Networks by name, as checkpoints and bundles name them."""

from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from torch import nn

from hlfd.errors import InputError
from hlfd.models.contract import Network
from hlfd.models.resnet import ResNetSettings, ResNetStudent
from hlfd.models.resnet_decoder import ResNetDecoderSettings, ResNetDecoderStudent
from hlfd.models.unetpp import UNetPlusPlus, UNetPlusPlusSettings

NETWORKS: dict[str, tuple[type[nn.Module], type[BaseModel]]] = {
    "unetpp": (UNetPlusPlus, UNetPlusPlusSettings),
    "resnet": (ResNetStudent, ResNetSettings),
    "resnet-decoder": (ResNetDecoderStudent, ResNetDecoderSettings),
}


class Architecture(BaseModel):
    """All that is needed to build a network before its weights are loaded."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    network: str
    """Name in the registry."""
    classes: int
    """Outputs, background among them."""
    settings: dict[str, Any]
    """The network's own settings."""

    def in_words(self) -> str:
        """Such as `resnet with 3 classes (widths [8, 16, 32, 64], ...)`."""
        settings = ", ".join(f"{name} {value}" for name, value in self.settings.items())
        return f"{self.network} with {self.classes} classes ({settings})"


def build(architecture: Architecture) -> nn.Module:
    """Build a network with random weights; it meets `Network`.

    Raises:
        InputError: a network or setting that this version doesn't know.
    """
    if architecture.network not in NETWORKS:
        raise InputError(f"network {architecture.network!r} is unknown; this version has {', '.join(NETWORKS)}")
    network_class, settings_class = NETWORKS[architecture.network]
    try:
        settings = settings_class.model_validate(architecture.settings)
    except ValidationError as error:
        raise InputError(f"network {architecture.network}: settings do not fit ({error.errors()[0]['msg']})") from None
    network = network_class(architecture.classes, settings)
    assert isinstance(network, Network)
    return network
