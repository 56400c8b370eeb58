"""How the terms of a method are weighted against each other and against the segmentation loss."""

import torch
from torch import Tensor, nn

from hlfd.distillation.recipes import Recipe
from hlfd.together import mean_everywhere


class Weighing(nn.Module):
    """Weighted sum of the terms: eq. 5 of Gorade et al. 2024 without its first term.

    Beyond the paper, the weights may follow a schedule, and terms may be brought to the size of the segmentation loss
    by running means of both, so that a weight says which share of the gradient a term gets, whatever its unit.
    """

    MEMORY = 0.98

    def __init__(self, recipe: Recipe, steps: int) -> None:
        """Hold what is remembered from step to step; `steps` is the length of the run."""
        super().__init__()
        self._recipe, self._steps = recipe, steps
        self.step: Tensor
        self.register_buffer("step", torch.zeros((), dtype=torch.int64))
        if recipe.balanced:
            self.means: Tensor
            self.register_buffer("means", torch.zeros(1 + len(recipe.routes)))
        self._seen: list[Tensor] = []  # in the parts of this step

    def forward(self, segmentation: Tensor, terms: dict[str, Tensor]) -> Tensor:
        """Give the scalar to add to the segmentation loss."""
        values = torch.stack([terms[route.term] for route in self._recipe.routes])
        weights = values.new_tensor([route.weight for route in self._recipe.routes])
        if self._recipe.balanced:
            weights = weights * self._scales(segmentation, values)
        return self._factor() * (weights * values).sum()

    def step_done(self) -> None:
        """Tell that the optimiser has made a step, which may have taken several calls: the schedule goes on."""
        if self._seen:
            self.means.copy_(self._remembered(torch.stack(self._seen).mean(dim=0)))
            self._seen.clear()
        self.step += 1

    def _factor(self) -> Tensor | float:
        done = self.step / max(self._steps, 1)
        factors: dict[str, Tensor | float] = {"constant": 1.0, "rise": done, "fall": 1 - done}
        return factors[self._recipe.schedule]

    def _scales(self, segmentation: Tensor, values: Tensor) -> Tensor:
        seen = mean_everywhere(torch.cat([segmentation.reshape(1), values])).to(self.means)
        if self.training:
            self._seen.append(seen)
        means = self._remembered(seen) if self.training else self.means
        return (means[0] / means[1:].clamp_min(torch.finfo(means.dtype).tiny)).to(values)

    def _remembered(self, seen: Tensor) -> Tensor:
        before = torch.where(self.step == 0, seen, self.means)
        return self.MEMORY * before + (1 - self.MEMORY) * seen
