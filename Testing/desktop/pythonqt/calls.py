"""Functions of Qt objects as PythonQt calls them: by position alone, and with tuples where Qt gives lists."""

from __future__ import annotations

from types import BuiltinFunctionType
from typing import Any


class Call:
    """A function of one object; equal to another of that object and name, so that it can disconnect it."""

    def __init__(self, function: BuiltinFunctionType) -> None:
        self._function = function
        self.__name__ = function.__name__

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        refuse_named(self.__name__, named)
        value = self._function(*(_plain(one) for one in arguments))
        return tuple(value) if isinstance(value, list) else value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Call) and self._function == other._function

    def __hash__(self) -> int:
        return hash(self._function)


def _plain(value: Any) -> Any:
    return value._function if isinstance(value, Call) else value


def refuse_named(function: str, named: dict[str, Any]) -> None:
    """Refuse named arguments: PythonQt knows arguments by their place alone."""
    if named:
        raise ValueError(f"{function} takes arguments by position only in PythonQt, not {', '.join(named)}=")
