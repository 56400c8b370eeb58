"""The student: ResNet-18 (He et al. 2016) without a decoder, as in the paper; MONAI's, with its stages visible."""

from collections.abc import Container

from monai.networks.nets import ResNet
from pydantic import BaseModel, ConfigDict, PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hlfd.models.contract import ALL_MAPS, Taps, middle_names


class ResNetSettings(BaseModel):
    """Size of the student; the default is ResNet-18 with 11.2 million parameters, the paper tells 11.6."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512)
    """Channels of the four stages; the stem has those of the first."""
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (2, 2, 2, 2)
    """Basic blocks a stage; 2, 2, 2, 2 is ResNet-18."""
    stem_pool: bool = True
    """Max pool behind the stem, as in ResNet-18: the output has stride 32; without it 16, at four times the cost."""


class ResNetStudent(nn.Module):
    """A ResNet whose last stage is classified by a 1x1 convolution and interpolated to the size of the input."""

    def __init__(self, classes: int, settings: ResNetSettings) -> None:
        """Make a network with `classes` outputs, background among them."""
        super().__init__()
        self.encoder = ResNet(
            block="basic",
            layers=list(settings.blocks),
            block_inplanes=list(settings.widths),
            spatial_dims=2,
            n_input_channels=1,
            conv1_t_stride=2,
            no_max_pool=not settings.stem_pool,
            feed_forward=False,
            bias_downsample=False,
        )
        self.head = nn.Conv2d(settings.widths[-1], classes, kernel_size=1)
        names = ("early", *middle_names(len(settings.widths) - 1), "late")
        self.channels = dict(zip(names, (settings.widths[0], *settings.widths), strict=True))
        deepest = 5 if settings.stem_pool else 4
        exponents = (1, deepest - 3, deepest - 2, deepest - 1, deepest)
        self.strides = {name: 2**exponent for name, exponent in zip(names, exponents, strict=True)}
        self.stride = self.strides["late"]

    def forward(self, images: Tensor) -> Tensor:
        """Segment `images`, b 1 H W: logits b k H W."""
        return self.taps(images).maps["late"]

    def taps(self, images: Tensor, maps: Container[str] = ALL_MAPS) -> Taps:
        """Run once and show the stem's and the stages' features, and the output logits."""
        features = self.features(images)
        output = {"late": interpolate(self.logits(features), size=images.shape[2:], mode="bilinear")}
        return Taps(features, output if "late" in maps else {})

    def features(self, images: Tensor) -> dict[str, Tensor]:
        """Name -> features of the stem and of the four stages."""
        encoder = self.encoder
        stem = encoder.act(encoder.bn1(encoder.conv1(images)))
        features = [stem]
        below = stem if encoder.no_max_pool else encoder.maxpool(stem)
        for stage in (encoder.layer1, encoder.layer2, encoder.layer3, encoder.layer4):
            below = stage(below)
            features.append(below)
        return dict(zip(self.channels, features, strict=True))

    def logits(self, features: dict[str, Tensor]) -> Tensor:
        """Classify the deepest features, at their size."""
        logits: Tensor = self.head(features["late"])
        return logits
