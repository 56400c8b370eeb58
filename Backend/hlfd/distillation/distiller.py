"""Runs the routes of a method and owns the adapters that it learns."""

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from hlfd.data.lattice import LATTICE
from hlfd.distillation.losses import feature_distance, joined_distance, pixel_divergence, relation_distance
from hlfd.distillation.recipes import Recipe
from hlfd.distillation.routes import Route
from hlfd.distillation.targets import Source, Targets
from hlfd.models.contract import Taps, taps_of
from hlfd.models.unetpp import MAP_NAMES, STRIDES

OUTPUT = "late"


@dataclass(frozen=True)
class Pair:
    """A source and the student's taps that it is compared with."""

    source: Source
    student: tuple[str, ...]


class Distiller(nn.Module):
    """The distillation loss of a method, with a 1x1 adapter for each student tap that predicts pixels.

    Adapters are trained with the student and saved in the checkpoint; the exported student has none.
    """

    def __init__(self, recipe: Recipe, channels: dict[str, int], strides: dict[str, int], classes: int) -> None:
        """Make the adapters that the routes need.

        Args:
            recipe: the method and its settings.
            channels: channels of each of the student's feature taps.
            strides: their strides.
            classes: channels of a prediction map.
        """
        super().__init__()
        self.recipe = recipe
        self._pairs = {route.term: _pairs(route, strides, recipe) for route in recipe.routes}
        predicting = {level for route in recipe.routes if route.kind == "pixel" for level in route.student}
        taps = taps_of(predicting - {OUTPUT}, channels)
        self.adapters = nn.ModuleDict({name: nn.Conv2d(channels[name], classes, 1) for name in taps})
        self.adapters.requires_grad_(recipe.adapters == "learned")

    @property
    def sources(self) -> tuple[Source, ...]:
        """What the routes need of the teacher, each once."""
        return tuple(dict.fromkeys(pair.source for pairs in self._pairs.values() for pair in pairs))

    def forward(self, targets: Targets, student: Taps) -> dict[str, Tensor]:
        """Give the unweighted value of each term, a scalar each."""
        return {route.term: self._run(route, targets, student) for route in self.recipe.routes}

    def _run(self, route: Route, targets: Targets, student: Taps) -> Tensor:
        values = [
            value
            for pair in self._pairs[route.term]
            for value in self._compare(route, targets[pair.source.name].detach(), pair.student, student)
        ]
        stacked = torch.stack(values)
        return stacked.sum() if route.reduction == "sum" else stacked.mean()

    def _compare(self, route: Route, target: Tensor, names: tuple[str, ...], student: Taps) -> list[Tensor]:
        power, how = self.recipe.power, (self.recipe.temperature, self.recipe.average_over)
        if route.kind == "pixel":
            return [pixel_divergence(self._predict(name, student), target, *how) for name in names]
        features = [student.features[name] for name in names]
        if route.kind == "relation":
            return [relation_distance(feature, target) for feature in features]
        if route.match == "joined":
            return [joined_distance(features, target, power)]
        return [feature_distance(feature, target, power) for feature in features]

    def _predict(self, name: str, student: Taps) -> Tensor:
        if name == OUTPUT:
            return student.maps[OUTPUT]
        prediction: Tensor = self.adapters[name](student.features[name])
        return prediction


def _pairs(route: Route, strides: dict[str, int], recipe: Recipe) -> tuple[Pair, ...]:
    student = taps_of(route.student, strides)
    if route.kind == "pixel":
        return (Pair(Source("pixel", taps_of(route.teacher, MAP_NAMES), recipe.map_stride), student),)
    power = recipe.power if route.kind == "feature" else 0.0
    if route.match == "same" or route.kind == "relation":
        # At the coarser of the two: the finer side has nothing to say in between that the other could follow. Cells
        # wider than the lattice could not be cut with a crop.
        return tuple(
            Pair(Source(route.kind, (name,), min(max(STRIDES[name], strides[name]), LATTICE), power), (name,))
            for name in student
        )
    teacher = taps_of(route.teacher, STRIDES)
    return (Pair(Source(route.kind, teacher, max(STRIDES[name] for name in teacher), power), student),)
