"""`hlfd report`: a distillation on one page."""

from pathlib import Path
from typing import Literal

from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Measure a student, and its teacher if given, on a store's test cases, and write a page that opens offline.

    The folder holds report.html, report.json with the figures, and the tables of `hlfd evaluate` for each model.
    """

    store: CliPositionalArg[Path]
    """Store whose test cases are measured; CTs and expert labels are read from where `hlfd prepare` found them."""
    out: CliPositionalArg[Path]
    """Folder to write."""
    student: Path
    """Run of the student, as distill wrote it."""
    teacher: Path | None = None
    """Run of its teacher, to be measured beside it."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes CUDA, then MPS, then the CPU."""
    overwrite: bool = False
    """Replace an earlier report."""


def run(settings: CommandSettings) -> None:
    """Measure, write, and say what the figures show and what they do not."""
    from hlfd.events import in_terminal
    from hlfd.report.students import PAGE, limits_of, report_on

    with in_terminal() as events:
        figures = report_on(
            settings.store,
            settings.out,
            settings.student,
            settings.teacher,
            settings.device,
            settings.overwrite,
            events,
        )
    print("\n".join(limits_of(figures)))
    print(f"Open {(settings.out / PAGE).resolve().as_uri()}")
