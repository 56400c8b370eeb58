"""A job of a Ray cluster: submitted, followed and stopped through Ray's own job API, in threads.

A request to a cluster may take long or never end, and whoever waits for it could neither beat nor hear a stop.
"""

import asyncio
import contextlib
import importlib.util
import os
import queue
import threading
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from hlfd.errors import InputError

RETRY_S, POLL_S = 1.0, 0.2
SILENT_S = 30.0
"""Silence of the log, which has a sign of life every 10 s, after which it is asked for anew."""
LINES_AHEAD = 1000
NOT_THERE = "does not exist"
"""What Ray answers for a job that it does not know."""


def require_address(address: str) -> None:
    """Refuse what is no address of a cluster's job API, and a computer without Ray.

    Raises:
        InputError: either.
    """
    if not address.startswith(("http://", "https://")):
        raise InputError(f"{address}: not the address of a Ray cluster's job API; give it as http://HOST:8265")
    if importlib.util.find_spec("ray") is None:
        raise InputError("Ray is not installed here, and --cluster needs it; install hlfd[cluster]")


@dataclass
class RayJob:
    """One submission. Its threads touch no file; what they find is read from here."""

    address: str
    name: str
    """On the cluster; of no earlier submission."""
    what: dict[str, Any]
    """How it is submitted: what `submit_job` takes."""
    earlier: str = ""
    """A submission of the same work that may be running still: it is stopped first."""
    lines: "queue.Queue[str]" = field(default_factory=lambda: queue.Queue(LINES_AHEAD))
    """Of the log, each once, however often the connection was lost."""
    end: Any = None
    """How Ray says that it ended, when all of the log is in `lines`."""
    fault: InputError | None = None
    """Why it could not be followed to its end."""
    is_pending: bool = True
    has_heard_stop: bool = False
    trouble: str = ""
    """What went wrong since the cluster answered last."""
    _client: Any = None
    _submitted: bool = False
    _stop_asked: bool = False
    _read: int = 0

    def __post_init__(self) -> None:
        """Begin."""
        self._closed = threading.Event()
        self._answered = time.monotonic()
        threading.Thread(target=self._run, daemon=True).start()

    @property
    def silent_s(self) -> float:
        """Seconds since the cluster answered last."""
        return time.monotonic() - self._answered

    def stop(self) -> None:
        """Ask Ray for a stop, until it has heard."""
        if not self._stop_asked:
            self._stop_asked = True
            self.stopping = threading.Thread(target=self._stop, daemon=True)
            self.stopping.start()

    def close(self) -> None:
        """Listen no more."""
        self._closed.set()

    def _run(self) -> None:
        try:
            self._connect()
            if self.earlier:
                self._end_earlier()
            if self._stop_asked:
                self.has_heard_stop = True  # nothing was sent, so nothing is to be ended
                return
            self._submit()
            self._follow()
        except InputError as error:
            self.fault = error
        except Exception as error:
            self.fault = InputError(f"{self.address}: the Ray cluster did not take the job ({_first_line(error)})")

    def _connect(self) -> None:
        require_address(self.address)
        for variable in ("RAY_ADDRESS", "RAY_API_SERVER_ADDRESS"):
            os.environ.pop(variable, None)  # Ray would take it instead of the address that it is given
        from ray.job_submission import JobSubmissionClient

        try:
            self._client = JobSubmissionClient(self.address)
        except Exception as error:
            raise InputError(
                f"{self.address}: no Ray cluster answers there ({_first_line(error)}); check the address, and whether "
                "the cluster runs, then resume the job"
            ) from None
        self._heard()

    def _end_earlier(self) -> None:
        """Two would otherwise be at work in one folder, where the runner was killed and the cluster went on."""
        while (info := self._look(self.earlier)) and not info.status.is_terminal():
            with contextlib.suppress(Exception):
                self._client.stop_job(self.earlier)
            self._closed.wait(RETRY_S)

    def _submit(self) -> None:
        try:
            self._client.submit_job(submission_id=self.name, **self.what)
        except Exception:  # the answer may have been lost, and the job be there
            if self._look(self.name) is None:
                raise
        self._submitted = True
        self._heard()

    def _look(self, name: str) -> Any:
        """Give what the cluster knows of a job, if it knows it; asks until there is an answer."""
        while not self._closed.is_set():
            try:
                info = self._client.get_job_info(name)
            except Exception as error:
                if NOT_THERE in str(error):
                    return None
                self.trouble = _first_line(error)
            else:
                self._heard()
                return info
            self._closed.wait(RETRY_S)
        return None

    def _follow(self) -> None:
        while info := self._look(self.name):
            self.is_pending = str(info.status) == "PENDING"
            try:
                if not self.is_pending and asyncio.run(self._tail()) and info.status.is_terminal():
                    self.end = info
                    return
            except Exception as error:
                self.trouble = _first_line(error)
            self._closed.wait(RETRY_S)
        if not self._closed.is_set():
            raise InputError(
                f"{self.address}: the cluster does not know the job any more: it was removed there, or the cluster was "
                "started anew; resume the job, and it is submitted again"
            )

    async def _tail(self) -> bool:
        """Read the log from its beginning, and give what is new; tells whether it was read to its end."""
        at, half = 0, ""
        messages = self._client.tail_job_logs(self.name)
        while (message := await self._next(messages)) is not None:
            self._heard()
            *lines, half = (half + message).split("\n")
            for line in lines:
                at += 1
                self._give(at, line)
        if self._ended and half:
            self._give(at + 1, half)
        return self._ended

    async def _next(self, messages: AsyncIterator[str]) -> str | None:
        """Wait for a message; None at the end, after a long silence, or when nobody listens any more."""
        coming = asyncio.ensure_future(anext(messages, None))
        since, self._ended = time.monotonic(), False
        while not self._closed.is_set() and time.monotonic() - since < SILENT_S:
            if (await asyncio.wait({coming}, timeout=POLL_S))[0]:
                self._ended = coming.result() is None
                return coming.result()
        coming.cancel()
        await asyncio.wait({coming})
        return None

    def _give(self, at: int, line: str) -> None:
        """Give a line of the log by its number, unless it was given before the connection was lost."""
        while at > self._read and not self._closed.is_set():
            with contextlib.suppress(queue.Full):
                self.lines.put(line, timeout=RETRY_S)
                self._read = at

    def _stop(self) -> None:
        while not self._closed.is_set():
            with contextlib.suppress(Exception):
                if self._submitted and self._client.stop_job(self.name):
                    self.has_heard_stop = True
                    return
            self._closed.wait(POLL_S)

    def _heard(self) -> None:
        self._answered, self.trouble = time.monotonic(), ""


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
