"""What PythonQt and Qt would only print, kept in a list, so that a test can fail because of it."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6 import QtCore

complaints: list[str] = []
# Said by Qt's off-screen platform about itself, whatever the program does.
OF_THE_PLATFORM = ("This plugin does not support", "QStandardPaths: ", "Could not connect", "propagateSizeHints")


def complain(text: str) -> None:
    """Print a complaint, as PythonQt does, and keep it."""
    complaints.append(text)
    print(f"PythonQt: {text}", file=sys.stderr, flush=True)


def complain_of(error: BaseException, where: str) -> None:
    """Keep an exception that PythonQt would print and swallow."""
    complain(f"{where}: {''.join(traceback.format_exception(error)).strip()}")


def _hear_qt(kind: QtCore.QtMsgType, context: object, message: str) -> None:
    """Take Qt's own warnings for complaints: each tells of a mistake in the program."""
    if kind in (QtCore.QtMsgType.QtDebugMsg, QtCore.QtMsgType.QtInfoMsg):
        print(message, file=sys.stderr)
    elif not message.startswith(OF_THE_PLATFORM):
        complain(message)


@contextmanager
def heard() -> Iterator[list[str]]:
    """Take Qt's warnings, and exceptions in overridden Qt functions, for complaints; empty the list first."""
    complaints.clear()
    before = QtCore.qInstallMessageHandler(_hear_qt)
    hook, sys.excepthook = sys.excepthook, lambda kind, error, trace: complain_of(error, "in a function that Qt called")
    try:
        yield complaints
    finally:
        sys.excepthook = hook
        QtCore.qInstallMessageHandler(before)
