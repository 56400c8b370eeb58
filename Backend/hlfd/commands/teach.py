"""`hlfd teach`: a store in, a teacher out."""

from typing import Literal

from pydantic import PositiveInt

from hlfd.training.settings import TrainingSettings


class CommandSettings(TrainingSettings):
    """Train a teacher, UNet++ with deep supervision, and export it as a bundle in the run's folder."""

    widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512, 1024)
    """Channels of its five levels; the default has 36.45 million parameters, 8,16,32,64,128 trains on a laptop."""
    norm: Literal["instance", "batch"] = "instance"
    """Normalisation behind each convolution: by image, as MONAI's UNet++ has it, or by batch."""


def run(settings: CommandSettings) -> None:
    """Train and export."""
    from hlfd.training.launch import launch, needs_launch

    if needs_launch(settings):
        launch("teach", settings)
        return
    from hlfd.training.teach import teach

    manifest = teach(settings, settings.widths, settings.norm)
    if manifest:
        print(f"{settings.run / 'bundle'}: {manifest.name}, {manifest.parameters / 1e6:.2f} million parameters")
