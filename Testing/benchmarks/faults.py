"""What can happen to a job, done to one on purpose, and a look at what is left of it."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from hlfd.errors import InputError
from hlfd.files import UNFINISHED
from hlfd.jobs.client import ask_stop, wait_for_end
from hlfd.jobs.folder import Job

END_S = 180.0
"""Time that a small training has to come to its end."""
KILL, PART, STOP, DISK, PARENT = "killed", "killed while writing", "stopped", "disk full", "parent killed"


def kill_all(job: Job, moment_s: float, _disk: Path | None) -> None:
    """End all at once, as a power cut does."""
    time.sleep(moment_s)
    _kill(job)


def kill_while_writing(job: Job, moment_s: float, _disk: Path | None) -> None:
    """End all while a checkpoint, a model or another file is half-written."""
    time.sleep(moment_s)
    run = Path(job.request()["settings"]["run"])
    with suppress(TimeoutError):
        until(lambda: any(path.name.startswith(UNFINISHED) for path in _there(run)), 5, 0.0)
    _kill(job)


def stop(job: Job, moment_s: float, _disk: Path | None) -> None:
    """Press stop."""
    time.sleep(moment_s)
    with suppress(InputError):  # it may have ended by then
        ask_stop(job)


def fill_disk(job: Job, moment_s: float, disk: Path | None) -> None:
    """Fill the disk, and give the room back when the job has ended."""
    time.sleep(moment_s)
    assert disk is not None
    ballast = disk / "ballast"
    with suppress(OSError), ballast.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))

    def make_room() -> None:
        wait_for_end(job, END_S)
        ballast.unlink()

    threading.Thread(target=make_room).start()


FAULTS: dict[str, Callable[[Job, float, Path | None], None]] = {
    **{KILL: kill_all, PART: kill_while_writing, STOP: stop, DISK: fill_disk},
    PARENT: lambda _job, _moment, _disk: None,  # it is dead already
}


def _kill(job: Job) -> None:
    pid = job.status().get("pid")
    for process in [*([psutil.Process(pid)] if pid and psutil.pid_exists(pid) else []), *_all_of(job)]:
        with suppress(psutil.Error):
            process.kill()


def _all_of(job: Job) -> list[psutil.Process]:
    """Every process that works for a job, found by what it was started with."""
    mark, found = str(job.folder), []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            words = process.cmdline()
            if process.status() != psutil.STATUS_ZOMBIE and any(word.startswith(mark) for word in words):
                found += [process, *process.children(recursive=True)]
    return found


def processes_of(job: Job) -> list[str]:
    """What is still there of a job two seconds after its end."""
    with suppress(TimeoutError):
        until(lambda: not _all_of(job), 2)
    return [str(process) for process in _all_of(job)]


def _there(folder: Path) -> list[Path]:
    with suppress(OSError):
        return list(folder.iterdir())
    return []


def until(true: Callable[[], bool], timeout_s: float, pause_s: float = 0.02) -> None:
    """Wait for something."""
    end = time.monotonic() + timeout_s
    while not true():
        if time.monotonic() > end:
            raise TimeoutError
        time.sleep(pause_s)


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """A disk of 3 MB: tmpfs, which root may mount on Linux."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def nothing() -> Iterator[None]:
    """No disk of its own."""
    yield None
