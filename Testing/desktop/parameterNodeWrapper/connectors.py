"""Which widgets can show a parameter. As in Slicer, the class must be this very one: a subclass has no connector.

There is none for QPlainTextEdit, QRadioButton, ctkComboBox or selectors of segments.
"""

import dataclasses
import enum
import pathlib

import ctk
import qt
import slicer

from .annotations import firstOf, typeOf
from .validators import Choice, Maximum, Minimum, WithinRange


@dataclasses.dataclass
class Decimals:
    """How many decimals a spin box shows."""

    value: int


@dataclasses.dataclass
class SingleStep:
    """What an arrow of a spin box adds."""

    value: float


class Connector:
    """A widget, the signal of its change, and how its value is read and shown."""

    def __init__(self, widget, signal: str, value, show):
        self.widget, self._signal, self.value, self.show = widget, signal, value, show
        self._callback = None

    def onChange(self, callback) -> None:
        """Call `callback()` at each change; None calls nobody any more."""
        if self._callback is not None:
            self.widget.disconnect(self._signal, self._changed)
        self._callback = callback
        if callback is not None:
            self.widget.connect(self._signal, self._changed)

    def _changed(self, _=None):
        self._callback()


def connectorOf(widget, annotation) -> Connector:
    """Raises:
    TypeError: Slicer has no connector for this widget and type.
    """
    kind, make = typeOf(annotation), None
    for widgetClass, kinds, candidate in _kinds():
        if type(widget) is widgetClass and isinstance(kind, type) and issubclass(kind, kinds):
            make = candidate
            break
    if make is None:
        named = f"{widget.className()} {widget.objectName}"
        raise TypeError(f"Slicer cannot tie {named} to {annotation}; take another widget")
    return make(widget, annotation)


def _kinds():
    numbers = (qt.QSpinBox, qt.QSlider)
    yield qt.QCheckBox, bool, lambda widget, _: _attribute(widget, "toggled(bool)", "checked")
    yield qt.QPushButton, bool, lambda widget, _: _attribute(widget, "toggled(bool)", "checked")
    for one in numbers:
        yield one, int, lambda widget, kind: _number(widget, "valueChanged(int)", kind)
    for one in (qt.QDoubleSpinBox, ctk.ctkSliderWidget):
        yield one, float, lambda widget, kind: _number(widget, "valueChanged(double)", kind)
    yield qt.QLineEdit, str, lambda widget, _: _attribute(widget, "textChanged(QString)", "text")
    yield qt.QTextEdit, str, _plainText
    yield qt.QComboBox, enum.Enum, lambda widget, kind: _enum(widget, typeOf(kind))
    yield qt.QComboBox, (int, float, str, bool), _choice
    yield ctk.ctkPathLineEdit, pathlib.Path, lambda widget, _: _path(widget)
    yield slicer.qMRMLNodeComboBox, slicer.vtkMRMLNode, _node


def _attribute(widget, signal, name, read=lambda value: value, shown=lambda value: value):
    def show(value):
        setattr(widget, name, shown(value))

    return Connector(widget, signal, lambda: read(getattr(widget, name)), show)


def _plainText(widget, _):
    return Connector(widget, "textChanged()", widget.toPlainText, widget.setPlainText)


def _number(widget, signal, annotation):
    limits = firstOf(annotation, WithinRange)
    lowest, highest = firstOf(annotation, Minimum) or limits, firstOf(annotation, Maximum) or limits
    if lowest:
        widget.minimum = lowest.minimum
    if highest:
        widget.maximum = highest.maximum
    if decimals := firstOf(annotation, Decimals):
        widget.decimals = decimals.value
    if step := firstOf(annotation, SingleStep):
        widget.singleStep = step.value
    return _attribute(widget, signal, "value")


def _choice(widget, annotation):
    choice = firstOf(annotation, Choice)
    if choice is None:
        raise TypeError(f"QComboBox {widget.objectName} needs the annotation Choice of its parameter")
    return _among(widget, list(choice.choices), [str(one) for one in choice.choices])


def _enum(widget, kind):
    members = list(kind)
    return _among(widget, members, [member.label() if hasattr(kind, "label") else member.name for member in members])


def _among(widget, values, texts):
    widget.clear()
    widget.addItems(texts)
    return _attribute(widget, "currentIndexChanged(int)", "currentIndex", values.__getitem__, values.index)


def _path(widget):
    return _attribute(widget, "currentPathChanged(QString)", "currentPath", pathlib.Path, str)


def _node(widget, annotation):
    widget.nodeTypes = [typeOf(annotation).__name__]
    return Connector(widget, "currentNodeChanged(vtkMRMLNode*)", widget.currentNode, widget.setCurrentNode)
