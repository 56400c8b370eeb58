"""`qt.QUiLoader`: makes the widgets of a .ui file, those of CTK and Slicer too, and its connections."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import Any

from PySide6 import QtCore, QtUiTools, QtWidgets

from Testing.desktop.pythonqt.complaints import complain

custom_widgets: dict[str, type] = {}


def register_widgets(kinds: dict[str, type]) -> None:
    """Make widget classes known to .ui files, by name."""
    custom_widgets.update(kinds)


class QUiLoader(QtUiTools.QUiLoader):
    """Loads a .ui file as Slicer's does, and complains of what Slicer's would pass over or only print."""

    isNative = True

    def createWidget(self, className: str, parent: Any = None, name: str = "") -> Any:
        """Make one widget; called by Qt."""
        kind = custom_widgets.get(className)
        if kind is None:
            if className not in self.availableWidgets() and not hasattr(QtWidgets, className):
                complain(f"the .ui file has a widget of the unknown class {className}")
                return QtWidgets.QWidget(parent)
            return super().createWidget(className, parent, name)
        widget = kind(parent)
        widget.objectName = name
        self._kept.append(widget)
        return widget

    def load(self, file: Any, parent: Any = None) -> Any:
        """Make the widgets of a .ui file (a QFile, open or not, or a path)."""
        self._kept: list[Any] = []
        root = ET.fromstring(_read(file))
        connections = [node for found in root.findall("connections") for node in _take_all(found, "connection")]
        enums = [one for widget in root.iter("widget") for one in _take_enums(widget)]
        buffer = QtCore.QBuffer()
        buffer.setData(ET.tostring(root))
        buffer.open(QtCore.QIODevice.ReadOnly)
        top = super().load(buffer, parent)
        if top is None:
            complain(f"the .ui file could not be loaded: {self.errorString()}")
            return None
        for name, prop, value in enums:
            setattr(_find(top, name), prop, value)
        for widget in root.iter("widget"):
            _check_properties(_find(top, widget.get("name")), widget)
        for connection in connections:
            _connect(top, connection)
        return top


def _read(file: Any) -> bytes:
    if not isinstance(file, QtCore.QIODevice):
        file = QtCore.QFile(str(file))
    if not file.isOpen() and not file.open(QtCore.QIODevice.ReadOnly):
        raise FileNotFoundError(f"{file.fileName()}: cannot be opened")
    return file.readAll().data()


def _take_all(parent: ET.Element, tag: str) -> list[ET.Element]:
    taken = parent.findall(tag)
    for node in taken:
        parent.remove(node)
    return taken


def _take_enums(widget: ET.Element) -> list[tuple[str, str, int]]:
    """Take out the enumerations of our own classes, which Qt's reader does not know."""
    taken = []
    for prop in widget.findall("property") if widget.get("class") in custom_widgets else []:
        text = prop.findtext("set") or prop.findtext("enum") or ""
        owner = custom_widgets.get(text.split("::")[0])
        if owner is not None:
            value = 0
            for flag in text.split("|"):
                value |= int(getattr(owner, flag.split("::")[-1]))
            taken.append((widget.get("name", ""), prop.get("name", ""), value))
            widget.remove(prop)
    return taken


def _check_properties(widget: Any, described: ET.Element) -> None:
    for prop in described.findall("property"):
        name = prop.get("name", "")
        if prop.get("stdset") != "0" and widget is not None and widget.metaObject().indexOfProperty(name) < 0:
            complain(f"the .ui file sets {described.get('class')}.{name}, which does not exist")


def _find(top: Any, name: str | None) -> Any:
    return top if top.objectName == name else top.findChild(QtCore.QObject, name)


def _connect(top: Any, connection: ET.Element) -> None:
    sender, signal, receiver, slot = (
        connection.findtext(part, "") for part in ("sender", "signal", "receiver", "slot")
    )
    source, target = _find(top, sender), _find(top, receiver)
    if source is None or target is None:
        complain(f"the .ui file connects {sender} to {receiver}, and has not both")
    elif not hasattr(target, slot.partition("(")[0]):
        complain(f"the .ui file connects to {receiver}.{slot}, which does not exist")
    else:
        source.connect(signal, target, slot)
