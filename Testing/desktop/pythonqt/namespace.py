"""The module `qt`: all of Qt's classes under one roof, found when they are asked for."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from Testing.desktop.pythonqt.answers import answers
from Testing.desktop.pythonqt.complaints import complaints
from Testing.desktop.pythonqt.uiloader import QUiLoader

ROOMS = ("QtCore", "QtGui", "QtWidgets", "QtSvg")
REFUSED = {
    "QSignalBlocker": "use widget.blockSignals(True) in try and finally",
    "QInputDialog": "use a field in the panel",
    "QColorDialog": "use a field in the panel",
    "QFontDialog": "use a field in the panel",
    "QThread": "use a process and a timer",
    "QTextCodec": "Qt 6 has none; decode the bytes in Python",
}


class FlatQt(ModuleType):
    """`qt.QWidget`, `qt.QSize`, `qt.Qt`; also `qt.complaints` and `qt.answers`, which are for the tests."""

    def __getattr__(self, name: str) -> Any:
        if name in REFUSED:
            raise AttributeError(f"qt.{name}: {REFUSED[name]}")
        if name.startswith("Q"):
            for room in ROOMS:
                value = getattr(importlib.import_module(f"PySide6.{room}"), name, None)
                if value is not None:
                    setattr(self, name, value)
                    return value
        raise AttributeError(f"qt has no {name} in both Qt 5 and Qt 6")


qt = FlatQt("qt", __doc__)
qt.complaints, qt.answers, qt.QUiLoader = complaints, answers, QUiLoader
