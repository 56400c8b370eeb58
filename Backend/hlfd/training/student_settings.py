"""Settings that distilling, the arena and the sweep share."""

from typing import Any, Literal

from pydantic import Field, PositiveInt, model_validator

from hlfd.distillation.recipes import Recipe, make_recipe
from hlfd.distillation.routes import AverageOver
from hlfd.training.settings import TrainingSettings


class StudentSettings(TrainingSettings):
    """What every training of a student has: its network, and how knowledge is compared."""

    targets: Literal["cached", "live"] = "cached"
    """Ask the teacher once for every training slice (without --jitter) and keep its answers in the store, or on every
    crop anew, just as the student sees it, at the teacher's price."""
    beta: float | None = Field(None, ge=0)
    """Weight of the feature level (eq. 5); by default the method's, in the paper 0.9."""
    lambda_: float | None = Field(None, ge=0, alias="lambda")
    """Weight of the pixel level (eq. 5); by default the method's, in the paper 0.1."""
    power: float = Field(2.0, ge=1)
    """Exponent p of the attention maps."""
    temperature: float = Field(4.0, gt=0)
    """Temperature T of the pixel level."""
    average_over: AverageOver | None = None
    """Whether the pixel level averages over pixels (the paper) or classes, or compares where on a slice each class is;
    by default the method's."""
    map_stride: Literal["1", "2", "4", "8", "16"] = "4"
    """Pixels that a cell of the compared prediction maps is wide; 1 compares at full size."""
    schedule: Literal["constant", "rise", "fall"] = "constant"
    """Whether the weights of the terms stay, grow from 0, or shrink to 0 over the run."""
    balanced: bool = False
    """Scale each term to the size of the segmentation loss before it is weighted."""
    widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512)
    """Channels of the student's four stages; the default is ResNet-18, 8,16,32,64 trains on a laptop."""
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (2, 2, 2, 2)
    """Basic blocks a stage."""
    stem_pool: bool = True
    """Max pool behind the stem, as in ResNet-18; without it the output is twice as fine, at four times the cost."""
    decoder: bool = False
    """Add a light decoder, which the paper's student has not: a finer output at little more cost."""

    @model_validator(mode="after")
    def _batch_norm_has_values(self) -> "StudentSettings":
        at_once = self.batch // (self.devices * self.nodes * self.accumulate)
        if at_once <= 1 and self.crop == 32 and self.stem_pool:
            raise ValueError("one crop of 32 leaves batch norm a single value; use a larger --batch or --crop")
        return self

    def network(self) -> tuple[str, dict[str, Any]]:
        """Name and settings of the student's network."""
        settings = {"widths": list(self.widths), "blocks": list(self.blocks), "stem_pool": self.stem_pool}
        return ("resnet-decoder" if self.decoder else "resnet"), settings

    def recipe(self, method: str, terms: str = "") -> Recipe:
        """Put a method, or some of its terms, together with these settings."""
        return make_recipe(
            method,
            terms,
            self.targets,
            self.beta,
            self.lambda_,
            self.average_over,
            power=self.power,
            temperature=self.temperature,
            map_stride=int(self.map_stride),
            schedule=self.schedule,
            balanced=self.balanced,
        )
