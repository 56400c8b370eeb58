"""What a cluster runs of a job: its command, as local work would, and everything told on standard output.

`python -m hlfd.jobs.remote [PARTS]`, in a folder that has the job's request. docs/cluster.md tells the rest.
"""

import os
import platform
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from hlfd import __version__, attached
from hlfd.cli import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_MEMORY_SHORT
from hlfd.endings import ending, is_killed
from hlfd.errors import InputError
from hlfd.event_file import Tail
from hlfd.jobs import wire
from hlfd.jobs.client import outputs
from hlfd.jobs.folder import Job
from hlfd.jobs.runner import GRACE_S, POLL_S, TERMINATE_S
from hlfd.jobs.worker import Worker
from hlfd.machine import killed_for_memory, oom_kills

BEAT_S = 10.0
"""Silence after which a sign of life is given."""
RESULTS = ("result.json", "bundle/*", "arena.json", "table.md", "*.csv", "*.svg", "*.png")
"""What comes back of a run's or an arena's folder; checkpoints and curves stay."""
MORE_RESULTS = {"segment-folder": ("*.seg.nrrd", "*.json"), "report": ("report.*", "*/*.csv", "*/*.json")}
"""What comes back besides, by command."""


class Remote:
    """Runs the command of a job and tells of it."""

    def __init__(self, job: Job, parts: int | None) -> None:
        self._job, self._parts, self._request = job, parts, job.request()
        self._events, self._printed, self._told = Tail(job.events), 0, time.monotonic()

    def run(self) -> int:
        """Run it, and say how it ended and what it made; gives its exit status."""
        try:
            end = self._work()
        except InputError as error:
            end = {"status": EXIT_BAD_INPUT, "words": str(error), "can_resume": False, "most_parts": 1}
        digests: dict[str, str] = {}
        stopped = end["status"] != 0 and self._job.stop_file.exists()
        if end["status"] == 0 or (stopped and end["can_resume"]):
            for file, name in results(self._request):
                for line in wire.lines_of(file, name, digests):
                    self._say(line)
        self._say(wire.spoken("end", files=digests, **end))
        status = int(end["status"])
        return status if status >= 0 else 128 - status  # as shells tell a signal

    def _work(self) -> dict[str, Any]:
        where = Path(self._request["where"])
        if not where.is_dir():
            raise InputError(f"{where}: no such folder on the cluster; start the job in one that the cluster sees too")
        asked_at, kills = 0.0, oom_kills()
        with Worker(self._job, self._parts) as worker:
            while worker.status_now() is None:
                self._tell()
                if self._job.stop_file.exists():
                    asked_at = asked_at or time.monotonic()
                    worker.press(time.monotonic() - asked_at, GRACE_S, TERMINATE_S)
                time.sleep(POLL_S)
            self._tell(to_the_end=True)
        status, words = self._explain(worker, killed_for_memory(kills))
        return {"status": status, "words": words, "can_resume": worker.can_resume(), "most_parts": worker.most_parts}

    def _explain(self, worker: Worker, for_memory: bool | None) -> tuple[int, str]:
        """Give status and last words; what the system did can be seen here alone."""
        status, words = worker.status, worker.last_words()
        if self._job.stop_file.exists():
            began = self._events.offset > 0
            return (status if began or status != -signal.SIGTERM else EXIT_INTERRUPTED), words
        if is_killed(status) and for_memory is not False:
            status = EXIT_MEMORY_SHORT
        how = f"the work {ending(worker.status, for_memory)} ({worker.last_line()}); the log has all that it printed"
        return status, words or ("" if status == 0 else how)

    def _tell(self, to_the_end: bool = False) -> None:
        """Say what is new: events, printed lines, or that all is well."""
        for line in self._lines(to_the_end):
            self._say(line)
        for event in self._events.read():
            self._say(wire.spoken("event", event=event))
        if time.monotonic() - self._told > BEAT_S:
            self._say(wire.spoken("beat"))

    def _lines(self, to_the_end: bool) -> Iterator[str]:
        """What was printed since, in whole lines: a marked one must not begin in the middle of another."""
        with self._job.log.open("rb") as stream:
            stream.seek(self._printed)
            new = stream.read(wire.PIECE_BYTES if not to_the_end else -1)
        whole, end, half = new.rpartition(b"\n")
        if half and (to_the_end or len(new) == wire.PIECE_BYTES):
            whole, end = new, b""
        self._printed += len(whole) + len(end)
        yield from whole.decode("utf-8", errors="replace").splitlines()

    def _say(self, line: str) -> None:
        self._told = time.monotonic()
        sys.stdout.write(line + "\n")
        sys.stdout.flush()


def results(request: Mapping[str, Any]) -> Iterator[tuple[Path, str]]:
    """Give the files that a request's command made and that come back, with their names there."""
    kinds = (*RESULTS, *MORE_RESULTS.get(str(request.get("command")), ()))
    for output in outputs(request):
        files = [output] if output.is_file() else sorted({file for kind in kinds for file in output.glob(kind)})
        for file in files:
            yield file, file.relative_to(output.parent).as_posix()


def set_variables() -> None:
    """Set what the command has as a job here, and leave out what Ray set."""
    if not os.environ.pop(wire.THREADS_OF_NODE, ""):
        os.environ.pop("OMP_NUM_THREADS", None)
    os.environ.update(PYTHONSAFEPATH="1", PYTHONUTF8="1")


def main(arguments: list[str]) -> int:
    """Run the job whose request is in this folder."""
    sys.stdout.reconfigure(encoding="utf-8", errors="replace")  # type: ignore[union-attr]
    set_variables()
    with tempfile.TemporaryDirectory(prefix="job-", dir=Path.cwd()) as folder:
        job = Job(Path(folder))
        signal.signal(signal.SIGTERM, lambda *_: job.ask_stop())
        shutil.copyfile(attached.REQUEST, job.folder / attached.REQUEST)
        print(f"hlfd {__version__} on {platform.node()}, {sys.executable}", flush=True)
        return Remote(job, int(arguments[0]) if arguments else None).run()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
