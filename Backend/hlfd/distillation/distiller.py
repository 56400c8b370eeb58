"""Runs the routes of a method and owns the adapters that it learns."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from hlfd.distillation.losses import feature_distance, pixel_divergence, unified_features, unified_maps
from hlfd.distillation.routes import Route
from hlfd.models.contract import Taps, level_of, select


class Distiller(nn.Module):
    """The distillation loss of a method, with a learned 1x1 adapter for each student tap that predicts pixels.

    Adapters are trained with the student and saved in the checkpoint; the exported student has none.
    """

    def __init__(
        self,
        routes: Sequence[Route],
        student_channels: dict[str, int],
        classes: int,
        power: float = 2.0,
        temperature: float = 4.0,
    ) -> None:
        """Make the adapters that `routes` need.

        Args:
            routes: the method.
            student_channels: channels of each of the student's feature taps.
            classes: channels of a prediction map.
            power: exponent p of the attention.
            temperature: T of the pixel level.
        """
        super().__init__()
        self.routes = tuple(routes)
        self.power, self.temperature = power, temperature
        levels = {route.student for route in routes if route.kind == "pixel"}
        taps = [name for name in student_channels if level_of(name) in levels]
        self.adapters = nn.ModuleDict({name: nn.Conv2d(student_channels[name], classes, 1) for name in taps})

    def forward(self, teacher: Taps, student: Taps) -> dict[str, Tensor]:
        """Give the unweighted value of each term, a scalar each.

        The teacher's taps are constants: nothing flows back into it.
        """
        return {route.term: self._run(route, teacher, student) for route in self.routes}

    def total(self, terms: dict[str, Tensor]) -> Tensor:
        """Weighted sum of the terms: eq. 5 of Gorade et al. 2024 without its first term."""
        return torch.stack([route.weight * terms[route.term] for route in self.routes]).sum()

    def _run(self, route: Route, teacher: Taps, student: Taps) -> Tensor:
        sources = select(teacher.features if route.kind == "feature" else teacher.maps, route.teacher)
        source = [tensor.detach() for tensor in sources.values()]
        targets = select(student.features, route.student)
        if route.kind == "feature":
            unified = unified_features(source)
            values = [feature_distance(target, unified, self.power) for target in targets.values()]
        else:
            unified = unified_maps(source)
            predictions = [self.adapters[name](target) for name, target in targets.items()]
            values = [pixel_divergence(prediction, unified, self.temperature) for prediction in predictions]
        stacked = torch.stack(values)
        return stacked.sum() if route.reduction == "sum" else stacked.mean()
