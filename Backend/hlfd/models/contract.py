"""What a network has to offer to be taught or distilled, and no more."""

from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor, nn

LEVELS = ("early", "middle", "late")
ALL_MAPS = frozenset(LEVELS)


@dataclass(frozen=True)
class Taps:
    """What a network lets be seen of one forward pass.

    Names are `early`, `middle1` .. `middleN` and `late`, from shallow to deep.
    """

    features: dict[str, Tensor]
    """Name -> encoder features, b c h w."""
    maps: dict[str, Tensor]
    """Name -> supervised prediction map (logits), b k H W at the size of the input; `late` is the output."""


@runtime_checkable
class Network(Protocol):
    """A segmentation network with taps; an `nn.Module` whose `forward` gives the output logits, b k H W.

    A new network is one file with a class that has these, and its line in `models/registry.py`.
    """

    channels: dict[str, int]
    """Name of each feature tap -> its channels, so that adapters can be made before the first batch."""
    strides: dict[str, int]
    """Name of each feature tap -> pixels of the input that one of its cells is wide."""
    stride: int
    """Sides of the input must be multiples of this."""

    def taps(self, images: Tensor, maps: Container[str] = ALL_MAPS) -> Taps:
        """Run on `images`, b 1 H W, and give features and prediction maps, `maps["late"]` being `forward`'s output.

        Maps of levels that are not in `maps` may be left out, with whatever it takes to compute them.
        """


def middle_names(count: int) -> tuple[str, ...]:
    """`middle1`, `middle2`, ... for `count` middle taps."""
    return tuple(f"middle{number}" for number in range(1, count + 1))


def level_of(name: str) -> str:
    """Level of a tap: `middle` for `middle2`."""
    return name.rstrip("0123456789")


def taps_of(levels: Container[str], names: Iterable[str]) -> tuple[str, ...]:
    """Choose the taps of some levels: one for `early` and `late`, one or more for `middle`, from shallow to deep."""
    return tuple(name for name in names if level_of(name) in levels)


def parameter_count(network: nn.Module) -> int:
    """Number of learned values."""
    return sum(parameter.numel() for parameter in network.parameters())
