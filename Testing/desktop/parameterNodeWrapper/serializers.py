"""How a value of each type stands in a parameter node: Slicer's own way, name by name."""

import collections.abc
import enum
import pathlib
import typing

import slicer

from .annotations import additionsOf, typeOf
from .validators import Validator


class Serializer:
    """Reads and writes values of one type; `read(write(value)) == value`.

    `types` are those that a value may be of, `fallback` is what a new node holds where no default was declared.
    """

    def __init__(self, types: tuple, fallback, toText=str, fromText=str):
        self.types, self.fallback, self._toText, self._fromText = types, fallback, toText, fromText

    def check(self, value) -> None:
        """Raises:
        TypeError: the value is of another type.
        """
        # A bool is an int to Python; what Slicer would then write, it cannot read again.
        isStrayBool = isinstance(value, bool) and bool not in self.types
        if isStrayBool or not isinstance(value, self.types):
            raise TypeError(f"{value!r} is of type {type(value).__name__}; {self.types[0].__name__} is needed")

    def isIn(self, node, name: str) -> bool:
        return node.HasParameter(name)

    def write(self, node, name: str, value) -> None:
        node.SetParameter(name, self._toText(value))

    def read(self, node, name: str):
        return self._fromText(node.GetParameter(name))

    def remove(self, node, name: str) -> None:
        node.UnsetParameter(name)


class NodeSerializer(Serializer):
    """A node of the scene, as a node reference; an empty parameter of the same name says that it was written."""

    def __init__(self, nodeClass):
        super().__init__((nodeClass, type(None)), None)

    def write(self, node, name, value):
        node.SetParameter(name, "")
        node.SetNodeReferenceID(name, None if value is None else value.GetID())

    def read(self, node, name):
        return node.GetNodeReference(name)

    def remove(self, node, name):
        node.UnsetParameter(name)
        node.RemoveNodeReferenceIDs(name)


class ListSerializer(Serializer):
    """Each element as a parameter of its own, and how many there are."""

    def __init__(self, element):
        super().__init__((list, tuple, ObservedList), [])
        self.element = element

    def check(self, value):
        super().check(value)
        for one in value:
            self.element.check(one)

    def isIn(self, node, name):
        return node.HasParameter(f"{name}_len")

    def write(self, node, name, value):
        values = list(value)
        with slicer.util.NodeModify(node):
            self.remove(node, name)
            for index, one in enumerate(values):
                self.element.write(node, f"{name}_{index}", one)
            node.SetParameter(f"{name}_len", str(len(values)))

    def read(self, node, name):
        count = int(node.GetParameter(f"{name}_len"))
        return ObservedList(self, node, name, [self.element.read(node, f"{name}_{index}") for index in range(count)])

    def remove(self, node, name):
        if self.isIn(node, name):
            for index in range(int(node.GetParameter(f"{name}_len"))):
                self.element.remove(node, f"{name}_{index}")
            node.UnsetParameter(f"{name}_len")


class ObservedList(collections.abc.MutableSequence):
    """A list that writes itself to its node at each change. As in Slicer, `+` and `*` are refused."""

    def __init__(self, serializer, node, name, values):
        self._serializer, self._node, self._name, self._values = serializer, node, name, values

    def __len__(self):
        return len(self._values)

    def __getitem__(self, index):
        return self._values[index]

    def __setitem__(self, index, value):
        self._change(lambda values: values.__setitem__(index, value))

    def __delitem__(self, index):
        self._change(lambda values: values.__delitem__(index))

    def insert(self, index, value):
        self._change(lambda values: values.insert(index, value))

    def __eq__(self, other):
        return self._values == list(other)

    def __repr__(self):
        return f"ObservedList({self._values})"

    def _change(self, change):
        values = list(self._values)
        change(values)
        self._serializer.check(values)
        self._serializer.write(self._node, self._name, values)
        self._values = values


class Validated:
    """A serializer and what values must hold besides."""

    def __init__(self, serializer, validators):
        self._serializer, self._validators = serializer, validators

    def __getattr__(self, name):
        return getattr(self._serializer, name)

    def check(self, value) -> None:
        self._serializer.check(value)
        for one in self._validators:
            one.validate(value)


def serializerOf(annotation):
    """The serializer for an annotated type.

    Raises:
        TypeError: Slicer has none for such a type (`str | None`, a bare `list`), or this stand-in has not.
    """
    return Validated(_plainSerializerOf(typeOf(annotation)), additionsOf(annotation, Validator))


def _plainSerializerOf(kind):
    simple = {
        int: lambda: Serializer((int,), 0, fromText=int),
        float: lambda: Serializer((float, int), 0.0, fromText=float),
        str: lambda: Serializer((str,), ""),
        bool: lambda: Serializer((bool,), False, fromText=lambda text: text == "True"),
        pathlib.Path: lambda: Serializer((pathlib.Path,), pathlib.Path(), fromText=pathlib.Path),
    }
    if typing.get_origin(kind) is list:
        return ListSerializer(serializerOf(typing.get_args(kind)[0]))
    if kind in simple:
        return simple[kind]()
    if isinstance(kind, type) and issubclass(kind, enum.Enum):
        return Serializer((kind,), next(iter(kind)), lambda member: member.name, lambda name: kind[name])
    if isinstance(kind, type) and issubclass(kind, slicer.vtkMRMLNode):
        return NodeSerializer(kind)
    raise TypeError(f"a parameter node cannot hold {kind}; give int, float, str, bool, Path, an Enum, a node or a list")
