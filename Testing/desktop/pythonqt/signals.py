"""Signals as PythonQt connects them: by their C++ signature, to any callable, passing what the callable declares."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from types import FunctionType, MethodType
from typing import Any

import shiboken6
from PySide6 import QtCore

from Testing.desktop.pythonqt.complaints import complain, complain_of

_qt_connect, _qt_disconnect, _qt_emit = QtCore.QObject.connect, QtCore.QObject.disconnect, QtCore.QObject.emit
# Signals that Qt 5 has in several forms under one name. Without a signature PythonQt takes one of them, so module code
# must name the one that it means; these are written `w.connect("currentIndexChanged(int)", f)`.
SEVERAL_IN_QT5 = {
    "QComboBox": ("activated", "highlighted", "currentIndexChanged"),
    "QSpinBox": ("valueChanged",),
    "QDoubleSpinBox": ("valueChanged",),
    "QButtonGroup": ("buttonClicked", "buttonPressed", "buttonReleased", "buttonToggled"),
    "QProcess": ("finished",),
    "QCompleter": ("activated", "highlighted"),
    "QTextBrowser": ("highlighted",),
}
NOT_IN_QT5 = {"checkStateChanged(Qt::CheckState)"}

# By the address of the C++ object, as PySide may forget and make anew the Python object that stands for it:
# the signature, the callable, and Qt's connection. Callables are kept alive, as PythonQt keeps them.
_connections: dict[int, list[tuple[str, Callable, Any]]] = {}
_session = 0


def arguments_taken(slot: Callable) -> int | None:
    """Count how many arguments PythonQt passes to a callable at most, defaulted ones included; None for all."""
    function = slot.__func__ if isinstance(slot, MethodType) else slot
    if not isinstance(function, FunctionType) or function.__code__.co_flags & inspect.CO_VARARGS:
        return None
    return function.__code__.co_argcount - isinstance(slot, MethodType)


def deliverer(slot: Callable, signature: str) -> Callable:
    """Wrap a callable: it gets as many arguments as it declares, and its exceptions end here."""
    taken, session = arguments_taken(slot), _session

    def deliver(*arguments: Any) -> None:
        if session != _session:
            return
        try:
            slot(*arguments[:taken])
        except Exception as error:
            complain_of(error, f"in a slot of {signature}")

    return deliver


def forget_all() -> None:
    """End every connection and every single shot, so that what one test left running is not heard in the next."""
    global _session
    _session += 1
    for made in _connections.values():
        for one in made:
            _qt_disconnect(one[2])
    _connections.clear()


def find_signature(thing: QtCore.QObject, written: str) -> str | None:
    """Give the signature that the meta object knows for one as C++ writes it, or None.

    A stand-in whose signal carries an object that Qt does not know here says in its class attribute `qtSignatures`
    which signature of its own stands for that: `{"nodeAdded(vtkMRMLNode*)": "nodeAdded(PyObject)"}`.
    """
    signature = QtCore.QMetaObject.normalizedSignature(written).data().decode()
    for kind in type(thing).__mro__:
        signature = vars(kind).get("qtSignatures", {}).get(signature, signature)
    return (
        signature
        if type(thing).staticMetaObject.indexOfSignal(signature) >= 0 and signature not in NOT_IN_QT5
        else None
    )


def connect(thing: QtCore.QObject, written: str, slot: Callable) -> bool:
    """Connect a signal to a callable; an unknown signature is complained of, and connects nothing."""
    signature = find_signature(thing, written)
    if signature is None:
        complain(f"{type(thing).__name__} has no signal {written}; see its class for the signature")
        return False
    if not callable(slot):
        complain(f"{type(thing).__name__}.{written} was connected to {slot!r}, which cannot be called")
        return False
    place = shiboken6.getCppPointer(thing)[0]
    if place not in _connections:
        _connections[place] = []
        _qt_connect(thing, QtCore.SIGNAL("destroyed()"), lambda: _connections.pop(place, None))
    connection = _qt_connect(thing, QtCore.SIGNAL(signature), deliverer(slot, written))
    _connections[place].append((signature, slot, connection))
    return True


def disconnect(thing: QtCore.QObject, written: str, slot: Callable | None = None) -> bool:
    """Disconnect a callable, or all of them, from a signal; tell whether there was one."""
    signature = find_signature(thing, written)
    if signature is None:
        complain(f"{type(thing).__name__} has no signal {written} to disconnect")
        return False
    made = _connections.get(shiboken6.getCppPointer(thing)[0], [])
    gone = [one for one in made if one[0] == signature and (slot is None or one[1] == slot)]
    for one in gone:
        made.remove(one)
        _qt_disconnect(one[2])
    return bool(gone)


class Signal:
    """A signal of one object, as an attribute: `w.clicked.connect(f)`, `w.clicked.emit(True)`."""

    def __init__(self, thing: QtCore.QObject, name: str) -> None:
        self._thing, self._name = thing, name

    def _signatures(self) -> dict[int, str]:
        """Give the forms of the signal by their number of arguments."""
        meta = type(self._thing).staticMetaObject
        methods = (meta.method(index) for index in range(meta.methodCount()))
        named = (method for method in methods if method.name().data().decode() == self._name)
        return {method.parameterCount(): method.methodSignature().data().decode() for method in named}

    def _signature(self) -> str | None:
        """Give the form that a slot is connected to: the longest; none where Qt 5 has several."""
        for kind in type(self._thing).__mro__:
            if self._name in SEVERAL_IN_QT5.get(kind.__name__, ()):
                complain(f"{kind.__name__}.{self._name} is several signals in Qt 5; connect by signature")
                return None
        return max(self._signatures().items())[1]

    def connect(self, slot: Callable) -> bool:
        """Connect a callable."""
        signature = self._signature()
        return signature is not None and connect(self._thing, signature, slot)

    def disconnect(self, slot: Callable | None = None) -> bool:
        """Disconnect a callable, or all."""
        signature = self._signature()
        return signature is not None and disconnect(self._thing, signature, slot)

    def emit(self, *arguments: Any) -> None:
        """Send the signal, in the form with so many arguments."""
        signature = self._signatures().get(len(arguments))
        if signature is None:
            raise ValueError(f"the signal {self._name} has no form with {len(arguments)} arguments")
        _qt_emit(self._thing, QtCore.SIGNAL(signature), *arguments)

    __call__ = emit
