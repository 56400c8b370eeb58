"""Enumerations as PythonQt has them with Qt 5 and Qt 6: numbers, `qt.QFrame.HLine`; not `qt.QFrame.Shape.HLine`."""

from __future__ import annotations

import enum
from types import ModuleType


class ScopedEnum:
    """Stands where PySide has the class of an enumeration; refuses the scoped spelling and says the other one."""

    def __init__(self, owner: str, kind: type[enum.Enum]) -> None:
        self._owner, self._kind = owner, kind

    def __call__(self, value: int) -> int:
        return self._kind(value)

    def __getattr__(self, member: str) -> int:
        spelled = f"{self._owner}.{self._kind.__name__}.{member}"
        raise AttributeError(f"{spelled} is not known to every PythonQt; write {self._owner}.{member}")


def flatten_enums(modules: tuple[ModuleType, ...]) -> None:
    """Make every member of every enumeration an attribute of the class around it, and of nothing else."""
    for module in modules:
        for name in dir(module):
            owner = getattr(module, name)
            if isinstance(owner, type) and name.startswith("Q"):
                _flatten(owner)


def _flatten(owner: type) -> None:
    kinds = {name: kind for name, kind in vars(owner).items() if isinstance(kind, enum.EnumType)}
    for name, kind in kinds.items():
        for member, value in kind.__members__.items():
            if member not in vars(owner):
                setattr(owner, member, value)
        setattr(owner, name, ScopedEnum(owner.__name__, kind))
