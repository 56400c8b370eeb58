"""One training: how far it is, what it sees, what it says, and what can be done with it."""

import qt
import slicer

from ..BackendCalls import plain
from ..InBackground import InBackground
from ..Jobs import jobOf
from ..Panels.Looks import clearMessage, setBold, setSmallPrint, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .DistillationFolders import bytesIn, stampOf
from .DistillationState import sizeInWords, stateOf
from .LogTail import lastLines
from .TrainingCurves import TrainingCurves
from .TrainingResult import TrainingResult


class TrainingView:
    """Shows one distillation; `onChanged()` is called when the list of them should be looked at again."""

    def __init__(self, bench, container, onChanged):
        self._bench, self._onChanged = bench, onChanged
        self.ui = bench.build("TrainingView", container)
        self.distillation = self.state = None
        self._task = self._logSeen = self._pictureSeen = None
        self.curves = TrainingCurves(self.ui.curvesButton)
        self.result = TrainingResult(bench, self.ui, self.say)
        setBold(self.ui.stageText)
        setSmallPrint(self.ui.previewText)
        self.ui.logText.setFont(qt.QFontDatabase.systemFont(qt.QFontDatabase.FixedFont))
        self.ui.stopButton.connect("clicked()", self._onStop)
        self.ui.resumeButton.connect("clicked()", self._onResume)
        self.ui.removeButton.connect("clicked()", self._onRemove)
        self.ui.logSection.connect("contentsCollapsed(bool)", self._onLogCollapsed)
        clearMessage(self.ui.messageText)

    def show(self, distillation) -> None:
        """Show another distillation, or none."""
        isOther = (distillation and distillation.name) != (self.distillation and self.distillation.name)
        self.distillation = distillation
        if isOther:
            self._logSeen = self._pictureSeen = None
            clearMessage(self.ui.messageText)
            self.curves.follow(distillation)
        self.look()

    def look(self) -> None:
        """See how it is now."""
        if self.distillation is None:
            return
        if not self.distillation.folder.is_dir():  # somebody removed it by hand
            self._onChanged()
            return
        before, self.state = self.state, stateOf(self.distillation)
        self.curves.look()
        ui, state = self.ui, self.state
        ui.stageText.text = state.say
        ui.stageBar.value = round(1000 * state.fraction)
        ui.stageBar.visible = not state.isDone
        isBusy = self._task is not None
        ui.stopButton.visible = state.isActive
        ui.stopButton.enabled = not isBusy and state.state != "stopping"
        ui.resumeButton.visible = state.canResume
        ui.resumeButton.enabled = ui.removeButton.enabled = not isBusy
        ui.removeButton.visible = not state.isActive
        self.result.show(self.distillation, state, self.curves.bestDice())
        self._showPicture()
        self._showLog()
        if before is not None and before.state != state.state:
            self._onChanged()

    def say(self, text: str, kind: str = "bad") -> None:
        """Show a message of this training."""
        showMessage(self.ui.messageText, text, kind)

    def close(self) -> None:
        self.curves.close()
        self.result.close()
        if self._task is not None:
            self._task.forget()

    def _onStop(self):
        self.distillation.stop()
        self.look()

    def _onResume(self):
        clearMessage(self.ui.messageText)
        try:
            environment = plain(self._bench.requireEnvironment())
        except Refusal as refusal:
            self.say(str(refusal))
            return
        distillation = self.distillation
        self._run(lambda: distillation.goOn(environment))

    def _onRemove(self):
        """Measure it first, which takes its time: what is lost is said before."""
        distillation = self.distillation
        self._task = InBackground(
            lambda: bytesIn(distillation.folder), lambda size: self._askRemove(distillation, size), self._onFailed
        )
        self.look()

    def _askRemove(self, distillation, size: int) -> None:
        self._task = None
        sentence = _(
            "Remove {name} with all that it has learnt ({size})? This cannot be undone. Models in the library stay."
        )
        if slicer.util.confirmYesNoDisplay(sentence.format(name=distillation.name, size=sizeInWords(size))):
            self._run(distillation.remove)
        else:
            self.look()

    def _run(self, work) -> None:
        """Do something that takes its time, in a thread; the buttons wait."""
        self._task = InBackground(work, self._onDone, self._onFailed)
        self.look()

    def _onDone(self, _nothing):
        self._task = None
        self._onChanged()
        self.look()

    def _onFailed(self, error):
        self._task = None
        self.say(str(error))
        self.look()

    def _showPicture(self) -> None:
        """The newest picture of a validation; a label's own scaling would blur the captions."""
        label, folder = self.ui.previewPicture, self.distillation.folder
        stamps = {who: stampOf(folder / who / "preview.png") for who in ("student", "teacher")}
        who = next((one for one, stamp in stamps.items() if stamp), "")
        label.visible = self.ui.previewText.visible = bool(who)
        seen = (stamps.get(who), label.width)
        if not who or seen == self._pictureSeen:
            return
        path = folder / who / "preview.png"
        picture = qt.QPixmap(str(path))
        if picture.isNull():
            return
        self._pictureSeen = seen
        width = max(min(label.width, picture.width()), 1)
        label.setPixmap(picture.scaledToWidth(width, qt.Qt.SmoothTransformation))
        name = _("The student") if who == "student" else _("The teacher")
        self.ui.previewText.text = _("{who} at its last validation: CT, expert, network.").format(who=name)

    def _showLog(self) -> None:
        if self.ui.logSection.collapsed:
            return
        path = jobOf(self.state.job).log
        seen = (path, stampOf(path))
        if seen == self._logSeen:
            return
        self._logSeen = seen
        self.ui.logText.setPlainText(lastLines(path))
        bar = self.ui.logText.verticalScrollBar()
        bar.value = bar.maximum

    def _onLogCollapsed(self):
        if self.distillation is not None and self.state is not None:
            self._showLog()
