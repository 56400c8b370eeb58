"""Sections of a panel that fold: a flat bar with an arrow, and a framed box with a check mark."""

from __future__ import annotations

from typing import Any

from Testing.desktop.pythonqt import Property, Signal, native, qt

ARROW_PX = 9
UNBOUNDED_PX = 16777215


def take_arguments(arguments: tuple[Any, ...]) -> tuple[str, Any]:
    """Take a text and a parent, each of which may be absent, as CTK's constructors do."""
    text = next((one for one in arguments if isinstance(one, str)), "")
    return text, next((one for one in arguments if isinstance(one, qt.QWidget)), None)


def _direct(widget: Any) -> list[Any]:
    return [child for child in widget.children() if isinstance(child, qt.QWidget)]


@native
class ctkCollapsibleButton(qt.QAbstractButton):
    """A bar with an arrow above its contents; a click on the bar hides or shows them."""

    contentsCollapsed = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        text, parent = take_arguments(arguments)
        super().__init__(parent)
        self._collapsed, self._flat, self._collapsedHeight, self._contentsFrameShape = False, False, 10, 0
        self._hidden: set[Any] = set()
        self.text, self.checkable, self.checked = text, True, True
        self.setSizePolicy(qt.QSizePolicy.Minimum, qt.QSizePolicy.Preferred)
        self.setContentsMargins(0, self._bar(), 0, 0)
        self._bound()
        self.toggled.connect(self._follow)

    def _bar(self) -> int:
        return qt.QFontMetrics(self.font).height() + 8

    def _follow(self, checked: bool) -> None:
        self._collapse(not checked)

    def _collapse(self, collapsed: bool) -> None:
        if collapsed == self._collapsed:
            return
        self._collapsed = collapsed
        self.checked = not collapsed
        for child in _direct(self):
            if collapsed and child.isHidden():
                self._hidden.add(child)  # hidden by the program: stays so when the section is opened
            elif child not in self._hidden:
                child.setVisible(not collapsed)
        if not collapsed:
            self._hidden.clear()
        self._bound()
        self.contentsCollapsed.emit(collapsed)

    def _bound(self) -> None:
        """Be as high as the bar where folded, and as high as the contents' layout says where not."""
        folded = self._bar() + self._collapsedHeight
        self.minimumHeight = folded if self._collapsed else self._bar()
        self.maximumHeight = folded if self._collapsed else UNBOUNDED_PX

    def setCollapsed(self, collapsed: bool) -> None:
        """Hide or show the contents."""
        self._collapse(bool(collapsed))

    def _set_flat(self, flat: bool) -> None:
        self._flat = flat
        self.update()

    def _set_height(self, pixels: int) -> None:
        self._collapsedHeight = pixels
        self._bound()

    def _set_shape(self, shape: int) -> None:
        self._contentsFrameShape = shape
        self.update()

    collapsed = Property(bool, lambda self: self._collapsed, setCollapsed)
    flat = Property(bool, lambda self: self._flat, _set_flat)
    collapsedHeight = Property(int, lambda self: self._collapsedHeight, _set_height)
    contentsFrameShape = Property(int, lambda self: self._contentsFrameShape, _set_shape)

    def childEvent(self, event: Any) -> None:
        """Hide what is put into a folded section."""
        if event.added() and self._collapsed and isinstance(event.child(), qt.QWidget):
            event.child().hide()
        super().childEvent(event)

    def hitButton(self, place: Any) -> bool:
        """Only the bar is the button."""
        return place.y() <= self._bar()

    def paintEvent(self, event: Any) -> None:
        """Draw the bar, its arrow and its text."""
        painter = qt.QStylePainter(self)
        bar = qt.QStyleOptionButton()
        bar.initFrom(self)
        bar.rect = qt.QRect(0, 0, self.width, self._bar())
        if not self._flat:
            painter.drawPrimitive(qt.QStyle.PE_PanelButtonCommand, bar)
        arrow = qt.QStyleOption()
        arrow.initFrom(self)
        arrow.rect = qt.QRect(6, (self._bar() - ARROW_PX) // 2, ARROW_PX, ARROW_PX)
        right, down = qt.QStyle.PE_IndicatorArrowRight, qt.QStyle.PE_IndicatorArrowDown
        painter.drawPrimitive(right if self._collapsed else down, arrow)
        painter.drawText(bar.rect.adjusted(ARROW_PX + 12, 0, -4, 0), qt.Qt.AlignVCenter | qt.Qt.AlignLeft, self.text)
        if self._contentsFrameShape and not self._collapsed:
            painter.setPen(self.palette.mid().color())
            painter.drawRect(self.rect.adjusted(0, self._bar(), -1, -1))


@native
class ctkCollapsibleGroupBox(qt.QGroupBox):
    """A framed box with a title; unchecking the title hides the contents."""

    def __init__(self, *arguments: Any) -> None:
        title, parent = take_arguments(arguments)
        super().__init__(title, parent)
        self.checkable, self.checked = True, True
        self.toggled.connect(self._follow)

    def _follow(self, checked: bool) -> None:
        for child in _direct(self):
            child.setVisible(checked)

    def _set_collapsed(self, collapsed: bool) -> None:
        self.checked = not collapsed

    collapsed = Property(bool, lambda self: not self.checked, _set_collapsed)
