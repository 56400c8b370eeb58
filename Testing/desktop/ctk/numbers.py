"""Fields for one number: a box, a slider for decimals, and both together."""

from __future__ import annotations

from typing import Any

from Testing.desktop.ctk.collapsible import take_arguments
from Testing.desktop.pythonqt import Property, Signal, native, qt

STEPS_AT_MOST = 1_000_000


def lay_in_row(widget: Any, *parts: Any) -> None:
    """Put widgets side by side into one, without a margin."""
    layout = qt.QHBoxLayout(widget)
    layout.setContentsMargins(0, 0, 0, 0)
    for part in parts:
        layout.addWidget(part)


@native
class ctkDoubleSpinBox(qt.QDoubleSpinBox):
    """A box for a decimal number."""


@native
class ctkDoubleSlider(qt.QWidget):
    """A slider for decimal numbers, from 0 to 99 in steps of 1 until told otherwise."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)
    rangeChanged = Signal(float, float)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        way = next((one for one in arguments if isinstance(one, int)), qt.Qt.Horizontal)
        self._least, self._most, self._step, self._page, self._value = 0.0, 99.0, 1.0, 10.0, 0.0
        self._slider = qt.QSlider(way)
        lay_in_row(self, self._slider)
        self._slider.connect("valueChanged(int)", self._slid)
        self._fit()

    def _fit(self) -> None:
        """Give the slider inside as many steps as there are, and its place, without a signal."""
        steps = min(STEPS_AT_MOST, max(1, round((self._most - self._least) / self._step)))
        self._slider.blockSignals(True)
        self._slider.setRange(0, steps)
        self._slider.setValue(round((self._value - self._least) / self._step))
        self._slider.blockSignals(False)

    def _slid(self, step: int) -> None:
        self._take(self._least + step * self._step)

    def _take(self, value: float) -> None:
        value = min(self._most, max(self._least, value))
        if value != self._value:
            self._value = value
            self._fit()
            self.valueIsChanging.emit(value)
            self.valueChanged.emit(value)

    def setValue(self, value: float) -> None:
        """Take a value, within the range."""
        self._take(float(value))

    def setRange(self, least: float, most: float) -> None:
        """Take both ends."""
        self._least, self._most = float(least), max(float(least), float(most))
        self._fit()
        self.rangeChanged.emit(self._least, self._most)
        self._take(self._value)

    def setMinimum(self, least: float) -> None:
        """Take the lower end."""
        self.setRange(least, max(least, self._most))

    def setMaximum(self, most: float) -> None:
        """Take the upper end."""
        self.setRange(min(self._least, most), most)

    def setSingleStep(self, step: float) -> None:
        """Take the width of a step, above 0."""
        if step > 0:
            self._step = float(step)
            self._fit()

    def _set_page(self, page: float) -> None:
        self._page = page

    value = Property(float, lambda self: self._value, setValue)
    minimum = Property(float, lambda self: self._least, setMinimum)
    maximum = Property(float, lambda self: self._most, setMaximum)
    singleStep = Property(float, lambda self: self._step, setSingleStep)
    pageStep = Property(float, lambda self: self._page, _set_page)


@native
class ctkSliderWidget(qt.QWidget):
    """A slider and a box that show one decimal number, from 0 to 100 with two decimals until told otherwise."""

    valueChanged = Signal(float)
    valueIsChanging = Signal(float)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        self._slider, self._box, self._tracking = ctkDoubleSlider(qt.Qt.Horizontal), ctkDoubleSpinBox(), True
        lay_in_row(self, self._slider, self._box)
        self._slider.setRange(0, 100)
        self._box.setRange(0, 100)
        self._slider.connect("valueChanged(double)", self._slid)
        self._box.connect("valueChanged(double)", self._typed)

    def _slid(self, value: float) -> None:
        self._box.setValue(value)

    def _typed(self, value: float) -> None:
        self._slider.blockSignals(True)
        self._slider.setValue(value)
        self._slider.blockSignals(False)
        self.valueIsChanging.emit(value)
        self.valueChanged.emit(value)

    def setValue(self, value: float) -> None:
        """Take a value, within the range."""
        self._box.setValue(value)

    def setRange(self, least: float, most: float) -> None:
        """Take both ends."""
        self._slider.blockSignals(True)
        self._slider.setRange(least, most)
        self._slider.blockSignals(False)
        self._box.setRange(least, most)

    def setMinimum(self, least: float) -> None:
        """Take the lower end."""
        self.setRange(least, max(least, self._box.maximum))

    def setMaximum(self, most: float) -> None:
        """Take the upper end."""
        self.setRange(min(self._box.minimum, most), most)

    def setSingleStep(self, step: float) -> None:
        """Take the width of a step."""
        self._slider.setSingleStep(step)
        self._box.setSingleStep(step)

    def setDecimals(self, decimals: int) -> None:
        """Take the number of decimals shown."""
        self._box.setDecimals(decimals)

    def _set_page(self, page: float) -> None:
        self._slider.pageStep = page

    def _set_prefix(self, text: str) -> None:
        self._box.prefix = text

    def _set_suffix(self, text: str) -> None:
        self._box.suffix = text

    def _set_tracking(self, tracking: bool) -> None:
        self._tracking = tracking

    value = Property(float, lambda self: self._box.value, setValue)
    minimum = Property(float, lambda self: self._box.minimum, setMinimum)
    maximum = Property(float, lambda self: self._box.maximum, setMaximum)
    singleStep = Property(float, lambda self: self._box.singleStep, setSingleStep)
    decimals = Property(int, lambda self: self._box.decimals, setDecimals)
    pageStep = Property(float, lambda self: self._slider.pageStep, _set_page)
    prefix = Property(str, lambda self: self._box.prefix, _set_prefix)
    suffix = Property(str, lambda self: self._box.suffix, _set_suffix)
    tracking = Property(bool, lambda self: self._tracking, _set_tracking)
