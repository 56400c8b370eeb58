"""The folder of a run: what is written where, and how a run is started anew or gone on with."""

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from hlfd import attached
from hlfd.bundle import WEIGHTS, BundleManifest
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.event_file import JsonLines, forget_after
from hlfd.events import Events, TensorBoard, Terminal, quiet
from hlfd.files import read_json, refuse_existing, sweep_up, whole_folder, write_json
from hlfd.together import is_first, wait_for_all
from hlfd.training.settings import FREE_AT_RESUME, TrainingSettings

NOT_OF_THE_RUN = ("resume", "overwrite")


@dataclass(frozen=True)
class RunFolder:
    """Names of the things in a run's folder."""

    folder: Path

    @property
    def settings(self) -> Path:
        """Settings as they were used; `--settings` takes this file."""
        return self.folder / "settings.json"

    @property
    def events(self) -> Path:
        """Events, a JSON object a line."""
        return self.folder / "events.jsonl"

    @property
    def tensorboard(self) -> Path:
        """Folder for TensorBoard."""
        return self.folder / "tensorboard"

    @property
    def checkpoint(self) -> Path:
        """All that resuming needs."""
        return self.folder / "last.ckpt"

    @property
    def best(self) -> Path:
        """Weights that did best on the validation cases."""
        return self.folder / "best.safetensors"

    @property
    def origin(self) -> Path:
        """Digests of what the run learns from."""
        return self.folder / "origin.json"

    @property
    def bundle(self) -> Path:
        """The exported model."""
        return self.folder / "bundle"

    @property
    def lock(self) -> Path:
        """Held by the process that is at work in the folder."""
        return self.folder / ".lock"

    @property
    def preview(self) -> Path:
        """Picture of the last validation: a slice, the expert's labels, the network's."""
        return self.folder / "preview.png"

    @property
    def result(self) -> Path:
        """Summary of the finished run."""
        return self.folder / "result.json"


def origin(store: Store, **models: BundleManifest | None) -> dict[str, str]:
    """What a run learns from -> digest: the store, and the models that it builds upon."""
    return {"store": store.digest(), **{name: model.files[WEIGHTS] for name, model in models.items() if model}}


def open_run(settings: TrainingSettings, learns_from: dict[str, str], free: frozenset[str] = frozenset()) -> RunFolder:
    """Make the folder of a new run, whole or not at all, or check that an old one can be gone on with.

    Args:
        settings: of the run.
        learns_from: what `origin` tells. Paths may change between two sittings, what is at them may not.

    Raises:
        InputError: the folder exists without `resume` or `overwrite`, isn't a run, was started with settings that
            would make the rest of the run another experiment, or another process is at work in it.
    """
    run = RunFolder(settings.run)
    if is_first():
        _open(run, settings, learns_from, free)
    wait_for_all()
    return run


def _open(run: RunFolder, settings: TrainingSettings, learns_from: dict[str, str], free: frozenset[str]) -> None:
    if settings.resume:
        _require_same(run, settings, FREE_AT_RESUME | free)
        _require_origin(run, learns_from)
        return
    refuse_existing(run.folder, settings.overwrite)
    if run.folder.is_file() or (run.folder.is_dir() and any(run.folder.iterdir())):
        _require_replaceable(run, settings)
        with held(run):
            """Nobody is at work in it."""
    with whole_folder(run.folder, settings.overwrite, run.settings.name) as made:
        write_settings(RunFolder(made), settings)
        write_json(made / run.origin.name, {**learns_from, **_made_by()})


def write_settings(run: RunFolder, settings: TrainingSettings) -> None:
    """Write what a run is trained with, for whoever resumes or repeats it."""
    record = settings.record()
    write_json(run.settings, {name: record[name] for name in record if name not in NOT_OF_THE_RUN})


def _made_by() -> dict[str, str]:
    """Name the job that this process works for, so that the job knows its run again."""
    job = attached.job_folder()
    return {} if job is None else {"job": attached.identity(job)}


@contextlib.contextmanager
def held(run: RunFolder) -> Iterator[None]:
    """Keep every other process from writing in the folder of a run, and remove what a killed one left half-written.

    Raises:
        InputError: another process is at work in it.
    """
    if not is_first():
        yield
        return
    lock = FileLock(run.lock)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(
            f"{run.folder}: another process is at work in it; wait for its end, stop it (`hlfd jobs list` shows jobs), "
            "or choose another name"
        ) from None
    try:
        sweep_up(run.folder)
        yield
    finally:
        lock.release()


def run_events(run: RunFolder, at_step: int) -> Events:
    """Open the run's event file, TensorBoard log and the terminal; what came after `at_step` will come again."""
    if not is_first():
        return quiet()
    forget_after(run.events, at_step)
    if not at_step:
        shutil.rmtree(run.tensorboard, ignore_errors=True)
    return Events(JsonLines(run.events), TensorBoard(run.tensorboard, at_step), Terminal())


def _require_replaceable(run: RunFolder, settings: TrainingSettings) -> None:
    """A slip of the keyboard must not cost a folder of CTs, a store, or the teacher that is about to be used."""
    # A store has a settings file too, but only a run's names a run.
    if not run.settings.is_file() or "run" not in read_json(run.settings, "the settings of a run"):
        raise InputError(f"{run.folder}: is not a run, so it is not replaced; choose another name")
    for name, path in settings.paths().items():
        if name != "run" and run.folder.resolve() in (path.resolve(), *path.resolve().parents):
            raise InputError(f"{run.folder}: holds the {name} {path}, so it is not replaced; choose another name")


def _require_same(run: RunFolder, settings: TrainingSettings, free: frozenset[str]) -> None:
    if not run.folder.is_dir():
        raise InputError(f"{run.folder}: no run to resume; start it without --resume")
    # What the record doesn't tell had its default, as a setting has that came with a later version.
    defaults = type(settings).model_validate({"store": settings.store, "run": settings.run}).record()
    before: dict[str, Any] = {**defaults, **read_json(run.settings, "the settings of a run")}
    now = settings.record()
    for name in sorted({*before, *now} - free):
        if before.get(name) != now.get(name):
            raise InputError(
                f"{run.folder}: was started with {name} {before.get(name)!r}, found {now.get(name)!r}; resume with "
                f"--settings {run.settings}, or start a new run"
            )


def _require_origin(run: RunFolder, learns_from: dict[str, str]) -> None:
    before = read_json(run.origin, "the digests of what a run learns from")
    for what, digest in learns_from.items():
        if before.get(what) != digest:
            raise InputError(f"{run.folder}: was started with another {what}; resume with that one, or start a new run")
