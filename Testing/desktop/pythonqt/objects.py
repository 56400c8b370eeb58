"""PythonQt's manners on every QObject of PySide: which names it has, what reading and writing them does.

Installed once a process, for good: PySide's classes are changed in place, so that objects that Qt itself made
(layouts, buttons of a box) have these manners as well.
"""

from __future__ import annotations

from collections.abc import Callable
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any

import shiboken6
from PySide6 import QtCore

from Testing.desktop.pythonqt.calls import Call, refuse_named
from Testing.desktop.pythonqt.properties import find_property, read_property, write_property
from Testing.desktop.pythonqt.signals import Signal, connect, disconnect
from Testing.desktop.pythonqt.threads import check_thread
from Testing.desktop.pythonqt.versions import OF_OBJECTS

_get_name, _set_name, _children = QtCore.QObject.objectName, QtCore.QObject.setObjectName, QtCore.QObject.children
_bound: dict[tuple[type, str], str] = {}
_plain_gets: dict[type, Callable] = {}


def native(kind: type) -> type:
    """Mark a stand-in written in Python as a class of C++: objects of it refuse attributes that it does not have."""
    kind.isNative = True
    return kind


def is_native(kind: type) -> bool:
    """Tell whether a class stands for one of C++, and is not derived in Python by the program."""
    return kind.__module__.startswith(("PySide6.", "Shiboken")) or kind is object or "isNative" in vars(kind)


def _owner(kind: type, name: str) -> type | None:
    """Give the class that has a name, as Python finds it."""
    return next((base for base in kind.__mro__ if name in vars(base)), None)


def _dispatch(kind: type, name: str) -> str:
    """Say for a class and a name what reading it means; the program's own classes come first, as in PythonQt."""
    owner = _owner(kind, name)
    if owner is not None and (not is_native(owner) or isinstance(vars(owner)[name], FunctionType)):
        return "python"
    if name in MANNERS:
        return "manner"
    if name in OF_OBJECTS:
        return "refused"
    return "property" if find_property(kind, name) is not None else "plain"


def _reader(plain: Callable) -> Callable:
    def read(thing: QtCore.QObject, name: str) -> Any:
        if name.startswith("__"):
            return plain(thing, name)
        kind = type(thing)
        check_thread(kind, name)
        how = _bound.get((kind, name)) or _bound.setdefault((kind, name), _dispatch(kind, name))
        if not shiboken6.isValid(thing) and how != "python" and name not in plain(thing, "__dict__"):
            raise ValueError(f"{kind.__name__}.{name}: the object has been deleted; keep no reference to it")
        if how == "manner":
            return MANNERS[name](thing)
        if how == "refused":
            raise AttributeError(f"{kind.__name__}.{name} is not in every PythonQt; use {OF_OBJECTS[name]}")
        if how == "property":
            return read_property(thing, name, plain)
        try:
            value = plain(thing, name)
        except AttributeError:
            return _find_otherwise(thing, name)
        return _in_manner(thing, name, value)

    return read


def _in_manner(thing: QtCore.QObject, name: str, value: Any) -> Any:
    """Wrap what PySide gives for a signal or a function."""
    if isinstance(value, QtCore.SignalInstance):
        return Signal(thing, name)
    return Call(value) if type(value) is BuiltinFunctionType else value


def _find_otherwise(thing: QtCore.QObject, name: str) -> Any:
    """Look for a dynamic property, then for a child of that name."""
    if name in _dynamic(thing):
        return QtCore.QObject.property(thing, name)
    for child in _children(thing):
        if _get_name(child) == name:
            return child
    raise AttributeError(f"{type(thing).__name__} has no attribute {name}")


def _dynamic(thing: QtCore.QObject) -> set[str]:
    return {name.data().decode() for name in QtCore.QObject.dynamicPropertyNames(thing)}


def _write(thing: QtCore.QObject, name: str, value: Any) -> None:
    """Write a property; or an attribute, where the class is the program's own."""
    kind = type(thing)
    if isinstance(value, QtCore.SignalInstance):  # PySide keeps its signals this way
        thing.__dict__[name] = value
        return
    check_thread(kind, name)
    owner = _owner(kind, name)
    if owner is not None and not is_native(owner):
        _set_plainly(thing, name, value)
    elif name in ("name", "objectName"):
        _set_name(thing, value)
    elif (prop := find_property(kind, name)) is not None:
        write_property(thing, prop, value, _plain_get(kind))
    elif owner is not None and owner is not object and not name.startswith("_"):
        raise AttributeError(f"{kind.__name__}.{name} is a function or signal of Qt and cannot be replaced")
    elif shiboken6.isValid(thing) and name in _dynamic(thing):
        QtCore.QObject.setProperty(thing, name, value)
    elif not is_native(kind) or (name.startswith("_") and "isNative" in vars(kind)):
        _set_plainly(thing, name, value)
    else:
        raise AttributeError(f"{kind.__name__} has no attribute {name}, and objects of C++ take no new ones")


def _set_plainly(thing: QtCore.QObject, name: str, value: Any) -> None:
    shiboken6.Shiboken.Object.__setattr__(thing, name, value)


def _plain_get(kind: type) -> Callable:
    return next(_plain_gets[base] for base in kind.__mro__ if base in _plain_gets)


def _as_callable(target: tuple) -> Any:
    """Take a callable, or a receiver and its slot's signature."""
    if len(target) == 1:
        return target[0]
    receiver, slot = target
    return getattr(receiver, slot.partition("(")[0])


def _deleter(thing: QtCore.QObject) -> Callable:
    return lambda: shiboken6.delete(thing)


# What PythonQt adds to every object: from the object to what `object.name` gives.
MANNERS: dict[str, Callable[[QtCore.QObject], Any]] = {
    "connect": lambda thing: lambda written, *target: connect(thing, written, _as_callable(target)),
    "disconnect": lambda thing: (
        lambda written, *target: disconnect(thing, written, _as_callable(target) if target else None)
    ),
    "className": lambda thing: lambda: type(thing).__name__,
    "delete": _deleter,
    "name": lambda thing: _get_name(thing),
    # PySide ties the meta object to the first object that was asked for it, and both die together.
    "metaObject": lambda thing: lambda: type(thing).staticMetaObject,
}


def _maker(make: Callable) -> Callable:
    def init(thing: QtCore.QObject, *arguments: Any, **named: Any) -> None:
        check_thread(type(thing), "__init__")
        refuse_named(type(thing).__name__, named)
        make(thing, *arguments)

    return init


def install(modules: tuple[ModuleType, ...]) -> None:
    """Give all classes of these modules PythonQt's manners."""
    members = (getattr(module, name) for module in modules for name in dir(module))
    kinds = {kind for kind in members if isinstance(kind, type) and issubclass(kind, QtCore.QObject)}
    # PySide gives a few classes (QObject, QMenu, QFile...) an own way to read, by which the others read as well.
    _plain_gets.update({kind: kind.__getattribute__ for kind in kinds if "__getattribute__" in vars(kind)})
    for kind, plain in _plain_gets.items():
        kind.__getattribute__ = _reader(plain)
    for kind in kinds:
        kind.__init__ = _maker(kind.__init__)
        kind.__setattr__ = _write
    QtCore.QObject.__bool__ = lambda thing: shiboken6.isValid(thing)
