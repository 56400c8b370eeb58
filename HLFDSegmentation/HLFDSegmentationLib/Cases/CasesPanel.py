"""The section Cases: annotated CTs of the scene or of a dataset folder, and who trains, validates and tests."""

import qt
import slicer

from ..Bench import CASES, PARAMETERS
from ..Panels.Looks import clearMessage, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .CaseChecks import CaseChecks, guessedTask
from .CasePlan import folderPlanSentences, planOfFolder, planOfScene
from .CaseRows import FOLDER, SCENE, CaseList, caseListFromText
from .CaseUsed import usedCases
from .FolderCases import FolderCases
from .SceneCases import SceneCases
from .SegmentMeanings import ORGAN, TASKS, inWords

SOURCES = (SCENE, FOLDER)
LOOK_MS, STEP_MS, PATIENCE_S = 1000, 5, 0.08


class CasesPanel:
    """Keeps the list of cases and shows it through its rooms.

    Attributes:
        cases: the list, `CaseList`.
        checks: what is known of its cases, `CaseChecks`.
    """

    def __init__(self, bench, container):
        self._bench, self._container = bench, container
        self.cases, self.checks, self._text = CaseList(), CaseChecks(), ""
        self.ui = bench.build("CasesPanel", container)
        self._fillChoices()
        self.scene = SceneCases(bench, self, self.ui.sceneBox)
        self.folder = FolderCases(bench, self, self.ui.folderBox)
        self._lookTimer = _timer(container, LOOK_MS, self._look)
        self._stepTimer = _timer(container, STEP_MS, self._step)
        self._connect()
        bench.listen(PARAMETERS, self._onParameters)
        self._onParameters()
        self._lookTimer.start()

    def plan(self):
        """What a training would be made from (`CasePlan`).

        Raises:
            Refusal: there is nothing that could be trained with, or the cases are still being looked at.
        """
        if self.cases.source == FOLDER:
            return planOfFolder(self.cases)
        self.checks.update(self.cases, slicer.mrmlScene)
        self.checks.step(PATIENCE_S)
        if not self.checks.areDone:
            self._stepTimer.start()
            raise Refusal(_("The cases are still being checked; try again in a moment."))
        return planOfScene(self.cases, slicer.mrmlScene, self.checks.of)

    def refresh(self):
        """Show how things are now."""
        if self._bench.parameters is not None:
            self._check()
        self._show()

    def close(self):
        """The module goes: nothing of the panel goes on."""
        for timer in (self._lookTimer, self._stepTimer):
            timer.stop()
        self.folder.close()

    def changed(self):
        """The list was changed by a user: keep it, look at what is new, show it."""
        self._text = self.cases.toText()
        if self._bench.parameters is not None:
            self._bench.parameters.cases = self._text
        self.refresh()
        self._bench.tell(CASES)

    def guessTask(self):
        """Take the organ that the segments speak of, unless one was chosen."""
        if not self.cases.task and self.cases.rows:
            self.cases.task = guessedTask(self.cases, slicer.mrmlScene)

    def say(self, text: str, kind: str = "bad"):
        """Show a sentence below everything; an empty one takes it away."""
        showMessage(self.ui.messageLabel, text, kind)

    def _fillChoices(self):
        self.ui.sourceSelector.addItems([_("The scene"), _("A dataset folder or list")])
        self.ui.taskSelector.addItems([inWords(ORGAN, task) for task in TASKS])
        for label in (self.ui.divisionLabel, self.ui.warningLabel, self.ui.messageLabel):
            clearMessage(label)

    def _connect(self):
        self.ui.sourceSelector.connect("activated(int)", self._onSource)
        self.ui.taskSelector.connect("activated(int)", self._onTask)
        for spin in (self.ui.validationSpin, self.ui.testSpin, self.ui.seedSpin):
            spin.connect("valueChanged(int)", self._onShares)

    def _onParameters(self):
        """Another scene, or none: its list."""
        text = self._bench.parameters.cases if self._bench.parameters is not None else ""
        if text != self._text or self._bench.parameters is None:
            self._text, self.cases, self.checks = text, caseListFromText(text), CaseChecks()
            self.scene.forget()
            self.say("")
        self.refresh()

    def _onSource(self, index):
        self.cases.source = SOURCES[index]
        self.changed()

    def _onTask(self, index):
        self.cases.task = TASKS[index]
        self.changed()

    def _onShares(self):
        self.cases.validation, self.cases.test = self.ui.validationSpin.value / 100, self.ui.testSpin.value / 100
        self.cases.seed = self.ui.seedSpin.value
        self.changed()

    def _look(self):
        """Now and then, while the section is seen: has anything changed in the scene?"""
        if self._bench.parameters is None or not self._container.visible or slicer.mrmlScene.IsClosing():
            return
        if self.checks.update(self.cases, slicer.mrmlScene):
            self._stepTimer.start()
            self._show()

    def _check(self):
        if self.cases.source == SCENE and not slicer.mrmlScene.IsClosing():
            self.checks.update(self.cases, slicer.mrmlScene)
            if not self.checks.areDone:
                self._stepTimer.start()

    def _step(self):
        if slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():
            return
        ended = self.checks.step()
        if self.checks.areDone:
            self._stepTimer.stop()
            self._show()
            self._bench.tell(CASES)
        elif ended:
            self.scene.showProgress()

    def _show(self):
        isScene = self.cases.source == SCENE
        self.ui.sceneBox.visible, self.ui.folderBox.visible = isScene, not isScene
        self.ui.sourceSelector.currentIndex = SOURCES.index(SCENE if isScene else FOLDER)
        self.ui.taskSelector.currentIndex = TASKS.index(self.cases.taskOrKidney)
        (self.scene if isScene else self.folder).show()
        self._showDivision()

    def _showDivision(self):
        shares = {self.ui.validationSpin: self.cases.validation, self.ui.testSpin: self.cases.test}
        values = {**{spin: round(100 * share) for spin, share in shares.items()}, self.ui.seedSpin: self.cases.seed}
        for spin, value in values.items():
            wasBlocked = spin.blockSignals(True)
            spin.value = value
            spin.blockSignals(wasBlocked)
        sentence, warnings, refusal = self._division()
        self.ui.divisionBox.visible = bool(sentence or warnings or refusal)
        showMessage(self.ui.divisionLabel, refusal or sentence, "bad" if refusal else "good")
        showMessage(self.ui.warningLabel, "\n".join(warnings), "warning")

    def _division(self):
        """The division in words, what it lacks, and why there is none."""
        if self.cases.source == FOLDER:
            return folderPlanSentences(self.cases)
        if not self.checks.areDone:
            return _("The cases are being checked."), [], ""
        used = usedCases(self.cases, self.checks.of)
        return used.sentence, used.warnings, used.refusal


def _timer(parent, interval_ms: int, whenDue):
    timer = qt.QTimer(parent)  # goes with the panel
    timer.interval = interval_ms
    timer.connect("timeout()", whenDue)
    return timer
