"""`hlfd jobs start`: any long command, as a process that outlives the terminal."""

from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr
from pydantic_settings import CliPositionalArg

from hlfd.cli import STOPPABLE, module_of
from hlfd.commands.jobs_list import JobsSettings
from hlfd.errors import InputError

WITHOUT_VALUE = ("-h", "--help")
"""Of our own options; a mistyped one is taken to have a value, as all others have."""


class CommandSettings(JobsSettings):
    """Start a training or another long command in the background: `hlfd jobs start distill store run --teacher t`.

    The command's own options follow its name; those of `jobs start` stand before it. It prints the job's name and
    returns; closing the terminal, or Slicer, does not end the job.
    """

    command: CliPositionalArg[str]
    """What to start, with its own arguments behind it."""
    name: str = ""
    """Name for the job; by default the command with a number."""
    after: str = ""
    """Job that has to be done before this one begins, or several with commas. If one ends in another way, this one is
    cancelled, and can be resumed."""
    cluster: str | None = None
    """Address of a Ray cluster that does the work, such as http://head:8265; needs hlfd[cluster]. Paths are the
    cluster's, which has to see this folder and those that the command names; what it makes is brought back into the
    job's folder (docs/cluster.md)."""
    cluster_python: str | None = None
    """Python on the cluster that has hlfd; by default the one that Ray itself runs with there."""
    _of_command: dict[str, Any] = PrivateAttr(default_factory=dict)

    @classmethod
    def from_command_line(cls, arguments: list[str], program: str) -> Self:
        """Read our options up to the name of a command, and let that command read the rest."""
        own, rest = _divide(arguments)
        settings = super().from_command_line([*own, *rest[:1]], program)
        if settings.command not in STOPPABLE:
            raise InputError(f"{settings.command}: cannot be a job; there are {', '.join(STOPPABLE)}")
        settings._of_command = _settings_of(settings.command, rest[1:])
        return settings


def _divide(arguments: list[str]) -> tuple[list[str], list[str]]:
    position = 0
    while position < len(arguments) and arguments[position].startswith("-"):
        position += 1 if arguments[position] in WITHOUT_VALUE or "=" in arguments[position] else 2
    return arguments[:position], arguments[position:]


def _settings_of(command: str, arguments: list[str]) -> dict[str, Any]:
    """Check a command's arguments now, before anything is started, and give them as its settings file has them."""
    import importlib

    of_command = importlib.import_module(module_of(command)).CommandSettings
    record: dict[str, Any] = of_command.from_command_line(arguments, f"hlfd {command}").record()
    return record


def run(settings: CommandSettings) -> None:
    """Start it and say what it is called."""
    from hlfd.jobs.client import launch, own_place
    from hlfd.jobs.folder import create

    more = {}
    if settings.cluster:
        from hlfd.jobs.ray_job import require_address

        require_address(settings.cluster)
        more = {"cluster": settings.cluster, "cluster_python": settings.cluster_python}
    of_command, after = settings._of_command, [name.strip() for name in settings.after.split(",") if name.strip()]
    job = create(settings.folder, settings.command, of_command, Path.cwd(), settings.name, after, **more)
    launch(job, backend=own_place())
    begins = f"begins after {' and '.join(job.request()['after'])}" if after else "started"
    print(f"{job.name}: {begins}; `hlfd jobs watch {job.name}` looks on, `hlfd jobs stop {job.name}` ends it")
