"""A process with all that it starts: begun apart from Slicer's terminal, its words in a file, ended as a whole."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

ENDS_WITHIN_S = 3.0
"""Longest time that a process has to end by itself once it was asked."""


class ProcessTree:
    """A process and its children.

    Args:
        command: program and arguments.
        variables: its environment.
        log: file that its words are put behind.
        answer: file for its standard output alone, if that is not for the log.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str], log: Path, answer: Path | None = None):
        with contextlib.ExitStack() as files:
            words = files.enter_context(log.open("ab"))
            out = files.enter_context(answer.open("wb")) if answer else words
            self._process = subprocess.Popen(
                [str(word) for word in command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=words,
                env={**variables},
                cwd=log.parent,
                close_fds=True,
                **_ofItsOwn(),
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def status(self) -> int | None:
        """Of its end; None while it runs."""
        return self._process.poll()

    def kill(self) -> None:
        """End it and all that it started, unasked and at once."""
        if sys.platform == "win32":
            self.end()
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)

    def end(self) -> None:
        """End it and all that it started; this takes seconds at most."""
        endGroup(self.pid, lambda: self._process.poll() is None)


def endGroup(pid: int, isThere) -> None:
    """End a process that was started as a `ProcessTree`, and what it started: ask, wait, then insist."""
    if sys.platform == "win32":
        flags = subprocess.CREATE_NO_WINDOW
        subprocess.run(
            ["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, check=False, creationflags=flags
        )
        return
    until = time.monotonic() + ENDS_WITHIN_S
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGTERM)
        while isThere() and time.monotonic() < until:
            time.sleep(0.05)
        os.killpg(pid, signal.SIGKILL)
    while isThere() and time.monotonic() < until:
        time.sleep(0.05)


def _ofItsOwn() -> dict:
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}
