"""The process that stays with a job: it starts the work, shows that it lives, stops it, and says how it ended.

`python -m hlfd.jobs.runner FOLDER`. It takes little memory and imports no torch, so that it is there when the work is
killed for lack of memory, and can start it again with less at once.
"""

import contextlib
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from hlfd.cli import EXIT_BAD_INPUT, EXIT_INTERRUPTED, EXIT_MEMORY_SHORT
from hlfd.endings import ending, is_killed
from hlfd.errors import InputError
from hlfd.event_file import JsonLines, Tail
from hlfd.files import disk_is_full, sweep_up
from hlfd.jobs import states
from hlfd.jobs.chain import BEFORE_IT_BEGAN, NeverBeginsError, waiting
from hlfd.jobs.cluster import Work, made, start_work
from hlfd.jobs.folder import Job, this_host
from hlfd.jobs.pace import Pace
from hlfd.jobs.process import start_mark
from hlfd.machine import disk_free, killed_for_memory, oom_kills

BEAT_S, POLL_S = 2.0, 0.1
GRACE_S, TERMINATE_S = 5.0, 2.0
"""Time to finish a step; then the work is asked to end by the system, and after that much more it is killed."""
OWN_FAULTS = (1, EXIT_BAD_INPUT, EXIT_MEMORY_SHORT)
TIMES_SMALLER = 3
BEFORE_IT_WENT_ON = "stopped before it went on; what it had is kept"
ENDED_IN_A_STEP = "did not finish its step in time and was ended"
RESERVE_BYTES = 1 << 16
DISK_FULL = "the disk is full; free some space, then resume the job"
EXIT_BUSY = 5
LEFT_S = 5.0
"""Age from which on a half-written file in the job's folder is one that a killed process left."""
LAST_MOMENTS_S = 2.0
"""Whoever reads how a job ended may resume it before the runner that told it is gone."""


