"""The teacher: UNet++ (Zhou et al. 2018), MONAI's network with its nodes made visible."""

from typing import Literal

import torch
from monai.networks.nets import BasicUNetPlusPlus
from pydantic import BaseModel, ConfigDict, PositiveInt
from torch import Tensor

from hlfd.models.contract import Taps, middle_names

DEPTH = 5


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
        names = ("early", *middle_names(DEPTH - 2), "late")
        self.channels = dict(zip(names, widths, strict=True))

    def forward(self, images: Tensor) -> Tensor:
        """Segment `images`, b 1 H W with sides that are multiples of 16: logits b k H W of the deepest head."""
        return self.final_conv_0_4(self._nodes(images)[0][DEPTH - 1])

    def taps(self, images: Tensor) -> Taps:
        """Run once and show the encoder's features and all four heads' logits."""
        nodes = self._nodes(images)
        heads = (self.final_conv_0_1, self.final_conv_0_2, self.final_conv_0_3, self.final_conv_0_4)
        maps = [head(node) for head, node in zip(heads, nodes[0][1:], strict=True)]
        features = [row[0] for row in nodes]
        return Taps(
            features=dict(zip(self.channels, features, strict=True)),
            maps=dict(zip(("early", *middle_names(len(maps) - 2), "late"), maps, strict=True)),
        )

    def _nodes(self, images: Tensor) -> list[list[Tensor]]:
        """All nodes: `nodes[i][j]` is X_ij, at stride 2^i, made from X_(i+1)(j-1) and every X_ik with k < j."""
        nodes: list[list[Tensor]] = []
        below = images
        for level in range(DEPTH):
            below = getattr(self, f"conv_{level}_0")(below)
            nodes.append([below])
        for column in range(1, DEPTH):
            for level in range(DEPTH - column):
                join = getattr(self, f"upcat_{level}_{column}")
                nodes[level].append(join(nodes[level + 1][column - 1], torch.cat(nodes[level], dim=1)))
        return nodes
