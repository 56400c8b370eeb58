"""A store that is being written, and what a killed process left of one."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from hlfd.files import UNFINISHED

LOCK = ".lock"


@contextlib.contextmanager
def held(folder: Path) -> Iterator[None]:
    """Show others that somebody is at work in an unfinished folder; at the end the folder has no trace of that."""
    file = folder / LOCK
    lock = FileLock(file)
    lock.acquire()
    try:
        yield
    finally:
        with contextlib.suppress(PermissionError):  # on Windows it has to be let go first
            file.unlink(missing_ok=True)
        lock.release()
        file.unlink(missing_ok=True)


def sweep_up_killed(beside: Path) -> None:
    """Remove the unfinished stores beside a path that nobody is at work in any more: they can be as large as a disk."""
    for file in beside.resolve().parent.glob(f"{UNFINISHED}*/{LOCK}"):
        lock = FileLock(file)
        try:
            lock.acquire(timeout=0)
        except (Timeout, OSError):  # somebody is, or it is none of ours to remove
            continue
        lock.release()
        shutil.rmtree(file.parent, ignore_errors=True)
