"""`hlfd explain`: what models know layer by layer, and where they look for tumour."""

from pathlib import Path
from typing import Literal

from pydantic import Field, field_validator
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Draw Fig. 2 and Fig. 3 of the paper for some cases, one row a model, and score both over all cases."""

    store: CliPositionalArg[Path]
    """Store whose cases are shown; linear probes learn from its training cases."""
    out: CliPositionalArg[Path]
    """Folder to write: PNG and SVG figures, explain.json and a table."""
    models: str
    """What is compared, with commas between: NAME=RUN, such as teacher=runs/teacher,alone=runs/none,HLFD=runs/hlfd."""
    cases: str = ""
    """Cases to draw, with commas between; by default the three with most tumour."""
    part: Literal["test", "validation", "training"] = "test"
    """Part of the store's division."""
    probe_steps: int = Field(300, gt=0)
    """Steps in which the probes learn."""
    seed: int = Field(0, ge=0)
    """Seed of the probes."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes CUDA, then MPS, then the CPU."""
    overwrite: bool = False
    """Replace a folder that exists."""

    @field_validator("models")
    @classmethod
    def _models_can_be_read(cls, text: str) -> str:
        parse_models(text)
        return text


def parse_models(text: str) -> dict[str, Path]:
    """Read `NAME=RUN,NAME=RUN`.

    Raises:
        ValueError: not of this form, or a name that stands twice.
    """
    models: dict[str, Path] = {}
    for part in text.split(","):
        name, equals, path = (piece.strip() for piece in part.partition("="))
        if not (name and equals and path):
            raise ValueError(f"{part!r} is not of the form NAME=RUN")
        if name in models:
            raise ValueError(f"{name} stands twice; give each model a name of its own")
        models[name] = Path(path)
    return models


def run(settings: CommandSettings) -> None:
    """Draw, score and print the table."""
    from hlfd.events import in_terminal
    from hlfd.explain.explain import explain

    with in_terminal() as events:
        table = explain(
            settings.store,
            settings.out,
            parse_models(settings.models),
            settings.part,
            [name.strip() for name in settings.cases.split(",") if name.strip()],
            settings.probe_steps,
            settings.seed,
            settings.device,
            settings.overwrite,
            events,
        )
    print(table)
