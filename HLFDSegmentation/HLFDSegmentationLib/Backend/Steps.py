"""Steps that are taken one after the other, each a process beside the window that is looked at now and then."""

import threading
from collections.abc import Callable, Generator
from dataclasses import dataclass
from pathlib import Path

from ..Words import Refusal
from ..Words import tr as _
from .Processes import ProcessTree

LEND_S = 0.03
"""PythonQt keeps Python's lock while Qt waits for events, so that a thread stands still; each look lends it."""
AT_WORK, DONE, FAILED, CANCELLED = "at work", "done", "failed", "cancelled"


@dataclass(frozen=True)
class Step:
    """One process, and what is told of it."""

    say: str
    command: list[str]
    variables: dict[str, str]
    share: tuple[float, float]
    """Of the whole way, from where to where (0 to 1)."""
    why: Callable[[str], str]
    """From what it printed, why it failed, in a sentence."""
    answer: Path | None = None
    """File for its standard output."""
    reads: Callable[[str], tuple[str, float]] | None = None
    """From what it printed, a sentence and how far it is (0 to 1)."""
    mayFail: bool = False
    """Whether an end with another status than 0 is an answer too."""


Plan = Generator[Step, None, object]
"""Gives steps; goes on when one has ended as it should; returns the outcome, or raises a `Refusal`."""


class Steps:
    """Takes the steps of a plan. Call `look()` from a timer until it is not `AT_WORK` any more.

    Args:
        plan: the steps.
        log: file for all that is printed.
        tidyUp: called in a thread after a failure or a cancellation, when no process is there any more.
        hasStarted: told the process id of each step.
    """

    def __init__(
        self,
        plan: Plan,
        log: Path,
        tidyUp: Callable[[str], None] = lambda state: None,
        hasStarted: Callable[[int], None] = lambda pid: None,
    ):
        self.state, self.say, self.share = AT_WORK, "", 0.0
        self.outcome = None
        """What the plan returned, once it is `DONE`."""
        self.log = log
        self._plan, self._tidyUp, self._hasStarted = plan, tidyUp, hasStarted
        self._step, self._process, self._begins = None, None, 0
        self._ending, self._endsAs, self._endsWith = None, "", ""
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_bytes(b"")
        self._next()

    def look(self) -> str:
        """See how far it is, take the next step if one has ended; gives the state."""
        if self.state != AT_WORK:
            return self.state
        if self._ending is not None:
            self._ending.join(LEND_S)
            if not self._ending.is_alive():
                self.state, self.say = self._endsAs, self._endsWith
            return self.state
        status = self._process.status
        if status is None:
            self._tell()
        elif status == 0 or self._step.mayFail:
            self._next()
        else:
            self._end(FAILED, self._step.why(self._said()))
        return self.state

    def cancel(self) -> None:
        """End what runs, and tidy up; `look()` tells when that is done."""
        if self.state == AT_WORK and self._ending is None:
            self.say = _("Stopping…")
            self._end(CANCELLED, _("Stopped. Nothing was installed."))

    @property
    def isEnding(self) -> bool:
        """Whether it tidies up, which goes faster the more often it is looked at."""
        return self.state == AT_WORK and self._ending is not None

    def abandon(self) -> None:
        """End at once what runs, as Slicer closes; what is half made may be left."""
        if self.state == AT_WORK and self._ending is None:
            self._process.kill()
            self.cancel()

    def printed(self) -> str:
        """All that was printed so far."""
        return self.log.read_bytes().decode("utf-8", "replace") if self.log.is_file() else ""

    def _next(self) -> None:
        try:
            self._step = next(self._plan)
            self.say, (self.share, _end) = self._step.say, self._step.share
            self._begins = self.log.stat().st_size
            step = self._step
            self._process = ProcessTree(step.command, step.variables, self.log, step.answer)
            self._hasStarted(self._process.pid)
        except StopIteration as stop:
            self.outcome, self.share, self.state = stop.value, 1.0, DONE
        except Refusal as error:
            self._end(FAILED, str(error))
        except OSError as error:
            sentence = _("{place} could not be used ({reason}); see whether it is there and may be written.")
            self._end(FAILED, sentence.format(place=error.filename or self.log.parent, reason=error.strerror))

    def _tell(self) -> None:
        if self._step.reads is None:
            return
        say, done = self._step.reads(self._said())
        begins, ends = self._step.share
        self.say = say
        self.share = max(self.share, begins + (ends - begins) * done)  # a bar that goes back helps nobody

    def _said(self) -> str:
        with self.log.open("rb") as file:
            file.seek(self._begins)
            return file.read().decode("utf-8", "replace")

    def _end(self, state: str, say: str) -> None:
        self._endsAs, self._endsWith = state, say
        self._ending = threading.Thread(target=self._endAll, name="HLFDSegmentation", daemon=True)
        self._ending.start()

    def _endAll(self) -> None:
        if self._process is not None and self._process.status is None:
            self._process.end()
        self._tidyUp(self._endsAs)
