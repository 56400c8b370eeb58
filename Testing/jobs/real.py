"""Trainings of seconds as jobs: real runners, real work."""

from pathlib import Path

from hlfd.event_file import read_events
from hlfd.jobs.client import launch, look
from hlfd.jobs.folder import Job, create
from Testing.jobs.acting import until

SETTINGS = {
    **{"steps": 60, "crop": 32, "batch": 2, "validate_every": 10, "save_minutes": 0.0, "device": "cpu", "threads": 1},
    **{"widths": [2, 2, 3, 3, 4], "deterministic": True},
}


def as_options(**settings) -> list[str]:
    """The settings of a training as options of `hlfd teach`."""
    words = []
    for name, value in {**SETTINGS, **settings}.items():
        option = f"--{name.replace('_', '-')}"
        shown = ",".join(map(str, value)) if isinstance(value, list) else str(value)
        words += [option] if value is True else [option, shown]
    return words


AS_OPTIONS = as_options()


def new_training(jobs: Path, store: Path, run: Path, name: str = "", **settings) -> Job:
    """Ask for a training that nobody has started."""
    return create(jobs, "teach", {"store": str(store), "run": str(run), **SETTINGS, **settings}, jobs.parent, name)


def started_training(jobs: Path, store: Path, run: Path, name: str = "", **settings) -> Job:
    """Start a training, as whoever wants a job does."""
    job = new_training(jobs, store, run, name, **settings)
    launch(job)
    return job


def at_step(job: Job, step: int) -> bool:
    """Wait until a job tells that it has come so far."""
    return until(
        lambda: any(event.get("step", 0) >= step for event in read_events(job.events)) or not look(job).is_active
    )


def runner_of(job: Job) -> int:
    """Process id of the runner, when it is there."""
    return until(lambda: job.status().get("pid"))
