"""Starts a distillation: checks, writes the cases step by step, and launches the chain of jobs."""

import contextlib

import qt
import slicer

from ..BackendCalls import plain
from ..Bench import CASES
from ..InBackground import InBackground
from ..Panels.Looks import clearMessage, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .Distillation import record
from .DistillationFolders import makeFolder, putAside, requireFree, sweepUp
from .DistilSettings import checkChoices

BETWEEN_STEPS_MS, SETTLE_MS = 5, 200


class DistilStart:
    """The button Start and what becomes of it.

    Args:
        bench: of the module.
        ui: widgets of DistilStart.ui.
        readChoices: gives the choices or refuses.
        onBusy: called with whether a start is under way.
        onStarted: called with the name of a distillation whose jobs are there.
    """

    def __init__(self, bench, ui, readChoices, onBusy, onStarted):
        self._bench, self._ui = bench, ui
        self._readChoices, self._onBusy, self._onStarted = readChoices, onBusy, onStarted
        self._export = self._folder = self._choices = self._environment = self._plan = self._launch = self._sweep = None
        ui.exportPlace.visible = False
        clearMessage(ui.messageText)
        clearMessage(ui.casesText)
        for label in (ui.messageText, ui.casesText):
            label.connect("linkActivated(QString)", self._onLink)
        ui.startButton.connect("clicked()", self.start)
        ui.cancelButton.connect("clicked()", self.cancel)
        self._stepper = _timer(ui.startButton, BETWEEN_STEPS_MS, self._step)
        self._settling = _timer(ui.startButton, SETTLE_MS, self.refresh)
        self._settling.singleShot = True
        bench.listen(CASES, self.refreshSoon)

    @property
    def isBusy(self) -> bool:
        """Whether cases are being written or jobs launched."""
        return self._export is not None or self._launch is not None

    def refreshSoon(self) -> None:
        """The same in a moment, once for many changes: to ask for the cases takes its time."""
        self._settling.start()

    def refresh(self) -> None:
        """Say whether it can start, with what, and why not."""
        if self.isBusy:
            return
        plan, refusal, section = self._whatIsMissing()
        self._ui.startButton.enabled = not refusal
        if refusal:
            openIt = {"backend": _("Open Backend"), "cases": _("Open Cases")}.get(section, "")
            showMessage(self._ui.messageText, refusal, "note", section, openIt)
        else:
            clearMessage(self._ui.messageText)
        if plan is None:
            clearMessage(self._ui.casesText)
        else:
            said = "\n".join([plan.summary, *plan.warnings])
            showMessage(self._ui.casesText, said, "warning" if plan.warnings else "good")

    def start(self):
        """Begin; what stands against it is said instead."""
        try:
            self._choices = self._readChoices()
            checkChoices(self._choices)
            self._environment = plain(self._bench.requireEnvironment())
            self._plan = self._bench.casePlan()
            self._folder = makeFolder(self._choices.name)
            self._export = self._plan.beginExport(self._folder / "data")
        except Refusal as refusal:
            self._giveUp(str(refusal))
            return
        clearMessage(self._ui.messageText)
        self._setBusy(True)
        self._showProgress()
        self._stepper.start()

    def cancel(self):
        """Take back what was written so far."""
        if self._export is not None:
            self._giveUp("")

    def close(self) -> None:
        """The window goes: cases that are half-written go as well, jobs do not."""
        self._settling.stop()
        if self._export is not None:
            self._discard()
        for task in (self._launch, self._sweep):
            if task is not None:
                task.forget()

    def _whatIsMissing(self) -> tuple:
        """The plan of the cases or None, why it cannot start, and the section that helps."""
        plan, section = None, "cases"
        try:
            plan = self._bench.casePlan()
            section = "backend"
            self._bench.requireEnvironment()
            section = ""
            choices = self._readChoices()
            checkChoices(choices)
            requireFree(choices.name)
        except Refusal as refusal:
            return plan, str(refusal), section
        return plan, "", ""

    def _step(self):
        """Write a piece of the cases; not while a scene comes or goes, whose progress lets timers run."""
        if slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():
            return
        try:
            isDone = self._export.step()
        except Refusal as refusal:
            self._giveUp(str(refusal))
            return
        self._showProgress()
        if isDone:
            self._stepper.stop()
            self._launchJobs()

    def _launchJobs(self) -> None:
        folder, choices, environment = self._folder, self._choices, self._environment
        try:
            made = record(folder, choices, self._export.prepareSettings())
        except Refusal as refusal:
            self._giveUp(str(refusal))
            return
        self._export = None

        def work():
            sweepUp()
            made.goOn(environment)

        self._launch = InBackground(work, self._onLaunched, self._onNotLaunched)

    def _onLaunched(self, _nothing):
        name, self._folder, self._launch = self._folder.name, None, None
        self._setBusy(False)
        self._onStarted(name)

    def _onNotLaunched(self, error):
        self._onLaunched(None)
        sentence = _("The training could not be started: {why} Click Resume below to try again.")
        self._say(sentence.format(why=error))

    def _giveUp(self, why: str) -> None:
        self._discard()
        self._setBusy(False)
        self.refresh()
        if why:
            self._say(why)

    def _discard(self) -> None:
        self._stepper.stop()
        if self._export is not None:
            self._export.cancel()
            self._export = None
        if self._folder is not None:
            with contextlib.suppress(Refusal):  # without a record, nobody takes it for a distillation
                putAside(self._folder)
            self._folder = None
            self._sweep = InBackground(sweepUp, _forgotten, _forgotten)

    def _say(self, why: str) -> None:
        self._settling.stop()  # it would take the sentence away
        showMessage(self._ui.messageText, why, "bad")

    def _showProgress(self) -> None:
        bar, export = self._ui.exportBar, self._export
        bar.maximum = export.total
        bar.value = export.done
        bar.format = _("Writing cases: %v of %m")

    def _setBusy(self, isBusy: bool) -> None:
        self._ui.exportPlace.visible = self._export is not None
        self._ui.startButton.enabled = not isBusy
        self._onBusy(isBusy)

    def _onLink(self, section):
        self._bench.open(section)


def _timer(parent, intervalMs: int, onTimeout):
    timer = qt.QTimer(parent)
    timer.interval = intervalMs
    timer.connect("timeout()", onTimeout)
    return timer


def _forgotten(_what):
    """Whoever waited for this has gone on."""
