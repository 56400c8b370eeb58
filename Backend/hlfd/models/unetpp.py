"""The teacher: UNet++ (Zhou et al. 2018), MONAI's network with its nodes made visible."""

from collections.abc import Container
from typing import Literal

import torch
from monai.networks.nets import BasicUNetPlusPlus
from pydantic import BaseModel, ConfigDict, PositiveInt
from torch import Tensor

from hlfd.models.contract import ALL_MAPS, Taps, level_of, middle_names

DEPTH = 5
NAMES = ("early", *middle_names(DEPTH - 2), "late")
STRIDES = {name: 2**level for level, name in enumerate(NAMES)}
MAP_NAMES = ("early", *middle_names(DEPTH - 3), "late")


class UNetPlusPlusSettings(BaseModel):
    """Widths of UNet++; the default has 36.45 million parameters, the paper tells 36.1."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512, 1024)
    """Channels of X00, X10, X20, X30, X40."""
    output_width: PositiveInt | None = None
    """Channels of X04; by default those of X00."""
    norm: Literal["instance", "batch"] = "instance"
    """Normalisation behind each convolution: by image, as MONAI's UNet++ has it, or by batch."""


class UNetPlusPlus(BasicUNetPlusPlus):
    """UNet++ with deep supervision: taps are the encoder X00..X40 and the heads on X01, X02, X03, X04."""

    stride = 16

    def __init__(self, classes: int, settings: UNetPlusPlusSettings) -> None:
        """Make a network with `classes` outputs, background among them."""
        widths = settings.widths
        super().__init__(
            spatial_dims=2,
            in_channels=1,
            out_channels=classes,
            features=(*widths, settings.output_width or widths[0]),
            deep_supervision=True,
            norm=settings.norm if settings.norm == "batch" else ("instance", {"affine": True}),
        )
        self.channels = dict(zip(NAMES, widths, strict=True))
        self.strides = STRIDES

    def forward(self, images: Tensor) -> Tensor:
        """Segment `images`, b 1 H W with sides that are multiples of 16: logits b k H W of the deepest head."""
        return self.final_conv_0_4(self._nodes(images)[0][DEPTH - 1])

    def taps(self, images: Tensor, maps: Container[str] = ALL_MAPS) -> Taps:
        """Run once and show the encoder's features and the heads' logits; without `maps` the decoder isn't run."""
        wanted = [name for name in MAP_NAMES if level_of(name) in maps]
        nodes = self._nodes(images, columns=DEPTH if wanted else 1)
        heads = {name: getattr(self, f"final_conv_0_{column}") for column, name in enumerate(MAP_NAMES, start=1)}
        return Taps(
            features=dict(zip(NAMES, (row[0] for row in nodes), strict=True)),
            maps={name: heads[name](nodes[0][1 + MAP_NAMES.index(name)]) for name in wanted},
        )

    def _nodes(self, images: Tensor, columns: int = DEPTH) -> list[list[Tensor]]:
        """Nodes of the first columns (column 0 is the encoder): `nodes[i][j]` is X_ij, at stride 2^i.

        It is made from X_(i+1)(j-1) and every X_ik with k < j.
        """
        nodes: list[list[Tensor]] = []
        below = images
        for level in range(DEPTH):
            below = getattr(self, f"conv_{level}_0")(below)
            nodes.append([below])
        for column in range(1, columns):
            for level in range(DEPTH - column):
                join = getattr(self, f"upcat_{level}_{column}")
                nodes[level].append(join(nodes[level + 1][column - 1], torch.cat(nodes[level], dim=1)))
        return nodes
