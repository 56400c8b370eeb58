"""The environment of the backend: whether there is one, how it is, installing it, checking it, removing it."""

import slicer

from ..BackendPlace import backendFolder
from ..Bench import ENVIRONMENT
from ..InBackground import InBackground
from ..Panels.Looks import clearMessage, setSmallPrint, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .Environment import CHOSEN, OWN, readEnvironment, variablesFor
from .Findings import asRichText
from .Installation import Installation, checkAgain, prepare
from .InstallChoices import InstallChoices
from .InstalledFolders import (
    folderOf,
    isInstalling,
    leftovers,
    removeEnvironment,
    removeLeftovers,
    treeBytes,
    wasInterrupted,
)
from .Steps import CANCELLED, DONE
from .StepsWatch import StepsWatch

GB = 1e9


class BackendPanel:
    """The section Backend."""

    def __init__(self, bench, container):
        self._bench, self._container = bench, container
        self.ui = bench.build("BackendPanel", container)
        self._beside, self._isOffering, self._isChanging, self._isClosed = None, False, False, False
        self._findings: list[dict] = []
        self._choices = InstallChoices(self.ui, self._showInstall)
        self._watch = StepsWatch(self.ui, self._ended)
        self._connect()
        clearMessage(self.ui.messageLabel)
        self.ui.findingsLabel.visible = False
        setSmallPrint(self.ui.faultNote)
        bench.listen(ENVIRONMENT, self.refresh)
        self.refresh()

    def refresh(self):
        """Look at the environment again."""
        if self._isBusy() or self._isClosed:
            return
        if missing := _missingFiles():
            self._tellMissing(missing)
            return
        ui, environment = self.ui, readEnvironment()
        fault = environment.fault() if environment is not None else ""
        isGood = environment is not None and not fault
        self._tellState(environment, fault)
        self._tellLeftovers()
        ui.runBox.visible = False
        ui.choicesBox.enabled = True
        self._isOffering = not isGood or self._isChanging
        ui.choicesBox.visible = ui.installButton.visible = self._isOffering
        ui.installedBox.visible = environment is not None
        ui.checkButton.visible = isGood
        ui.findingsLabel.visible = isGood and bool(ui.findingsLabel.text) and not self._isChanging
        ui.changeButton.visible = isGood and not self._isChanging
        self._showInstall()
        self._searchIfSeen()

    def close(self):
        """An installation at work ends with Slicer: what is half made is no environment."""
        self._isClosed = True
        self._choices.close()
        self._watch.close()
        if self._beside is not None:
            self._beside.forget()

    def _connect(self) -> None:
        ui = self.ui
        ui.installButton.connect("clicked()", self._install)
        ui.checkButton.connect("clicked()", self._check)
        ui.changeButton.connect("clicked()", self._change)
        ui.removeButton.connect("clicked()", self._remove)
        ui.messageLabel.connect("linkActivated(QString)", self._tidy)
        ui.findingsLabel.connect("linkActivated(QString)", self._showCommands)
        if self._container.inherits("ctkCollapsibleButton"):
            self._container.connect("contentsCollapsed(bool)", self._searchIfSeen)

    def _searchIfSeen(self) -> None:
        """Pythons and GPUs are looked for only once somebody sees what was found."""
        isOpen = not self._container.inherits("ctkCollapsibleButton") or not self._container.collapsed
        if isOpen and self._isOffering and not self._isBusy():
            self._choices.search()
            self._showInstall()

    def _tellMissing(self, sentence: str) -> None:
        """The extension itself is broken: nothing can be installed or checked."""
        ui = self.ui
        self._isOffering = False
        showMessage(ui.stateLabel, sentence, "bad")
        clearMessage(ui.messageLabel)
        for widget in (ui.runBox, ui.choicesBox, ui.installButton, ui.installedBox, ui.findingsLabel, ui.faultNote):
            widget.visible = False

    def _tellState(self, environment, fault: str) -> None:
        label = self.ui.stateLabel
        label.toolTip = environment.python if environment is not None else ""
        if environment is None:
            sentence = _(
                "Not installed yet. The backend is the program that segments and trains; it is installed once, in a "
                "few minutes, apart from Slicer itself."
            )
            showMessage(label, sentence, "note")
        elif fault:
            showMessage(label, fault, "bad")
        else:
            sentence = _("Ready. Computes on {device} (PyTorch {torch}).")
            device = {"cpu": _("the processor"), "cuda": _("the NVIDIA GPU"), "mps": _("Apple's GPU")}
            told = device.get(environment.device, environment.device or "?")
            showMessage(label, sentence.format(device=told, torch=environment.torch or "?"), "good")

    def _tellLeftovers(self) -> None:
        label = self.ui.messageLabel
        if isInstalling():
            showMessage(label, _("Another Slicer window is installing the backend."), "note")
        elif wasInterrupted():
            sentence = _("The last installation was interrupted. Click Install to start again.")
            showMessage(label, sentence, "warning", "tidy", _("Remove what it left"))
        elif leftovers() and not label.text:
            sentence = _("An earlier environment is still on the disk.")
            showMessage(label, sentence, "note", "tidy", _("Remove it"))

    def _showInstall(self) -> None:
        ui = self.ui
        fault = self._choices.fault()
        ui.installButton.enabled = not fault and not self._isBusy() and not isInstalling()
        isExamining = self._choices.wish().kind == CHOSEN
        ui.installButton.text = _("Check and use") if isExamining else _("Install")
        ui.installButton.toolTip = fault or _("It can take some minutes; Slicer can be used meanwhile")
        ui.faultNote.text = fault
        ui.faultNote.visible = bool(fault) and self._isOffering

    def _change(self) -> None:
        self._isChanging = True
        self.refresh()

    def _install(self) -> None:
        wish, variables = self._choices.wish(), variablesFor(OWN)
        self._begin(_("Preparing…"))
        self._beside = InBackground(
            lambda: prepare(wish, variables),
            lambda python: self._start(lambda: Installation(wish, python)),
            self._failed,
        )

    def _check(self) -> None:
        environment = readEnvironment()
        self._begin(_("Preparing…"))
        self._start(lambda: checkAgain(environment))

    def _start(self, begin) -> None:
        self._beside = None
        try:
            self._watch.watch(begin())
        except (Refusal, OSError) as error:
            self._failed(error)

    def _failed(self, error) -> None:
        self._beside = None
        self._finish(str(error), "bad")
        if not isinstance(error, (Refusal, OSError)):
            raise error

    def _ended(self, steps) -> None:
        if steps.state != DONE:
            self._finish(steps.say, "note" if steps.state == CANCELLED else "bad")
            return
        verdict = steps.outcome
        self._findings = verdict.findings
        self.ui.findingsLabel.text = asRichText(self._findings)
        self._isChanging = False
        self._finish("", "good")  # what is above says it
        if isinstance(steps, Installation):
            self._bench.tell(ENVIRONMENT)

    def _showCommands(self) -> None:
        self.ui.findingsLabel.text = asRichText(self._findings, areCommandsShown=True)

    def _begin(self, sentence: str) -> None:
        ui = self.ui
        clearMessage(ui.messageLabel)
        for widget in (ui.installButton, ui.faultNote, ui.installedBox, ui.findingsLabel):
            widget.visible = False
        ui.choicesBox.enabled = False
        self._watch.announce(sentence)

    def _finish(self, sentence: str, kind: str) -> None:
        showMessage(self.ui.messageLabel, sentence, kind)
        self.refresh()

    def _isBusy(self) -> bool:
        return self._watch.isAtWork or self._beside is not None

    def _remove(self) -> None:
        inUse = folderOf(readEnvironment())
        folders = [inUse] if inUse is not None else leftovers()
        self.ui.findingsLabel.text = ""
        if not folders:
            self._removeBeside(removeEnvironment, _("The backend's Python is not used any more; nothing was deleted."))
            return
        self._begin(_("Measuring…"))
        self._beside = InBackground(lambda: sum(map(treeBytes, folders)), self._askToRemove, self._failed)

    def _askToRemove(self, size: int) -> None:
        self._beside = None
        question = _("Delete the environment of the backend ({size:.1f} GB)? Models and trainings stay.")
        if slicer.util.confirmYesNoDisplay(question.format(size=size / GB)):
            self._removeBeside(removeEnvironment, _("The environment was removed."))
        else:
            self._finish("", "note")

    def _tidy(self) -> None:
        if not self._isBusy():
            self._removeBeside(removeLeftovers, _("What was left is removed."))

    def _removeBeside(self, remove, sentence: str) -> None:
        self._begin(_("Removing…"))
        self._beside = InBackground(remove, lambda _nothing: self._removed(sentence), self._failed)

    def _removed(self, sentence: str) -> None:
        self._beside = None
        self._isChanging = False
        self._finish(sentence, "note")
        self._bench.tell(ENVIRONMENT)


def _missingFiles() -> str:
    """Why the backend's files cannot be used; empty if they are there."""
    try:
        backendFolder()
    except Refusal as error:
        return str(error)
    return ""
