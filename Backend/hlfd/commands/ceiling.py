"""`hlfd ceiling`: the best Dice that the grid of an output allows."""

from pathlib import Path
from typing import Literal

from pydantic import PositiveInt
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Fit logits on coarse grids to the expert's tumour: about the best that any network of that stride can do."""

    store: CliPositionalArg[Path]
    """Store whose labels are fitted."""
    part: Literal["test", "validation", "training"] = "test"
    """Part of the store's division."""
    strides: tuple[PositiveInt, ...] = (32, 16, 8)
    """Pixels that a cell of the output is wide."""


def run(settings: CommandSettings) -> None:
    """Fit and print."""
    from hlfd.data.store import Store
    from hlfd.evaluation.ceiling import ceiling

    for stride, dice in ceiling(Store(settings.store), settings.part, settings.strides).items():
        print(f"stride {stride:>3}: {100 * dice:.1f} % tumour Dice, mean over the {settings.part} cases")
