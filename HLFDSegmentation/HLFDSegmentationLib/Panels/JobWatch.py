"""Looks at a job now and then, on the window's thread, and tells what is new."""

import qt
import slicer

from ..BackendPlace import useBackend
from ..Jobs import viewOf

LOOK_MS = 300


class JobWatch:
    """Tells `hearEvents(list of events)`, `seeView(view)` at each look, and `seeEnd(view)` once.

    The view is that of `hlfd.jobs.client`; it is None in `seeEnd` where the job's folder has gone. Keep the object;
    `close()` ends the looking, not the job.
    """

    def __init__(self, job, hearEvents=None, seeView=None, seeEnd=None, lookMs: int = LOOK_MS):
        useBackend()
        from hlfd.event_file import Tail

        self.job = job
        self._tail = Tail(job.events)
        self._hearEvents, self._seeView, self._seeEnd = hearEvents, seeView, seeEnd
        self._timer = qt.QTimer(slicer.app)  # a parent: it may be closed within its own timeout
        self._timer.interval = lookMs
        self._timer.connect("timeout()", self.look)
        self._timer.start()

    def look(self) -> None:
        """Look now."""
        if self._timer is None:
            return
        view = viewOf(self.job)
        events = self._tail.read()  # after the view: nothing that came before an end is missed
        if events and self._hearEvents:
            self._hearEvents(events)
        if self._timer is None:  # whoever heard the events may have closed this
            return
        if view is not None and self._seeView:
            self._seeView(view)
        if self._timer is not None and (view is None or not view.is_active):
            self.close()
            if self._seeEnd:
                self._seeEnd(view)

    def close(self) -> None:
        """Look no more."""
        timer, self._timer = self._timer, None
        if timer is not None:
            timer.stop()
            timer.deleteLater()
