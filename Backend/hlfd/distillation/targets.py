"""What the routes need to know of the teacher, as small as the losses use it: the same from a network or a cache."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, one_hot

from hlfd.distillation.attention import energy, full_precision, rescale
from hlfd.models.contract import Taps, level_of

Targets = dict[str, Tensor]
"""Name of a source -> its values for a batch."""
TINY_SHARE = 1e-4


@dataclass(frozen=True)
class Source:
    """Some of the teacher's taps, unified, and reduced to what a loss compares."""

    kind: Literal["feature", "pixel", "relation"]
    taps: tuple[str, ...]
    """Of the teacher: features, or maps for the pixel kind."""
    stride: int
    """Pixels of the image that one cell is wide."""
    power: float = 0.0
    """Exponent of the attention, for the feature kind."""

    @property
    def name(self) -> str:
        """Tells sources apart, also as the name of a file."""
        power = f"-p{self.power:g}" if self.kind == "feature" else ""
        return f"{self.kind}-{'+'.join(self.taps)}-{self.stride}{power}"


def root_energy(features: Sequence[Tensor], size: tuple[int, int], power: float) -> Tensor:
    """Where some layers look, before it is made a unit vector: (mean over all channels of |z|^p)^(1/p).

    `attention` of this one channel is the attention of the features interpolated to `size` and concatenated; the root
    keeps it within what half precision can hold.

    Args:
        features: each b c_j h_j w_j.
        size: rows and columns of the answer.
        power: exponent p.

    Returns:
        b 1 rows columns, 0..1.

    Source: Gorade et al. 2024, z_mid and A of eqs. 1 and 2.
    """
    return energy([rescale(tensor, size) for tensor in features], power).pow(1 / power)


def shrunk_maps(maps: Sequence[Tensor], stride: int) -> Tensor:
    """Mean of prediction maps (logits), each b k h w, and over squares of `stride`: b k h/stride w/stride.

    Source: Gorade et al. 2024, p_mid of eq. 3; the paper doesn't say how maps are unified, the mean is our decision.
    """
    unified = torch.stack([full_precision(logits) for logits in maps]).mean(dim=0)
    return avg_pool2d(unified, stride)


def directions(features: Tensor, size: tuple[int, int]) -> Tensor:
    """Features of each place as a unit vector, b c rows columns; a zero vector stays zero."""
    features = rescale(features, size)
    squared = features.square().sum(dim=1, keepdim=True)
    return features * squared.masked_fill(squared == 0, 1.0).rsqrt()


def targets_of_teacher(taps: Taps, sources: Iterable[Source], size: tuple[int, int]) -> Targets:
    """Reduce what a teacher shows of images of `size` to what is compared."""
    return {source.name: _of_teacher(taps, source, size) for source in sources}


def _of_teacher(taps: Taps, source: Source, size: tuple[int, int]) -> Tensor:
    cells = (size[0] // source.stride, size[1] // source.stride)
    if source.kind == "pixel":
        return shrunk_maps([taps.maps[name] for name in source.taps], source.stride)
    features = [taps.features[name] for name in source.taps]
    return root_energy(features, cells, source.power) if source.kind == "feature" else directions(features[0], cells)


def targets_of_truth(labels: Tensor, sources: Iterable[Source], classes: int, temperature: float) -> Targets:
    """What a teacher would show that knows the labels: it looks at organ and tumour, and is sure of each pixel.

    Args:
        labels: b h w, int64.
        sources: of the feature and pixel kind.
        classes: background among them.
        temperature: by which the loss will divide, so that the probabilities come out as the shares of the classes.
    """
    shares = one_hot(labels, classes).permute(0, 3, 1, 2).float()
    targets = {}
    for source in sources:
        share = avg_pool2d(shares, source.stride)
        looks = 1 - share[:, :1]
        targets[source.name] = looks if source.kind == "feature" else temperature * share.clamp_min(TINY_SHARE).log()
    return targets


class LiveTeacher:
    """A frozen teacher that is run on every batch."""

    def __init__(self, teacher: nn.Module, sources: Sequence[Source]) -> None:
        """Freeze `teacher`; of it, only what `sources` need is run."""
        frozen: nn.Module = teacher.eval().requires_grad_(False)
        self._teacher = frozen.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._sources = sources
        self._maps = {level_of(name) for source in sources if source.kind == "pixel" for name in source.taps}

    def __call__(self, images: Tensor, _labels: Tensor) -> Targets:
        """Give the targets of images, b 1 h w."""
        with torch.inference_mode():
            shown = self._teacher.taps(images.contiguous(memory_format=torch.channels_last), self._maps)
            targets = targets_of_teacher(shown, self._sources, (images.shape[2], images.shape[3]))
        # Autograd saves what it multiplies with, which tensors of inference mode refuse; copies are small.
        return {name: target.clone() for name, target in targets.items()}


Provider = Callable[[Tensor, Tensor], Targets]
"""Gives the targets of images, b 1 h w, with labels, b h w."""
