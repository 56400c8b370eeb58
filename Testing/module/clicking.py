"""What a user does and sees, as words for the tests of the panel."""

import time

import slicer

from Testing.desktop.pythonqt import qt

STEP_MS = 5


def until(condition, timeout_s: float = 20.0):
    """Let the window live until `condition()` is true; gives what it gave.

    Raises:
        AssertionError: it was not true in time.
    """
    end = time.monotonic() + timeout_s
    while True:
        slicer.app.processEvents()
        if value := condition():
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {timeout_s:g} s: {getattr(condition, '__name__', condition)}")
        time.sleep(STEP_MS / 1000)


def letPass(seconds: float) -> None:
    """Let the window live for a while, in which nothing particular is waited for."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        slicer.app.processEvents()
        time.sleep(STEP_MS / 1000)


def click(button) -> None:
    """Click a button, a check box or the like.

    Raises:
        AssertionError: a user could not: it is hidden or disabled.
    """
    _checkReachable(button)
    button.click()
    slicer.app.processEvents()


def choose(box, text: str) -> None:
    """Choose the entry with this text from a QComboBox or a selector of nodes.

    Raises:
        AssertionError: it cannot be reached, or has no such entry, or that one is disabled.
    """
    _checkReachable(box)
    entries = box.findChild(qt.QComboBox) if box.className() == "qMRMLNodeComboBox" else box
    index = entries.findText(text)
    offered = [entries.itemText(one) for one in range(entries.count)]
    assert index >= 0, f"{_named(box)} offers no {text!r}; it offers {offered}"
    assert entries.model().index(index, 0).flags() & qt.Qt.ItemIsEnabled, f"{_named(box)}: {text!r} is disabled"
    entries.setCurrentIndex(index)
    entries.activated.emit(index)
    slicer.app.processEvents()


def write(field, text: str) -> None:
    """Replace the text of a QLineEdit or QPlainTextEdit, and leave the field."""
    _checkReachable(field)
    if field.inherits("QLineEdit"):
        field.text = text
        field.editingFinished.emit()
    else:
        field.setPlainText(text)
    slicer.app.processEvents()


def isSeen(widget) -> bool:
    """Whether a user sees it: in the window, in no section that is closed, and of some size."""
    return bool(widget.isVisible()) and not widget.visibleRegion().isNull()


def textsOf(widget) -> list[str]:
    """Every text that is shown in a widget and below: labels, buttons, sections, tool tips, placeholders, entries."""
    texts = []
    for one in slicer.util.findChildren(widget):
        if not one.isWidgetType():
            continue
        names = ("text", "title", "toolTip", "placeholderText", "plainText")
        found = [getattr(one, name, None) for name in names]
        if one.inherits("QComboBox"):
            found += [one.itemText(index) for index in range(one.count)]
        texts += [text for text in found if isinstance(text, str) and text]
    return texts


class LongestGap:
    """The longest time for which the window stood still: `with LongestGap() as gap: ...`, then `gap.seconds`."""

    def __init__(self, every_ms: int = STEP_MS):
        self.seconds = 0.0
        self._timer = qt.QTimer()
        self._timer.interval = every_ms
        self._timer.connect("timeout()", self._look)

    def __enter__(self):
        self._last = time.monotonic()
        self._timer.start()
        return self

    def __exit__(self, *_):
        self._look()
        self._timer.stop()

    def _look(self):
        now = time.monotonic()
        self.seconds, self._last = max(self.seconds, now - self._last), now


def _checkReachable(widget) -> None:
    assert widget.isVisible(), f"{_named(widget)} is hidden: a user cannot reach it"
    assert widget.enabled, f"{_named(widget)} is disabled: a user cannot use it"


def _named(widget) -> str:
    label = getattr(widget, "text", "") or ""
    return f"{widget.className()} {widget.objectName or label}"
