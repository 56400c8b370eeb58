"""The single trainings and measurements of an arena: what is done, what can go on, what has to be started."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from hlfd.attached import environment_without_job
from hlfd.cli import EXIT_MEMORY_SHORT
from hlfd.endings import ending, is_killed
from hlfd.errors import InputError, MemoryShortError
from hlfd.files import sweep_up, write_json
from hlfd.machine import killed_for_memory, oom_kills, threads_to_use
from hlfd.stopping import stop_here

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS")
PAUSE_S = 0.2
STOPS_WITHIN_S = 4.0


@dataclass(frozen=True)
class Unit:
    """A command with its settings, which leaves `done` behind when it has succeeded."""

    name: str
    """In words, for whoever watches."""
    command: str
    """Of `hlfd`."""
    settings: dict[str, Any]
    file: Path
    """Where the settings are written, for the process and for whoever repeats it; the log lies beside it."""
    done: Path
    checkpoint: Path | None = None
    """What it leaves when it was stopped, for a command that can go on."""
    after: Path | None = None
    """What has to be there before it can start."""

    @property
    def log(self) -> Path:
        """What the process says."""
        return self.file.with_suffix(".log")

    @property
    def is_done(self) -> bool:
        """Whether nothing is left to do."""
        return self.done.exists()


@dataclass
class _Running:
    unit: Unit
    process: subprocess.Popen[bytes]
    log: IO[bytes]
    begins: int
    """Where in the log its own words begin: what an earlier sitting said stands before."""
    kills: int | None
    """What `oom_kills` said before it began."""


def run_units(units: Sequence[Unit], jobs: int, on_done: Callable[[Unit], None]) -> None:
    """Run what is not done yet, `jobs` at a time, in order.

    Args:
        units: in the order in which they start.
        jobs: processes at once; the processor's threads are shared out among them, unless the environment says.
        on_done: called after each.

    Raises:
        InputError: a unit failed, or waits for what nobody makes; those beside it are ended, and all can go on from
            their checkpoints.
    """
    waiting = [unit for unit in units if not unit.is_done]
    running: list[_Running] = []
    try:
        while waiting or running:
            while len(running) < jobs and (ready := _first_ready(waiting)):
                waiting.remove(ready)
                running.append(_start(ready, jobs))
            if waiting and not running:
                raise InputError(f"{waiting[0].name}: needs {waiting[0].after}, which is not there; restore it")
            ended = [one for one in running if one.process.poll() is not None]
            for one in ended:
                running.remove(one)
                _finish(one)
                on_done(one.unit)
            stop_here("stopped; --resume goes on with what is not done yet")
            if not ended:
                time.sleep(PAUSE_S)
    finally:
        _stop(running)


def _first_ready(waiting: Sequence[Unit]) -> Unit | None:
    return next((unit for unit in waiting if unit.after is None or unit.after.exists()), None)


def prepared(unit: Unit) -> list[str]:
    """Write a unit's settings and give the arguments of `hlfd` that start it, or go on with it."""
    if unit.done.parent.is_dir():  # a process that was killed while it wrote its first file leaves that
        sweep_up(unit.done.parent)
    going_on = unit.checkpoint is not None and unit.checkpoint.exists()
    write_json(unit.file, {**unit.settings, **({} if going_on else {"overwrite": True})})
    return [unit.command, "--settings", str(unit.file), *(["--resume"] if going_on else [])]


def _start(unit: Unit, jobs: int) -> _Running:
    arguments = prepared(unit)
    threads = {name: str(max(threads_to_use() // jobs, 1)) for name in THREADS} if jobs > 1 else {}
    log = unit.log.open("ab")
    begins, kills = log.tell(), oom_kills()
    process = subprocess.Popen(
        [sys.executable, "-m", "hlfd.child", *arguments],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**threads, **environment_without_job()},
    )
    return _Running(unit, process, log, begins, kills)


def _finish(one: _Running) -> None:
    _close(one)
    if one.process.returncode or not one.unit.is_done:
        status, for_memory = one.process.returncode, killed_for_memory(one.kills)
        is_short = status == EXIT_MEMORY_SHORT or (is_killed(status) and for_memory is not False)
        raise (MemoryShortError if is_short else InputError)(
            f"{one.unit.name} {ending(status, for_memory)}: {_last_words(one)} (all it said: {one.unit.log}); "
            "see to that, then go on with --resume"
        )


def _last_words(one: _Running) -> str:
    said = one.unit.log.read_bytes()[one.begins :].decode("utf-8", errors="replace")
    lines = said.strip().splitlines()
    return lines[-1].removeprefix("hlfd: ") if lines else "it said nothing"


def _stop(running: Sequence[_Running]) -> None:
    """Let all finish their step at once, within the time that a stop may take, and end those that don't."""
    for one in running:
        one.process.terminate()
    until = time.monotonic() + STOPS_WITHIN_S
    for one in running:
        try:
            one.process.wait(max(until - time.monotonic(), 0))
        except subprocess.TimeoutExpired:
            one.process.kill()
            one.process.wait()
        _close(one)


def _close(one: _Running) -> None:
    assert one.process.stdin is not None
    one.process.stdin.close()
    one.log.close()
