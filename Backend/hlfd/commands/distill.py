"""`hlfd distill`: a store and a teacher in, a student out."""

from pathlib import Path
from typing import Literal

from pydantic import Field, PositiveInt, model_validator

from hlfd.training.settings import TrainingSettings


class CommandSettings(TrainingSettings):
    """Train a student, ResNet-18 without a decoder, and export it as a bundle in the run's folder."""

    teacher: Path | None = None
    """Run of `hlfd teach`, or a teacher's bundle; not needed with --method none."""
    method: Literal["hlfd", "none"] = "hlfd"
    """hlfd distils from the teacher; none trains the student alone, on the same batches."""
    beta: float = Field(0.9, ge=0)
    """Weight of the feature level, UFD + IFD (eq. 5)."""
    lambda_: float = Field(0.1, ge=0, alias="lambda")
    """Weight of the pixel level, UPD + IPD (eq. 5)."""
    power: float = Field(2.0, ge=1)
    """Exponent p of the attention maps."""
    temperature: float = Field(4.0, gt=0)
    """Temperature T of the pixel level."""
    widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512)
    """Channels of the student's four stages; the default is ResNet-18, 8,16,32,64 trains on a laptop."""
    blocks: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (2, 2, 2, 2)
    """Basic blocks a stage."""
    stem_pool: bool = True
    """Max pool behind the stem, as in ResNet-18; without it the output is twice as fine, at four times the cost."""

    @model_validator(mode="after")
    def _batch_norm_has_values(self) -> "CommandSettings":
        if self.batch == 1 and self.crop == 32 and self.stem_pool:
            raise ValueError("one crop of 32 leaves batch norm a single value; use a larger --batch or --crop")
        return self


def run(settings: CommandSettings) -> None:
    """Train and export."""
    from hlfd.distillation.methods import METHODS
    from hlfd.training.distill import distill

    student = {"widths": list(settings.widths), "blocks": list(settings.blocks), "stem_pool": settings.stem_pool}
    routes = METHODS[settings.method](settings.beta, settings.lambda_)
    manifest = distill(
        settings, student, settings.method, routes, settings.teacher, settings.power, settings.temperature
    )
    print(f"{settings.run / 'bundle'}: {manifest.name}, {manifest.parameters / 1e6:.2f} million parameters")
