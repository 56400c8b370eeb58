"""Being asked to stop: by Ctrl-C, by the system, or by the stop file of a job. Standard library only."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType
from typing import Any

from hlfd import attached
from hlfd.errors import Stopped

_asked = False  # no lock: a handler of signals may come while another one holds it


def stop_asked() -> bool:
    """Tell whether whoever watches wants an end: finish what was begun, keep the best, go."""
    if not _asked and (job := attached.job_folder()) is not None and (job / attached.STOP).exists():
        _ask()
    return _asked


def stop_here(what: str) -> None:
    """End at a place where nothing has to be kept.

    Raises:
        Stopped: a stop was asked.
    """
    if stop_asked():
        raise Stopped(what)


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """Let Ctrl-C and the system's request to end ask for a stop; a second Ctrl-C interrupts at once.

    Signals reach the main thread of a program alone; elsewhere only the stop file counts.
    """
    _ask(False)
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[int, Any] = {}
    try:
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            before[signal.SIGINT] = signal.signal(signal.SIGINT, _on_interrupt)
        for name in ("SIGTERM", "SIGHUP"):  # SIGHUP comes where a terminal is closed; `nohup` has it ignored
            number = getattr(signal, name, None)
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                before[number] = signal.signal(number, _on_terminate)
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        _ask(False)


def _on_interrupt(_number: int, _frame: FrameType | None) -> None:
    if _asked:
        raise KeyboardInterrupt
    _ask()


def _on_terminate(_number: int, _frame: FrameType | None) -> None:
    _ask()


def _ask(asked: bool = True) -> None:
    global _asked
    _asked = asked
