"""Qt properties as attributes: reading gives the value, writing takes the property's own type and no other."""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore

# What a property of each type takes. PythonQt is laxer (it writes "None" into a text); nobody means that.
TYPES: dict[str, tuple[type, ...]] = {
    "bool": (bool, int),
    "int": (int,),
    "uint": (int,),
    "double": (int, float),
    "QString": (str,),
    "QStringList": (list, tuple),
}


def find_property(of_class: type, name: str) -> QtCore.QMetaProperty | None:
    """Give the declared Qt property of a class, or None."""
    meta = of_class.staticMetaObject
    index = meta.indexOfProperty(name)
    return meta.property(index) if index >= 0 else None


def read_property(thing: QtCore.QObject, name: str, plain: Any) -> Any:
    """Read a declared property; `plain` is PySide's own way to an attribute of the object.

    The getter comes first: Qt calls some (sizeHint) virtually, and asking the meta object would lead here again.
    """
    declared = getattr(type(thing), name, None)
    if isinstance(declared, QtCore.Property):
        value = plain(thing, name)
    elif callable(declared):
        try:
            value = plain(thing, name)()
        except TypeError:  # another function of that name: QTimer.singleShot
            value = plain(thing, "property")(name)
    else:
        value = plain(thing, "property")(name)
    return tuple(value) if isinstance(value, list) else value


def write_property(thing: QtCore.QObject, prop: QtCore.QMetaProperty, value: Any, plain: Any) -> None:
    """Write a declared property.

    Raises:
        AttributeError: the property is read-only, or takes values of another type.
    """
    of_class, name = type(thing).__name__, prop.name()
    if not prop.isWritable():
        raise AttributeError(f"{of_class}.{name} is read-only; call what changes it")
    kind = prop.typeName()
    refusal = f"{of_class}.{name} takes {kind}, not {value!r} ({type(value).__name__})"
    if not isinstance(value, TYPES.get(kind, object)):
        raise AttributeError(refusal)
    declared = getattr(type(thing), name, None)
    if isinstance(declared, QtCore.Property):
        declared.fset(thing, bool(value) if kind == "bool" else value)
        return
    try:
        setter = f"set{name[0].upper()}{name[1:]}"
        has_setter = hasattr(type(thing), setter)
        written = plain(thing, setter)(value) if has_setter else plain(thing, "setProperty")(name, value)
    except TypeError as error:
        raise AttributeError(refusal) from error
    if written is False and not has_setter:
        raise AttributeError(refusal)
