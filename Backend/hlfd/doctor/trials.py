"""Trainings that may be started, with all but their data."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from torch import Tensor, nn

from hlfd.bundle import MANIFEST, read_manifest
from hlfd.commands import distill, teach
from hlfd.data.batches import Batch
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.targets import LiveTeacher, Provider, Source, Targets, targets_of_truth
from hlfd.inference.predictor import choose_device
from hlfd.models.registry import Architecture, build
from hlfd.training.objectives import Distilled, Supervised
from hlfd.training.settings import TrainingSettings


@dataclass(frozen=True)
class Trial:
    """A training that may be started: what learns, and what it is shown."""

    settings: TrainingSettings
    objective: nn.Module
    architecture: Architecture
    classes: int
    sources: tuple[tuple[Source, int], ...] = ()
    """What a batch brings of a teacher's answers, each with its channels."""
    teacher: nn.Module | None = None
    """One that answers live; it takes memory, too."""

    @property
    def crops(self) -> int:
        """Crops that a device computes at once."""
        return max(self.per_step // self.settings.accumulate, 1)

    @property
    def per_step(self) -> int:
        """Crops that a device computes in a step."""
        return self.settings.batch // (self.settings.devices * self.settings.nodes)

    def batch(self, crops: int, side: int) -> Batch:
        """Make noise of the right shape."""
        images, labels = torch.rand(crops, 1, side, side), torch.randint(self.classes, (crops, side, side))
        targets = {
            source.name: torch.rand(crops, channels, side // source.stride, side // source.stride)
            for source, channels in self.sources
        }
        return Batch(images, labels, targets)


def teaching(settings: teach.CommandSettings, classes: int) -> Trial:
    """Build a teacher to be taught."""
    architecture = _planned(settings, classes)
    return Trial(settings, Supervised(build(architecture)), architecture, classes)


def distilling(settings: distill.CommandSettings, classes: int, planned: teach.CommandSettings | None) -> Trial:
    """Build a student to be distilled.

    Args:
        settings: of the training.
        classes: background among them.
        planned: the teacher, where it is not there yet.
    """
    network, details = settings.network()
    architecture = Architecture(network=network, classes=classes, settings=details)
    student, recipe = build(architecture), settings.recipe(settings.method, settings.terms)
    if not recipe.routes:
        return Trial(settings, Supervised(student), architecture, classes)
    distiller = Distiller(recipe, student.channels, student.strides, classes)  # type: ignore[arg-type]
    brought: tuple[tuple[Source, int], ...] = ()
    provider: Provider | None = None
    teacher = None
    if recipe.targets == "truth":
        provider = partial(_truth, distiller=distiller, classes=classes)
    elif recipe.targets == "live":
        teacher = build(_teacher(settings, classes, planned)).to(choose_device(settings.device))
        provider = LiveTeacher(teacher, distiller.sources)
    else:
        with torch.device("meta"):  # its shapes are enough
            answering = build(_teacher(settings, classes, planned))
        brought = tuple((source, _channels(source, answering, classes)) for source in distiller.sources)
    objective = Distilled(student, distiller, settings.steps, provider)
    return Trial(settings, objective, architecture, classes, brought, teacher)


def _truth(_images: Tensor, labels: Tensor, distiller: Distiller, classes: int) -> Targets:
    return targets_of_truth(labels, distiller.sources, classes, distiller.recipe.temperature)


def _planned(settings: teach.CommandSettings, classes: int) -> Architecture:
    details = {"widths": list(settings.widths), "norm": settings.norm}
    return Architecture(network="unetpp", classes=classes, settings=details)


def _teacher(settings: distill.CommandSettings, classes: int, planned: teach.CommandSettings | None) -> Architecture:
    """Give the teacher that is planned, else that of the settings, else the one that `teach` makes unasked."""
    if planned is None and settings.teacher is not None:
        for folder in (settings.teacher, settings.teacher / "bundle"):
            if (folder / MANIFEST).is_file():
                return read_manifest(folder).architecture
    return _planned(planned or teach.CommandSettings.model_validate({"store": Path(), "run": Path()}), classes)


def _channels(source: Source, teacher: nn.Module, classes: int) -> int:
    """Channels of what a batch brings of a source."""
    if source.kind == "relation":
        return int(teacher.channels[source.taps[0]])  # type: ignore[index]
    return classes if source.kind == "pixel" else 1
