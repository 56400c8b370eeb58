"""`hlfd jobs list`: all jobs, how far they are and how they ended."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from hlfd.jobs.folder import JOBS
from hlfd.settings import Settings


class JobsSettings(Settings):
    """What all commands about jobs have."""

    folder: Annotated[Path, AfterValidator(Path.expanduser)] = Field(Path(JOBS), validate_default=True)
    """Folder of the jobs; Slicer looks at the default one as well."""


class CommandSettings(JobsSettings):
    """Show every job: its state, how far it is, and how it ended or what to do."""

    json_: bool = Field(False, alias="json")
    """Print JSON, a list of objects, for programs."""


def run(settings: CommandSettings) -> None:
    """Print them, the newest last."""
    from dataclasses import asdict

    from hlfd.jobs.client import look_at_all

    views = look_at_all(settings.folder)
    if settings.json_:
        print(json.dumps([asdict(view) for view in views], indent=2))
        return
    if not views:
        print(f"{settings.folder}: no jobs; `hlfd jobs start distill ...` starts one")
        return
    from hlfd.jobs.show import print_table

    print_table(views)