@dataclass
class Runner:
    """Runs one job to its end."""

    job: Job
    state: str = states.QUEUED
    say: str = "is starting"
    attempt: int = 0
    """Times that the work was started; 0 while the job has only waited for others."""
    pace: Pace = field(default_factory=Pace)
    waits: str = ""
    """What the work waits for, if it does."""
    _beaten: float = 0.0
    _mark: str | None = field(default_factory=lambda: start_mark(os.getpid()))

    def run(self) -> int:
        """Run, and leave the state that the job ended in."""
        self.attempt = int(self.job.status().get("attempt", 0))
        began = time.monotonic()
        try:
            if not self.attempt:  # else those before it were done once, and done is final
                for waits in waiting(self.job):
                    self.waits = waits
                    self.beat()
            self.waits, began = "", time.monotonic()
            state, say = self._begin()
        except NeverBeginsError as error:
            state, say = states.CANCELLED, str(error)
        except InputError as error:
            state, say = states.FAILED, str(error)
        except OSError as error:
            state, say = states.FAILED, _fault(error)
        except Exception as error:
            traceback.print_exc()
            state, say = (
                states.FAILED,
                f"the runner failed by a fault of its own ({error!r}); {self.job.log} has all of it",
            )
        self._end(state, say, time.monotonic() - began)
        return 0 if state in (states.DONE, states.CANCELLED) else 1

    def _begin(self) -> tuple[str, str]:
        self.state, self.attempt, tail = states.STARTING, self.attempt + 1, Tail(self.job.events)
        tail.read()
        self.beat(force=True)
        sweep_up(self.job.folder, LEFT_S)
        self.job.reserve.write_bytes(os.urandom(RESERVE_BYTES))  # zeros take no room on some disks
        return self._run(tail)

    def _run(self, tail: Tail) -> tuple[str, str]:
        parts, smaller = None, 0
        self.pace.parts = int(self.job.request()["settings"].get("accumulate", 1))
        while True:
            if self.job.stop_file.exists():
                return states.CANCELLED, self._before_a_step()
            kills = oom_kills()
            with start_work(self.job, parts) as worker:
                self._attend(worker, tail)
            status, for_memory = worker.status, killed_for_memory(kills)
            more = min(2 * max(self.pace.parts, parts or 1), worker.most_parts)
            can_be_smaller = smaller < TIMES_SMALLER and more > max(self.pace.parts, parts or 1)
            if not can_be_smaller or not self._is_short_of_memory(worker, for_memory):
                return self._judge(worker, for_memory)
            smaller, parts, self.attempt = smaller + 1, more, self.attempt + 1
            self._tell_smaller(f"the work {ending(status, for_memory)}; it goes on in {parts} parts a step")

    def _is_short_of_memory(self, worker: Work, for_memory: bool | None) -> bool:
        """Whether less at once may do: it said so, or was killed, and nobody knows of another reason."""
        killed = is_killed(worker.status) and for_memory is not False and not worker.was_killed
        is_short = self.state != states.STOPPING and (worker.status == EXIT_MEMORY_SHORT or killed)
        return is_short and worker.can_resume()

    def _judge(self, worker: Work, for_memory: bool | None) -> tuple[str, str]:
        """Say how the work ended."""
        status = worker.status
        if status == 0:
            return states.DONE, self.pace.said or "done"
        is_wanted = self.state == states.STOPPING or self.job.stop_file.exists()  # or both were asked at once
        is_stopping = is_wanted and status not in OWN_FAULTS
        if status == EXIT_INTERRUPTED or (is_stopping and self.pace.has_stopped):
            said = self.pace.said if self.pace.has_stopped else worker.last_words()
            return states.CANCELLED, said or "stopped"
        if is_stopping:
            return states.CANCELLED, self._in_a_step(worker) if self.pace.what else self._before_a_step()
        if not worker.last_words() and disk_free(self.job.folder) < RESERVE_BYTES:  # no room for its words either
            return states.FAILED, f"{self.job.folder}: {DISK_FULL}"
        how = f"the work {ending(status, for_memory)} ({worker.last_line()}); {self.job.log} has all that it printed"
        return states.FAILED, worker.last_words() or how

    def _before_a_step(self) -> str:
        return BEFORE_IT_WENT_ON if self.attempt > 1 else BEFORE_IT_BEGAN

    def _in_a_step(self, worker: Work) -> str:
        # What segment-folder has done it finds again by itself, without being told to go on.
        is_kept = worker.can_resume() or self.job.request()["command"] == "segment-folder"
        kept = "what was saved before is kept" if is_kept else "nothing was written"
        return f"{ENDED_IN_A_STEP}; {kept}"

    def _attend(self, worker: Work, tail: Tail) -> None:
        """Stay with the work until it ends."""
        asked_at: float | None = None
        while worker.status_now() is None:
            for event in tail.read():
                self.pace.hear(event)
            self.waits = worker.waits
            if self.state in (states.STARTING, states.RUNNING) and self.pace.what not in ("", self.say):
                self.state, self.say = states.RUNNING, self.pace.what  # one command may do several things in turn
                self.beat(force=True)
            if asked_at is None and self.job.stop_file.exists():
                asked_at, self.state, self.say = time.monotonic(), states.STOPPING, "finishes its step"
                self.beat(force=True)
            if asked_at is not None:  # what has not begun has no step to finish
                times = (GRACE_S, TERMINATE_S) if self.pace.what else (0.0, 0.0)
                worker.press(time.monotonic() - asked_at, *times)
            self.beat()
            time.sleep(POLL_S)
        for event in tail.read():
            self.pace.hear(event)

    def _tell_smaller(self, say: str) -> None:
        self.state, self.say, self.pace.what = states.STARTING, say, ""
        self.event("smaller", say=say)
        self.beat(force=True)

    def event(self, name: str, **values: Any) -> None:
        """Append an event; only while no work runs, which appends its own."""
        lines = JsonLines(self.job.events)
        lines.hear({"event": name, "time": round(time.time(), 3), **values})
        lines.close()

    def beat(self, force: bool = False) -> None:
        """Show that the job lives."""
        if not force and time.monotonic() - self._beaten < BEAT_S:
            return
        self._beaten = time.monotonic()
        with contextlib.suppress(OSError):  # a full disk may have room again later, and a living process is not lost
            self.job.write_status(self.state, self.waits or self.say, **self._facts())

    def _facts(self) -> dict[str, Any]:
        own = {"pid": os.getpid(), "mark": self._mark, "host": this_host(), "attempt": self.attempt}
        pace = {"step": self.pace.step, "of": self.pace.of, "left_s": self.pace.left_s}
        return {**own, **pace}

    def _end(self, state: str, say: str, seconds: float) -> None:
        with contextlib.suppress(OSError):
            self.job.reserve.unlink(missing_ok=True)  # room for the last words on a disk that is full
        self.state, self.say, self.waits, self.pace.left_s = state, say, "", None
        there = []
        with contextlib.suppress(InputError, OSError):  # a request that cannot be read may be how it ended
            there = [str(path) for path in made(self.job) if path.exists()]
        result = {"state": state, "say": say, "seconds": round(seconds, 1), "attempts": self.attempt, "outputs": there}
        with contextlib.suppress(OSError):
            self.job.write_result(result)
        with contextlib.suppress(OSError):
            self.event("ended", state=state, say=say)
        self.beat(force=True)  # last: whoever reads this reads the rest


def _fault(error: OSError) -> str:
    place = error.filename or "a file"
    if disk_is_full(error):
        return f"{place}: {DISK_FULL}"
    return f"{place}: cannot be read or written ({error.strerror})"


@contextlib.contextmanager
def _ends_are_stops(job: Job) -> Iterator[None]:
    """Where the system asks this process to end, as at a shutdown, that is a stop."""

    def on_end(_number: int, _frame: object) -> None:
        job.ask_stop()

    for name in ("SIGTERM", "SIGINT", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), on_end)
    if hasattr(signal, "SIGHUP"):  # of terminals; systemd sends it right behind SIGTERM; the work inherits this
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield


def main(arguments: list[str]) -> int:
    """Run the job of a folder; 4 if another runner has it, or had."""
    job = Job(Path(arguments[0]))
    try:
        with FileLock(job.lock, timeout=LAST_MOMENTS_S), _ends_are_stops(job):
            if (state := job.status()["state"]) in states.ENDED:
                print(f"hlfd: {job.name}: is {state}; `hlfd jobs resume` goes on with a job", file=sys.stderr)
                return EXIT_BUSY
            return Runner(job).run()
    except Timeout:
        print(f"hlfd: {job.name}: another runner is at work on it", file=sys.stderr)
        return EXIT_BUSY


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
