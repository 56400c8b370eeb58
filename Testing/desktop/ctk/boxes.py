"""Small widgets: a button with a check mark, a list, a search field, a text as high as it needs, a message."""

from __future__ import annotations

from typing import Any

from Testing.desktop.ctk.collapsible import take_arguments
from Testing.desktop.pythonqt import Property, Signal, native, qt
from Testing.desktop.pythonqt.dialogs import run_message


@native
class ctkComboBox(qt.QComboBox):
    """A list with a text for the case that nothing is chosen, and a choice of where to shorten long entries."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        self._default, self._forced, self._elide = "", False, qt.Qt.ElideNone

    def _set_default(self, text: str) -> None:
        self._default = text
        self.placeholderText = text

    def _set_forced(self, forced: bool) -> None:
        self._forced = forced

    def _set_elide(self, mode: int) -> None:
        self._elide = mode

    defaultText = Property(str, lambda self: self._default, _set_default)
    forceDefault = Property(bool, lambda self: self._forced, _set_forced)
    elideMode = Property(int, lambda self: int(self._elide), _set_elide)


@native
class ctkCheckablePushButton(qt.QPushButton):
    """A button with a check mark, which by default decides whether the button stays pressed."""

    checkBoxToggled = Signal(bool)

    def __init__(self, *arguments: Any) -> None:
        text, parent = take_arguments(arguments)
        super().__init__(parent)
        self.text = text
        self._mark, self._controls_button, self._controls_toggle = 0, False, True
        self.toggled.connect(self._follow)

    def _follow(self, on: bool) -> None:
        self._set_mark(2 if on else 0)

    def _set_mark(self, state: int) -> None:
        if state != self._mark:
            self._mark = state
            self.update()
            self.checkBoxToggled.emit(bool(state))
            if self._controls_toggle:
                self.checkable = self.checked = bool(state)

    def _set_controls_button(self, controls: bool) -> None:
        self._controls_button = controls

    def _set_controls_toggle(self, controls: bool) -> None:
        self._controls_toggle = controls

    checkState = Property(int, lambda self: self._mark, _set_mark)
    checkBoxControlsButton = Property(bool, lambda self: self._controls_button, _set_controls_button)
    checkBoxControlsButtonToggleState = Property(bool, lambda self: self._controls_toggle, _set_controls_toggle)

    def paintEvent(self, event: Any) -> None:
        """Draw the mark at the button's left."""
        super().paintEvent(event)
        mark = qt.QStyleOptionButton()
        mark.initFrom(self)
        mark.state |= qt.QStyle.State_On if self._mark else qt.QStyle.State_Off
        mark.rect = qt.QRect(6, (self.height - 14) // 2, 14, 14)
        qt.QStylePainter(self).drawPrimitive(qt.QStyle.PE_IndicatorCheckBox, mark)


@native
class ctkSearchBox(qt.QLineEdit):
    """A field for words to search for, with a button that empties it."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        self.placeholderText, self._icon = "Search...", False
        self.setClearButtonEnabled(True)

    def _set_icon(self, shown: bool) -> None:
        self._icon = shown

    showSearchIcon = Property(bool, lambda self: self._icon, _set_icon)


@native
class ctkFittedTextBrowser(qt.QTextBrowser):
    """A text that is as high as it needs to be, and folds behind its first line where it is told to."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        self._collapsed = True
        policy = qt.QSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self.setVerticalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
        self.connect("textChanged()", self.updateGeometry)

    def heightForWidth(self, width: int) -> int:
        """As high as the text is when it is that wide."""
        document = self.document.clone()
        document.setTextWidth(max(1, width - 2 * self.frameWidth))
        return round(document.size.height()) + 2 * self.frameWidth

    def _set_collapsed(self, collapsed: bool) -> None:
        self._collapsed = collapsed

    collapsed = Property(bool, lambda self: self._collapsed, _set_collapsed)


@native
class ctkMessageBox(qt.QMessageBox):
    """A message that the user can switch off; with a key, its answer is kept in the settings and not asked again."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(take_arguments(arguments)[1])
        self._key = ""
        self._mark = qt.QCheckBox("Don't show this message again")
        self.setCheckBox(self._mark)

    def _set_key(self, key: str) -> None:
        self._key = key

    def _set_mark(self, hidden: bool) -> None:
        self._mark.checked = hidden

    def exec_(self) -> int:
        """Ask, unless the answer was kept."""
        if self._key and qt.QSettings().contains(self._key):
            return int(qt.QSettings().value(self._key))
        answer = run_message(self)
        if self._key and self._mark.checked:
            qt.QSettings().setValue(self._key, answer)
        return answer

    dontShowAgain = Property(bool, lambda self: self._mark.checked, _set_mark)
    dontShowAgainSettingsKey = Property(str, lambda self: self._key, _set_key)
