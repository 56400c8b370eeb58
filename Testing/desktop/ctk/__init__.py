"""The widgets of CTK that a panel uses, in Python, with CTK's names, properties, defaults and signals."""

from __future__ import annotations

from Testing.desktop.ctk.boxes import (
    ctkCheckablePushButton,
    ctkComboBox,
    ctkFittedTextBrowser,
    ctkMessageBox,
    ctkSearchBox,
)
from Testing.desktop.ctk.collapsible import ctkCollapsibleButton, ctkCollapsibleGroupBox
from Testing.desktop.ctk.numbers import ctkDoubleSlider, ctkDoubleSpinBox, ctkSliderWidget
from Testing.desktop.ctk.paths import ctkDirectoryButton, ctkPathLineEdit
from Testing.desktop.ctk.ranges import ctkRangeWidget

__all__ = [
    "ctkCheckablePushButton",
    "ctkCollapsibleButton",
    "ctkCollapsibleGroupBox",
    "ctkComboBox",
    "ctkDirectoryButton",
    "ctkDoubleSlider",
    "ctkDoubleSpinBox",
    "ctkFittedTextBrowser",
    "ctkMessageBox",
    "ctkPathLineEdit",
    "ctkRangeWidget",
    "ctkSearchBox",
    "ctkSliderWidget",
]
