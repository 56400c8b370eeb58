"""`qt.QTimer.singleShot(ms, f)` as in PythonQt: an exception in the function is printed and goes no further."""

from __future__ import annotations

from collections.abc import Callable

from PySide6 import QtCore

from Testing.desktop.pythonqt.signals import deliverer

_qt_single_shot = QtCore.QTimer.singleShot


def single_shot(ms: int, function: Callable) -> None:
    """Call a function once, from the event loop, after a time."""
    if not callable(function):
        raise ValueError(f"QTimer.singleShot takes a function, not {function!r}")
    _qt_single_shot(ms, deliverer(function, f"QTimer.singleShot({ms})"))


def install() -> None:
    """Replace QTimer.singleShot."""
    QtCore.QTimer.singleShot = staticmethod(single_shot)
