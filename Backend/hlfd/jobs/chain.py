"""A job that begins when others are done: what it waits for, and why it will not begin. Standard library only."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from hlfd.errors import InputError
from hlfd.jobs import states
from hlfd.jobs.client import View, look
from hlfd.jobs.folder import Job

POLL_S = 1.0
BEFORE_IT_BEGAN = "stopped before it began"
NOT_BEGUN = "did not begin: "
LOST_FOR_S = 60.0
"""Time that somebody has to resume a lost job before those that wait for it give up."""
ENDED_OTHERWISE = {states.FAILED: "failed", states.CANCELLED: "was cancelled", states.LOST: "is lost"}


class NeverBeginsError(Exception):
    """A job that another one waits for did not do its work, or a stop was asked meanwhile."""


def waiting(job: Job) -> Iterator[str]:
    """Say, every second, what a job waits for; ends when all that it comes after is done.

    Raises:
        NeverBeginsError: it will not begin.
    """
    after: list[str] = []
    with contextlib.suppress(InputError):  # of a request that cannot be read; whoever starts the work tells that
        after = list(job.request().get("after", []))
    chain = Chain(job, after)
    while waits := chain.look():
        if job.stop_file.exists():
            raise NeverBeginsError(BEFORE_IT_BEGAN)
        yield waits
        time.sleep(POLL_S)


@dataclass
class Chain:
    """Looks at the jobs that one waits for."""

    job: Job
    after: Sequence[str]
    """Their names; they are in the same folder of jobs."""
    clock: Callable[[], float] = time.monotonic
    _done: set[str] = field(default_factory=set)
    _lost_since: dict[str, float] = field(default_factory=dict)

    def look(self) -> str:
        """Say what the job waits for; empty when all are done.

        Raises:
            NeverBeginsError: one has ended in another way, or was removed.
        """
        waits = [words for name in self.after if name not in self._done and (words := self._look_at(name))]
        return f"waits for {' and '.join(waits)}" if waits else ""

    def _look_at(self, name: str) -> str:
        view = self._view(name)
        if view.state == states.DONE:
            self._done.add(name)  # it may be removed from now on
            return ""
        is_lost = view.state == states.LOST
        if view.state in ENDED_OTHERWISE and not (is_lost and self._may_come_back(name)):
            if view.say.startswith(NOT_BEGUN):
                raise NeverBeginsError(view.say)  # the first of the chain is the reason
            raise NeverBeginsError(f"{NOT_BEGUN}{name} {ENDED_OTHERWISE[view.state]}: {view.say}")
        if not is_lost:
            self._lost_since.pop(name, None)
        return f"{name}, which is lost (`hlfd jobs resume {name}` goes on)" if is_lost else name

    def _view(self, name: str) -> View:
        other = Job(self.job.folder.parent / name)
        try:
            return look(other)
        except InputError as error:
            why = str(error) if other.folder.is_dir() else "it was removed; start this job anew without it"
            raise NeverBeginsError(f"{NOT_BEGUN}{name}: {why}") from None

    def _may_come_back(self, name: str) -> bool:
        return self.clock() - self._lost_since.setdefault(name, self.clock()) < LOST_FOR_S
