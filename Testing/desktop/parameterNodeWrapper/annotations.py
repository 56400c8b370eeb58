"""The parts of an annotation: its type, and what `Annotated` adds to it."""

import dataclasses
import typing


@dataclasses.dataclass
class Default:
    """A default value: `Annotated[int, Default(3)]`, the same as `= 3`."""

    value: object


def typeOf(annotation):
    """The type without what `Annotated` adds."""
    return typing.get_args(annotation)[0] if _isAnnotated(annotation) else annotation


def additionsOf(annotation, kind) -> list:
    """What of a kind `Annotated` adds."""
    additions = typing.get_args(annotation)[1:] if _isAnnotated(annotation) else ()
    return [one for one in additions if isinstance(one, kind)]


def firstOf(annotation, kind):
    """The first addition of a kind, or None."""
    return next(iter(additionsOf(annotation, kind)), None)


def _isAnnotated(annotation) -> bool:
    return typing.get_origin(annotation) is typing.Annotated
