"""The choices before an installation: where, with which Python, for which device, from where."""

import os
from pathlib import Path

import ctk
import qt
import slicer

from ..BackendPlace import backendFolder
from ..InBackground import InBackground
from ..Panels.Looks import setSmallPrint
from ..Words import Refusal
from ..Words import tr as _
from .Environment import CHOSEN, OWN, PYTORCH, SLICER, variablesFor
from .Installation import spaceFault
from .InstallationPlans import Wish
from .Needs import buildForHere, builds, wheelsCommand
from .Pythons import findPythons

NETWORK, WHEELS = range(2)


class InstallChoices:
    """The form of the section Backend, and the `Wish` that it says.

    Args:
        ui: the panel's widgets.
        whenChanged: called at every change.
    """

    def __init__(self, ui, whenChanged):
        self._ui, self._whenChanged = ui, whenChanged
        self._kinds, self._builds, self._pythons = (OWN, SLICER, CHOSEN, PYTORCH), builds(), []
        self._search, self._isFound, self._isFilling = None, False, False
        self._isKindChosen = self._isBuildChosen = False
        for text in self._kindTitles():
            ui.kindSelector.addItem(text)
        for build in self._builds:
            ui.buildSelector.addItem(build.title)
        ui.sourceSelector.addItem(_("From the internet"))
        ui.sourceSelector.addItem(_("From downloaded packages (no internet)"))
        ui.wheelsPath.filters = ctk.ctkPathLineEdit.Dirs
        for note in (ui.kindNote, ui.wheelsNote, ui.spaceNote):
            setSmallPrint(note)
        ui.kindSelector.connect("currentIndexChanged(int)", self._onKind)
        ui.buildSelector.connect("currentIndexChanged(int)", self._onBuild)
        ui.pythonSelector.connect("currentIndexChanged(int)", self._onChange)
        ui.sourceSelector.connect("currentIndexChanged(int)", self._onChange)
        ui.wheelsPath.connect("currentPathChanged(QString)", self._onChange)
        ui.browseButton.connect("clicked()", self._browse)
        ui.copyButton.connect("clicked()", self._copy)
        self.show()

    @property
    def isSearching(self) -> bool:
        """Whether Pythons and a GPU are still looked for."""
        return self._search is not None

    def search(self) -> None:
        """Look for Pythons and a GPU, once, beside the window."""
        if self._search is None and not self._isFound:
            variables = variablesFor(OWN)
            self._search = InBackground(
                lambda: (findPythons(variables), buildForHere()), self._found, lambda error: self._found(([], ""))
            )
            self.show()

    def close(self) -> None:
        """Wait for no search any more."""
        if self._search is not None:
            self._search.forget()
            self._search = None

    def wish(self) -> Wish:
        """What is chosen."""
        ui, kind = self._ui, self._kind()
        python = self._pythons[ui.pythonSelector.currentIndex] if self._needsPython() and self._pythons else ""
        isOffline = ui.sourceSelector.currentIndex == WHEELS and kind != CHOSEN
        wheels = str(Path(ui.wheelsPath.currentPath).expanduser()) if isOffline else ""
        return Wish(kind, self._builds[ui.buildSelector.currentIndex], python, wheels)

    def fault(self) -> str:
        """What is still missing, in a sentence; empty if one can install."""
        wish = self.wish()
        if self._needsPython() and not wish.python:
            if self.isSearching:
                return _("Looking for a Python…")
            if wish.kind == CHOSEN:
                return _("Choose the Python of an environment that has the packages.")
            return _("No Python 3.11 to 3.13 was found; choose its file, get one from python.org, or use Slicer's.")
        if wish.wheels == "." or (wish.wheels and not Path(wish.wheels).is_dir()):
            return _("Choose the folder of the downloaded packages (*.whl).")
        return spaceFault(wish)

    def show(self) -> None:
        """Show what belongs to the choice, and hide the rest."""
        ui, kind = self._ui, self._kind()
        makesSomething = kind != CHOSEN
        isOffline = makesSomething and ui.sourceSelector.currentIndex == WHEELS
        for widgets, isShown in (
            ((ui.pythonTitle, ui.pythonSelector, ui.browseButton), self._needsPython()),
            ((ui.buildTitle, ui.buildSelector), kind in (OWN, SLICER) and len(self._builds) > 1),
            ((ui.sourceTitle, ui.sourceSelector, ui.spaceNote), makesSomething),
            ((ui.wheelsTitle, ui.wheelsPath, ui.wheelsBox), isOffline),
        ):
            for widget in widgets:
                widget.visible = isShown
        ui.kindNote.text = self._notes()[kind]
        build = self._builds[ui.buildSelector.currentIndex]
        size = _("Takes about {disk:g} GB of disk while it installs; {load:g} GB are downloaded.")
        if isOffline:
            size = _("Takes about {disk:g} GB of disk while it installs.")
        ui.spaceNote.text = size.format(disk=build.diskGb, load=build.downloadGb)
        if isOffline:
            self._showCommand(build)

    def _kindTitles(self) -> list[str]:
        return [
            _("Its own environment (recommended)"),
            _("Slicer's Python, own packages"),
            _("A Python environment of mine"),
            _("With Slicer's PyTorch extension"),
        ]

    def _notes(self) -> dict[str, str]:
        return {
            OWN: _("A Python environment in your home folder, for the backend alone. Slicer stays as it is."),
            SLICER: _(
                "Where there is no other Python: Slicer's own runs the backend, with packages of a folder in your home "
                "that Slicer itself does not see."
            ),
            CHOSEN: _("Nothing is installed. The Python is checked, and used if it has all that the backend needs."),
            PYTORCH: _(
                "Uses PyTorch and numpy of Slicer, where the PyTorch extension has installed them, and puts only what "
                "is missing into a folder in your home. An update of Slicer ends it."
            ),
        }

    def _showCommand(self, build) -> None:
        ui = self._ui
        ui.wheelsNote.text = _(
            "To make the folder: type this on a computer that has a network, the same system and the same version of "
            "Python, then bring the folder here."
        )
        try:
            ui.commandField.text = wheelsCommand(backendFolder(), build)
        except Refusal as error:
            ui.commandField.text = str(error)
        ui.commandField.setCursorPosition(0)

    def _found(self, found) -> None:
        pythons, build = found
        self._search, self._isFound = None, True
        self._isFilling = True
        for python in pythons:
            self._addPython(python.path, python.title)
        names = [one.name for one in self._builds]
        if build in names and not self._isBuildChosen:
            self._ui.buildSelector.setCurrentIndex(names.index(build))
        if not pythons and not self._isKindChosen and _hasSlicerPython():
            self._ui.kindSelector.setCurrentIndex(self._kinds.index(SLICER))
        self._isFilling = False
        self._onChange()

    def _addPython(self, path: str, title: str) -> None:
        if path not in self._pythons:
            self._pythons.append(path)
            self._ui.pythonSelector.addItem(title)

    def _browse(self) -> None:
        title = _("Python, such as bin/python or python.exe of an environment")
        path = qt.QFileDialog.getOpenFileName(slicer.util.mainWindow(), title)
        if path:
            path = os.path.normpath(path)
            self._addPython(path, path)
            self._ui.pythonSelector.setCurrentIndex(self._pythons.index(path))
            self._onChange()

    def _copy(self) -> None:
        qt.QApplication.clipboard().setText(self._ui.commandField.text)

    def _onKind(self, _index) -> None:
        self._isKindChosen = self._isKindChosen or not self._isFilling
        self._onChange()

    def _onBuild(self, _index) -> None:
        self._isBuildChosen = self._isBuildChosen or not self._isFilling
        self._onChange()

    def _onChange(self) -> None:
        if not self._isFilling:
            self.show()
            self._whenChanged()

    def _kind(self) -> str:
        return self._kinds[self._ui.kindSelector.currentIndex]

    def _needsPython(self) -> bool:
        return self._kind() in (OWN, CHOSEN)


def _hasSlicerPython() -> bool:
    from .Pythons import slicerPython

    try:
        return bool(slicerPython())
    except Refusal:
        return False
