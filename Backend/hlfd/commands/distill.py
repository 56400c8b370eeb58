"""`hlfd distill`: a store and a teacher in, a student out."""

from pathlib import Path

from pydantic import field_validator

from hlfd.distillation.methods import METHODS
from hlfd.training.student_settings import StudentSettings


class CommandSettings(StudentSettings):
    """Train a student, ResNet-18 without a decoder, and export it as a bundle in the run's folder."""

    teacher: Path | None = None
    """Run of `hlfd teach`, or a teacher's bundle; not needed with --method none or deep."""
    method: str = "hlfd"
    """none (the student alone), kd, at, skd, imf, emkd, hifd, hlfd; ours: hlfd-places; controls: deep, random."""
    terms: str = ""
    """Only these terms of the method, such as UFD,IFD; by default all."""

    @field_validator("method")
    @classmethod
    def _method_is_known(cls, name: str) -> str:
        if name not in METHODS:
            raise ValueError(f"there are {', '.join(METHODS)}")
        return name


def run(settings: CommandSettings) -> None:
    """Train and export."""
    from hlfd.training.launch import launch, needs_launch

    if needs_launch(settings):
        launch("distill", settings)
        return
    from hlfd.training.distill import distill

    recipe = settings.recipe(settings.method, settings.terms)
    manifest = distill(settings, *settings.network(), recipe, settings.teacher)
    if manifest:
        print(f"{settings.run / 'bundle'}: {manifest.name}, {manifest.parameters / 1e6:.2f} million parameters")
