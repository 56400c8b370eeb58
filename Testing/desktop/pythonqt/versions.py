"""Names of Qt 6 that Qt 5 has not: what a panel must not use, as Slicer is built with either."""

from __future__ import annotations

from typing import Any, NoReturn

from PySide6 import QtGui

# Of objects, whatever their class; and what to write instead.
OF_OBJECTS = {
    "exec": "exec_",  # of PythonQt, rather than of a Qt
    "checkStateChanged": "stateChanged(int)",
    "setRowVisible": "setVisible of both widgets of the row",
    "isRowVisible": "visible of a widget of the row",
}
OF_VALUES: dict[type, dict[str, str]] = {
    QtGui.QSinglePointEvent: {"position": "pos", "globalPosition": "globalPos", "scenePosition": "pos"},
    QtGui.QColor: {"fromString": "QColor(text)"},
}


class _NotInQt5:
    """Stands where Qt 6 has a function; refuses to give it."""

    def __init__(self, name: str, instead: str) -> None:
        self._sentence = f"{name} is not in every PythonQt; use {instead}"

    def __get__(self, thing: object, kind: Any = None) -> NoReturn:
        raise AttributeError(self._sentence)


def install() -> None:
    """Hide them."""
    for kind, names in OF_VALUES.items():
        for name, instead in names.items():
            setattr(kind, name, _NotInQt5(f"{kind.__name__}.{name}", instead))
