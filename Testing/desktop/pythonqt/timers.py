"""`qt.QTimer.singleShot(ms, f)` as in PythonQt: an exception in the function is printed and goes no further."""

from __future__ import annotations

from collections.abc import Callable

from PySide6 import QtCore

from Testing.desktop.pythonqt.signals import deliverer

_waiting: set[QtCore.QTimer] = set()


def single_shot(ms: int, function: Callable) -> None:
    """Call a function once, from the event loop, after a time."""
    if not callable(function):
        raise ValueError(f"QTimer.singleShot takes a function, not {function!r}")
    deliver, timer = deliverer(function, f"QTimer.singleShot({ms})"), QtCore.QTimer()
    _waiting.add(timer)

    def fire() -> None:
        _waiting.discard(timer)
        deliver()

    timer.setSingleShot(True)
    timer.timeout.connect(fire)
    timer.start(ms)


def install() -> None:
    """Replace QTimer.singleShot."""
    QtCore.QTimer.singleShot = staticmethod(single_shot)
