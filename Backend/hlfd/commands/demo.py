"""`hlfd demo`: the whole way once, on synthetic CTs."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Make phantoms, train a teacher and two students, segment a held-out phantom into a Slicer scene, and report."""

    out: CliPositionalArg[Path] = Path("hlfd-demo")
    """Folder to write."""
    cases: int = Field(24, ge=8)
    """Synthetic cases; a quarter of them is kept for the test."""
    steps: int = Field(600, gt=0)
    """Steps of each training."""
    seed: int = Field(0, ge=0)
    """Seed of cases, weights and crops."""
    overwrite: bool = False
    """Replace an earlier demo."""


def run(settings: CommandSettings) -> None:
    """Run every stage and point to the report."""
    from hlfd.demo import run_demo

    report = run_demo(settings.out, settings.cases, settings.steps, settings.seed, settings.overwrite)
    print(f"\nOpen {report.resolve().as_uri()}")
