"""The decorator: annotations become attributes that are read from the node and written to it."""

import typing
import weakref

import slicer
import vtk

from .annotations import Default, firstOf
from .connectors import connectorOf
from .serializers import serializerOf

SLICER_PARAMETER_NAME = "SlicerParameterName"
"""The dynamic property by which a widget of a .ui file names its parameter."""


def parameterNodeWrapper(cls=None):
    """Make a class of annotations a view of a parameter node, made as `Cls(node)`.

    Raises:
        TypeError: an annotation's type cannot be stored.
        ValueError: a name is one that the wrapper needs itself.
    """
    if cls is None:
        return parameterNodeWrapper
    parameters = {}
    for name, annotation in typing.get_type_hints(cls, include_extras=True).items():
        if hasattr(ParameterNode, name):
            raise ValueError(f"{cls.__name__}.{name}: the name is the wrapper's own; take another")
        parameters[name] = _Parameter(name, annotation, cls.__dict__.get(name, _NONE))
    members = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
    return type(cls.__name__, (ParameterNode,), members | parameters | {"allParameters": parameters})


def isParameterNodeWrapper(classOrObject) -> bool:
    """Whether it was made by `parameterNodeWrapper`."""
    kind = classOrObject if isinstance(classOrObject, type) else type(classOrObject)
    return issubclass(kind, ParameterNode)


class _Parameter:
    """One attribute. Its value is kept until the node is modified, as Slicer does: a change inside an unfinished
    StartModify/EndModify, made past the wrapper, is not seen before its end."""

    def __init__(self, name, annotation, default):
        self.name, self.annotation = name, annotation
        self.serializer = serializerOf(annotation)
        declared = firstOf(annotation, Default)
        self.default = default if default is not _NONE else declared.value if declared else self.serializer.fallback

    def __get__(self, wrapper, _=None):
        return self if wrapper is None else wrapper._values[self.name]

    def __set__(self, wrapper, value):
        try:
            self.serializer.check(value)
        except (TypeError, ValueError) as error:
            raise type(error)(f"{self.name}: {error}") from None
        node, name = wrapper.parameterNode, wrapper._prefix + self.name
        with slicer.util.NodeModify(node):
            self.serializer.write(node, name, value)
            # Before observers hear of it: they may ask for the new value.
            wrapper._values[self.name] = self.serializer.read(node, name)

    def load(self, wrapper):
        """From the node; a node without it gets the default first."""
        node, name = wrapper.parameterNode, wrapper._prefix + self.name
        if not self.serializer.isIn(node, name):
            self.serializer.check(self.default)
            self.serializer.write(node, name, self.default)
        wrapper._values[self.name] = self.serializer.read(node, name)


class ParameterNode:
    """What every wrapper can do."""

    allParameters: typing.ClassVar[dict] = {}

    def __init__(self, parameterNode, prefix: str | None = None):
        own = self.__dict__
        own["parameterNode"], own["_prefix"], own["_values"] = parameterNode, prefix or "", {}
        own["_guis"], own["_isShowing"] = {}, False
        for parameter in self.allParameters.values():
            parameter.load(self)
        # By a weak reference: an observer must not keep alive what it is to be removed with.
        weak = weakref.ref(self)
        own["_tag"] = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: weak() and weak()._onModified())

    def __del__(self):
        if "_tag" in self.__dict__:
            self.parameterNode.RemoveObserver(self._tag)

    def __setattr__(self, name, value):
        if name not in self.allParameters and name not in self.__dict__:
            raise AttributeError(f"{type(self).__name__} has no parameter {name}; Slicer would not save it, in silence")
        super().__setattr__(name, value)

    def _onModified(self):
        for parameter in self.allParameters.values():
            parameter.load(self)

    def default(self, name: str) -> Default:
        """The default of a parameter, as a `Default`."""
        return Default(self._parameter(name).default)

    def dataType(self, name: str):
        """The annotation of a parameter."""
        return self._parameter(name).annotation

    def getValue(self, name: str):
        """The value of a parameter that is named by a text."""
        self._parameter(name)
        return getattr(self, name)

    def setValue(self, name: str, value) -> None:
        """Set the value of a parameter that is named by a text."""
        self._parameter(name)
        setattr(self, name, value)

    def _parameter(self, name):
        if name not in self.allParameters:
            known = ", ".join(self.allParameters)
            raise ValueError(f"{type(self).__name__} has no parameter {name}; there are {known}")
        return self.allParameters[name]

    def connectGui(self, gui) -> int:
        """Tie widgets that name a parameter to it, both ways; gives a tag for `disconnectGui`."""
        named = {}
        for widget in vars(gui).values():
            if name := widget.property(SLICER_PARAMETER_NAME):
                named[name] = widget
        return self.connectParametersToGui(named)

    def connectParametersToGui(self, widgets: dict) -> int:
        """The same, by a dict of names and widgets."""
        for name in widgets:
            self._parameter(name)
        connectors = {name: connectorOf(widget, self.dataType(name)) for name, widget in widgets.items()}
        for name, connector in connectors.items():
            connector.show(getattr(self, name))
            connector.onChange(lambda name=name, connector=connector: self._takeFrom(name, connector))
        tag = len(self._guis) + 1
        observer = self.AddObserver(vtk.vtkCommand.ModifiedEvent, lambda *_: self._show())
        self._guis[tag] = (connectors, observer)
        return tag

    def disconnectGui(self, tag: int) -> None:
        """Untie the widgets of a `connectGui`."""
        connectors, observer = self._guis.pop(tag, ({}, None))
        for connector in connectors.values():
            connector.onChange(None)
        if observer is not None:
            self.RemoveObserver(observer)

    def _takeFrom(self, name, connector):
        if not self._isShowing:
            setattr(self, name, connector.value())

    def _show(self):
        if self._isShowing:
            return
        self.__dict__["_isShowing"] = True
        try:
            for connectors, _ in list(self._guis.values()):
                for name, connector in connectors.items():
                    connector.show(getattr(self, name))
        finally:
            self.__dict__["_isShowing"] = False

    def StartModify(self):
        return self.parameterNode.StartModify()

    def EndModify(self, wasModified):
        return self.parameterNode.EndModify(wasModified)

    def Modified(self):
        self.parameterNode.Modified()

    def AddObserver(self, event, callback, priority=0.0):
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag):
        self.parameterNode.RemoveObserver(tag)


_NONE = object()
