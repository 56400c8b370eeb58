"""Shows the steps of an installation or a check as they are taken: a bar, a sentence, what is printed."""

import qt

from ..Panels.Looks import setSmallPrint
from .Steps import AT_WORK

LOOK_MS, TIDY_MS = 300, 40
"""While it tidies up, threads need the looks to get on."""
LAST_LETTERS = 20_000


class StepsWatch:
    """Looks at `Steps` now and then.

    Args:
        ui: the panel's widgets.
        whenEnded: called with the steps, once.
    """

    def __init__(self, ui, whenEnded):
        self._ui, self._whenEnded = ui, whenEnded
        self._steps, self._printed = None, ""
        self._timer = qt.QTimer(ui.runBox)  # goes with the panel
        self._timer.connect("timeout()", self._look)
        setSmallPrint(ui.progressLabel)
        ui.cancelButton.connect("clicked()", self._cancel)
        ui.detailsSection.connect("contentsCollapsed(bool)", self._showPrinted)
        ui.detailsSection.visible = False

    @property
    def isAtWork(self) -> bool:
        return self._steps is not None

    def announce(self, sentence: str) -> None:
        """Show that something begins."""
        ui = self._ui
        ui.runBox.visible = True
        ui.cancelButton.visible = False
        ui.progressBar.maximum = 0  # moves, and promises nothing
        ui.progressLabel.text = sentence

    def watch(self, steps) -> None:
        """Look at these until they end."""
        self._steps = steps
        self._ui.cancelButton.visible = self._ui.cancelButton.enabled = True
        self._ui.progressBar.maximum = 1000
        self._ui.detailsSection.visible = True
        self._timer.interval = LOOK_MS
        self._timer.start()
        self._look()

    def close(self) -> None:
        """End what is at work, and tell nobody."""
        self._timer.stop()
        if self._steps is not None:
            self._steps.abandon()
            self._steps = None

    def _cancel(self) -> None:
        if self._steps is not None:
            self._steps.cancel()
            self._ui.cancelButton.enabled = False
            self._look()

    def _look(self) -> None:
        steps = self._steps
        if steps is None:
            return
        state = steps.look()
        self._timer.interval = TIDY_MS if steps.isEnding else LOOK_MS
        self._ui.progressLabel.text = steps.say
        self._ui.progressBar.value = round(1000 * steps.share)
        if not self._ui.detailsSection.collapsed or state != AT_WORK:
            self._printed = steps.printed()
            self._showPrinted()
        if state != AT_WORK:
            self._timer.stop()
            self._steps = None
            self._ui.runBox.visible = False
            self._whenEnded(steps)

    def _showPrinted(self) -> None:
        view, printed = self._ui.detailsView, self._printed[-LAST_LETTERS:]
        if view.plainText != printed:
            view.setPlainText(printed)
            view.verticalScrollBar().setValue(view.verticalScrollBar().maximum)
