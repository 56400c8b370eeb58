"""Work beside the window: a function in a thread, whose end is noticed on the window's own thread.

The function must not touch Qt, MRML or anything that one of them holds: numpy arrays, files and VTK objects of its own.
"""

import threading

import qt
import slicer

POLL_MS = 10
LEND_S = 0.02
"""PythonQt keeps Python's lock while Qt waits for events, so that a thread stands still; each look lends it."""


class InBackground:
    """Runs `work()` in a thread, then calls `whenDone(result)` or `whenFailed(error)` on the window's thread, once.

    After `forget()` neither is called. Keep the object as long as the end matters.
    """

    def __init__(self, work, whenDone, whenFailed):
        self._work, self._whenDone, self._whenFailed = work, whenDone, whenFailed
        self._result, self._error = None, None
        self._thread = threading.Thread(target=self._run, name="HLFDSegmentation", daemon=True)
        self._timer = qt.QTimer(slicer.app)  # a parent: it may be forgotten within its own timeout
        self._timer.interval = POLL_MS
        self._timer.connect("timeout()", self._look)
        self._thread.start()
        self._timer.start()

    @property
    def isAtWork(self) -> bool:
        """Whether its end is still to be told."""
        return self._timer is not None

    def forget(self) -> None:
        """Let it run out, and tell nobody."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()
            timer.deleteLater()

    def _run(self) -> None:
        try:
            self._result = self._work()
        except Exception as error:
            self._error = error

    def _look(self) -> None:
        self._thread.join(LEND_S)
        if self._timer is None or self._thread.is_alive():
            return
        self.forget()
        if self._error is not None:
            self._whenFailed(self._error)
        else:
            self._whenDone(self._result)
