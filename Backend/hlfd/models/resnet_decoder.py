"""The student with better eyes: the paper's ResNet-18 and a light decoder that brings its stages together."""

from pydantic import PositiveInt
from torch import Tensor, nn
from torch.nn.functional import interpolate

from hlfd.models.resnet import ResNetSettings, ResNetStudent

MERGED = ("late", "middle3", "middle2")


class ResNetDecoderSettings(ResNetSettings):
    """Size of the student; the default has 11.3 million parameters."""

    decoder_width: PositiveInt = 32
    """Channels of the decoder."""


class ResNetDecoderStudent(ResNetStudent):
    """A top-down path as in feature pyramids (Lin et al. 2017): each stage squeezed by a 1x1 convolution and added.

    It ends at the second stage (stride 8, or 4 without the stem's max pool), where one 3x3 convolution and the head
    decide.
    """

    def __init__(self, classes: int, settings: ResNetDecoderSettings) -> None:
        """Make a network with `classes` outputs, background among them."""
        super().__init__(classes, settings)
        width = settings.decoder_width
        self.lateral = nn.ModuleDict({name: nn.Conv2d(self.channels[name], width, kernel_size=1) for name in MERGED})
        self.smooth = nn.Sequential(
            nn.BatchNorm2d(width),
            nn.ReLU(),
            nn.Conv2d(width, width, kernel_size=3, padding=1, bias=False),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.head = nn.Conv2d(width, classes, kernel_size=1)

    def logits(self, features: dict[str, Tensor]) -> Tensor:
        """Merge the stages from deep to shallow and classify, at the size of the shallowest that is merged."""
        merged = self.lateral[MERGED[0]](features[MERGED[0]])
        for name in MERGED[1:]:
            shallower = self.lateral[name](features[name])
            merged = shallower + interpolate(merged, size=shallower.shape[2:], mode="bilinear")
        logits: Tensor = self.head(self.smooth(merged))
        return logits
