"""Can training start processes that cut crops ahead of time (`--workers`)?"""

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from hlfd.doctor.finding import Finding
from hlfd.machine import in_words

SECONDS = 20
SHARED = Path("/dev/shm")
"""Through here workers hand over batches on Linux; Docker gives it 64 MB."""
LITTLE_BYTES = 256e6


def answer(line: Connection) -> None:
    """What a healthy process does: say who it is."""
    line.send(os.getpid())


def read_workers(
    work: Callable[[Connection], None] = answer, seconds: float = SECONDS, shared: Path = SHARED
) -> dict[str, Any]:
    """Start a process of the kind that workers are, and wait for its answer.

    Args:
        work: what it does.
        seconds: longest wait.
        shared: where shared memory is, if the system has it as a folder.
    """
    began = time.monotonic()
    error = _start(work, seconds)
    free = shutil.disk_usage(shared).free if shared.is_dir() else None
    return {"error": error, "seconds": round(time.monotonic() - began, 1), "shared_memory_free": free}


def judge_workers(facts: dict[str, Any]) -> Finding:
    """Will workers work?"""
    free = facts["shared_memory_free"]
    if facts["error"] is not None:
        say = f"A process was started as a worker and {facts['error']}, so crops are cut as with --workers 0."
        do = "Training is somewhat slower, and otherwise the same. Security software is a frequent cause."
        return Finding("workers", "warning", say, do, facts)
    if free is not None and free < LITTLE_BYTES:
        say = f"Only {in_words(free)} of shared memory are free, too little for workers to hand over batches."
        do = "Keep --workers 0, or start the container with more, such as docker run --shm-size=2g."
        return Finding("workers", "warning", say, do, facts)
    say = f"A process started as a worker answered within {max(facts['seconds'], 0.1):.1f} s."
    return Finding("workers", "good", say, "", facts)


def _start(work: Callable[[Connection], None], seconds: float) -> str | None:
    """What went wrong; None if it answered with its own number."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(there,), daemon=True)
    try:
        process.start()
    except OSError as error:
        return f"could not be started ({error.strerror or error})"
    there.close()  # its end is the process's now, so that its death is noticed
    try:
        if not here.poll(seconds):
            return f"did not answer within {seconds:g} s"
        return None if here.recv() == process.pid else "gave another's answer"
    except EOFError:
        return "ended without an answer"
    finally:
        process.kill()
        process.join()
        here.close()
