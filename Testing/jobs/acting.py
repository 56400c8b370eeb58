"""A runner beside the test, what it writes, and stand-ins for work that does what no real command should."""

import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil

from hlfd.jobs import worker
from hlfd.jobs.folder import Job
from hlfd.jobs.runner import Runner

SOON_S = 120

STAND_IN = """#!{python}
import hashlib, json, os, signal, subprocess, sys, time
from pathlib import Path
job, settings = Path(os.environ["HLFD_JOB"]), json.loads(Path(sys.argv[-1]).read_text())

def tell(**event):
    with (job / "events.jsonl").open("a") as stream:
        stream.write(json.dumps({{"time": time.time(), **event}}) + "\\n")

def tell_that_it_started():
    tell(event="started", what="Standing in", at=0, of=9, parts=settings.get("accumulate", 1))

def make_run():
    run = Path(settings["run"])
    run.mkdir(exist_ok=True)
    digest = hashlib.sha256((job / "request.json").read_bytes()).hexdigest()
    (run / "origin.json").write_text(json.dumps({{"job": digest}}))

"""


def until(condition: Callable[[], Any], timeout_s: float = SOON_S, pause_s: float = 0.01) -> Any:
    """Wait for something; give it."""
    end = time.monotonic() + timeout_s
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(pause_s)
    return found


def stand_in(folder: Path, body: str, monkeypatch: Any) -> None:
    """Let runners of this process start a program of a few lines instead of `hlfd`."""
    program = folder / "stand_in"
    program.write_text(STAND_IN.format(python=sys.executable) + body, encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setattr(worker, "sys", SimpleNamespace(executable=str(program)))


@contextmanager
def beside(job: Job) -> Any:
    """Run a job's runner in a thread beside the block; gives what its exit status will be."""
    with ThreadPoolExecutor(1) as pool:
        future: Future[int] = pool.submit(Runner(job).run)
        try:
            yield future
        finally:
            if not future.done():
                job.ask_stop()


def works_for(job: Job) -> list[psutil.Process]:
    """Every living process that works for a job."""
    return works_in(job.folder)


def works_in(folder: Path) -> list[psutil.Process]:
    """Every living process that was started with something in a folder among its words, and their children."""
    found = set()
    for process in psutil.process_iter():
        try:
            mine = any(word.startswith(str(folder)) for word in process.cmdline())
            if mine and process.status() != psutil.STATUS_ZOMBIE:
                found |= {process, *process.children(recursive=True)}
        except psutil.Error:
            continue
    return [process for process in found if process.is_running()]


def end_all(folder: Path) -> None:
    """End every process of jobs in a folder."""
    for process in works_in(folder):
        with suppress(psutil.Error):
            process.kill()
