"""A field for a range of numbers."""

from __future__ import annotations

from typing import Any

from Testing.desktop.ctk.collapsible import take_arguments
from Testing.desktop.ctk.numbers import ctkDoubleSpinBox, lay_in_row
from Testing.desktop.pythonqt import Property, Signal, native, qt


@native
class ctkRangeWidget(qt.QWidget):
    """Two boxes for a range, within 0 and 99 until told otherwise; the lower value is never above the upper."""

    valuesChanged = Signal(float, float)
    minimumValueChanged = Signal(float)
    maximumValueChanged = Signal(float)
    rangeChanged = Signal(float, float)

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        self._low, self._high, self._last = ctkDoubleSpinBox(), ctkDoubleSpinBox(), (0.0, 99.0)
        lay_in_row(self, self._low, self._high)
        for box in (self._low, self._high):
            box.setRange(0, 99)
        self._high.setValue(99)
        self._low.connect("valueChanged(double)", self._low_changed)
        self._high.connect("valueChanged(double)", self._high_changed)

    def _low_changed(self, value: float) -> None:
        self.setValues(value, max(value, self._high.value))

    def _high_changed(self, value: float) -> None:
        self.setValues(min(value, self._low.value), value)

    def setValues(self, low: float, high: float) -> None:
        """Take both values, in either order."""
        for box, value in ((self._low, min(low, high)), (self._high, max(low, high))):
            box.blockSignals(True)
            box.setValue(value)
            box.blockSignals(False)
        before, self._last = self._last, (self._low.value, self._high.value)
        if self._last[0] != before[0]:
            self.minimumValueChanged.emit(self._last[0])
        if self._last[1] != before[1]:
            self.maximumValueChanged.emit(self._last[1])
        if self._last != before:
            self.valuesChanged.emit(*self._last)

    def setRange(self, least: float, most: float) -> None:
        """Take the ends between which the values lie."""
        for box in (self._low, self._high):
            box.blockSignals(True)
            box.setRange(least, most)
            box.blockSignals(False)
        self.rangeChanged.emit(least, most)
        self.setValues(self._low.value, self._high.value)

    def setMinimumValue(self, value: float) -> None:
        """Take the lower value."""
        self.setValues(value, max(value, self._high.value))

    def setMaximumValue(self, value: float) -> None:
        """Take the upper value."""
        self.setValues(min(value, self._low.value), value)

    def setMinimum(self, least: float) -> None:
        """Take the lower end."""
        self.setRange(least, max(least, self._low.maximum))

    def setMaximum(self, most: float) -> None:
        """Take the upper end."""
        self.setRange(min(most, self._low.minimum), most)

    def setDecimals(self, decimals: int) -> None:
        """Take the number of decimals shown."""
        self._low.setDecimals(decimals)
        self._high.setDecimals(decimals)

    def setSingleStep(self, step: float) -> None:
        """Take the width of a step."""
        self._low.setSingleStep(step)
        self._high.setSingleStep(step)

    def _set_suffix(self, text: str) -> None:
        self._low.suffix = self._high.suffix = text

    minimumValue = Property(float, lambda self: self._low.value, setMinimumValue)
    maximumValue = Property(float, lambda self: self._high.value, setMaximumValue)
    minimum = Property(float, lambda self: self._low.minimum, setMinimum)
    maximum = Property(float, lambda self: self._low.maximum, setMaximum)
    decimals = Property(int, lambda self: self._low.decimals, setDecimals)
    singleStep = Property(float, lambda self: self._low.singleStep, setSingleStep)
    suffix = Property(str, lambda self: self._low.suffix, _set_suffix)
