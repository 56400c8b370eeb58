"""`hlfd phantom`: synthetic, annotated abdominal CTs."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Make synthetic abdominal CTs with tumours, annotated, in KiTS19 layout: for trying things out and for tests."""

    out: CliPositionalArg[Path]
    """Folder to write."""
    count: int = Field(20, gt=0)
    """Number of cases."""
    organ: Literal["kidney", "liver"] = "kidney"
    """Organ with the tumours."""
    size: int = Field(256, ge=32, le=1024)
    """Rows and columns of a slice."""
    slices: tuple[int, int] = (40, 80)
    """Fewest and most slices of a case."""
    slice_mm: tuple[float, float] = (1.5, 5.0)
    """Thinnest and thickest slices, mm."""
    tumor_free_share: Annotated[float, Field(ge=0, le=1)] = 0.2
    """Share of cases without tumour."""
    orientation: str = "random"
    """Axis order of the files, such as LPS; random takes any of the 48."""
    seed: int = Field(0, ge=0)
    """Case k of a seed is always the same."""
    overwrite: bool = False
    """Replace an earlier set of phantoms."""


def run(settings: CommandSettings) -> None:
    """Make the cases."""
    from hlfd.data.phantom import PhantomSettings
    from hlfd.data.phantom.write import write_phantoms
    from hlfd.errors import InputError
    from hlfd.events import in_terminal

    try:
        wanted = PhantomSettings(
            organ=settings.organ,
            size=settings.size,
            slices=settings.slices,
            slice_mm=settings.slice_mm,
            tumor_free_share=settings.tumor_free_share,
            orientation=settings.orientation,
        )
    except ValueError as error:
        raise InputError(f"{error}; see `hlfd phantom --help`") from None
    with in_terminal() as events:
        events.emit("started", what="Making phantoms", of=settings.count)
        write_phantoms(
            settings.out,
            settings.count,
            wanted,
            settings.seed,
            on_case=lambda index, _count: events.emit("item", at=index + 1, note="synthetic"),
            overwrite=settings.overwrite,
        )
    print(f"{settings.out}: {settings.count} synthetic cases with {settings.organ} and tumours, KiTS19 layout")
