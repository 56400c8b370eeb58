"""The library of models: what there is, what each is made from; importing, exporting, removing, using."""

from pathlib import Path

import qt
import slicer

from ..Bench import MODELS
from ..InBackground import InBackground
from ..Panels.Looks import clearMessage, fitToRows, setCell, setUpTable, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .CardWords import cardForPanel
from .ModelLibrary import AlreadyThere

MOST_ROWS = 8
NAME, ORGAN, CASES, DICE = range(4)


class ModelsPanel:
    """The section Models."""

    def __init__(self, bench, container):
        self._bench = bench
        self._ui = bench.build("ModelsPanel", container)
        self._names: list[str] = []
        self._work = None
        ui = self._ui
        headings = (_("Model"), _("Organ"), _("CTs"), _("Dice\n(validation)"))
        setUpTable(ui.modelsTable, headings)
        ui.modelsTable.horizontalHeaderItem(CASES).setToolTip(_("That it learnt from"))
        ui.modelsTable.horizontalHeaderItem(DICE).setToolTip(
            _("Of tumours. Measured on the CTs that also chose the model, so it is optimistic.")
        )
        ui.modelsTable.connect("itemSelectionChanged()", self._onChosen)
        ui.modelsTable.connect("cellDoubleClicked(int,int)", self._useDoubleClicked)
        ui.useButton.connect("clicked()", self._use)
        ui.removeButton.connect("clicked()", self._remove)
        self._menus = [
            _menu(ui.importButton, {_("A folder…"): self._importFolder, _("A .zip file…"): self._importZip}),
            _menu(ui.exportButton, {_("As a folder…"): self._exportFolder, _("As a .zip file…"): self._exportZip}),
        ]
        clearMessage(ui.messageLabel)
        ui.busyBar.visible = False
        bench.listen(MODELS, self.refresh)
        self.refresh()

    def refresh(self):
        """Read the library again."""
        self._fill(self._chosen())

    def close(self):
        """Tell nobody any more how a copy ends; it ends whole or not at all."""
        if self._work is not None:
            self._work.forget()
            self._work = None

    def _fill(self, chosen: str) -> None:
        table = self._ui.modelsTable
        wasBlocked = table.blockSignals(True)
        self._names = self._bench.models.names()
        table.clearSpans()
        table.setRowCount(len(self._names))
        for row, name in enumerate(self._names):
            self._fillRow(row, name)
        row = self._names.index(chosen) if chosen in self._names else 0
        table.clearSelection()
        if self._names:
            table.selectRow(row)
        table.blockSignals(wasBlocked)
        fitToRows(table, MOST_ROWS)
        table.visible = bool(self._names)
        self._ui.emptyLabel.visible = not self._names
        self._showChosen()

    def _fillRow(self, row: int, name: str) -> None:
        table = self._ui.modelsTable
        try:
            model = self._bench.models.read(name)
        except Refusal as error:
            setCell(table, row, NAME, str(error))  # it names the model
            table.setSpan(row, NAME, 1, table.columnCount)
            return
        setCell(table, row, NAME, name, toolTip=model.madeFor)
        setCell(table, row, ORGAN, model.organ)
        setCell(table, row, CASES, _casesOf(model), isNumber=True)
        setCell(table, row, DICE, "–" if model.tumorDice is None else f"{model.tumorDice:.2f}", isNumber=True)

    def _chosen(self) -> str:
        row = self._ui.modelsTable.currentRow()
        return self._names[row] if 0 <= row < len(self._names) else ""

    def _onChosen(self) -> None:
        if self._work is None:  # else the message tells of that
            clearMessage(self._ui.messageLabel)
        self._showChosen()

    def _showChosen(self) -> None:
        ui, name, isFree = self._ui, self._chosen(), self._work is None
        model = self._readOrTell(name) if name else None
        ui.useButton.enabled = ui.exportButton.enabled = model is not None and isFree
        ui.removeButton.enabled = bool(name) and isFree
        ui.importButton.enabled = isFree
        for button in (ui.useButton, ui.exportButton, ui.removeButton):
            button.visible = bool(self._names)
        ui.cardView.visible = model is not None
        ui.cardView.setMarkdown(cardForPanel(model.card) if model is not None else "")

    def _readOrTell(self, name: str):
        try:
            model = self._bench.models.read(name)
        except Refusal as error:
            if self._work is None:
                showMessage(self._ui.messageLabel, str(error), "bad")
            return None
        return model

    def _useDoubleClicked(self, row, column) -> None:
        self._use()

    def _use(self) -> None:
        if self._ui.useButton.enabled:
            clearMessage(self._ui.messageLabel)
            self._bench.useModel(self._chosen())

    def _importFolder(self) -> None:
        self._import(qt.QFileDialog.getExistingDirectory(self._parent(), _("Folder of the model")))

    def _importZip(self) -> None:
        filters = _("Models (*.zip)")
        self._import(qt.QFileDialog.getOpenFileName(self._parent(), _("File of the model"), "", filters))

    def _import(self, place: str) -> None:
        if place:
            models = self._bench.models
            self._begin(
                _("Copying and checking {place}…").format(place=Path(place).name),
                lambda: models.add(Path(place)),
                lambda name: self._imported(name, _("“{name}” is in the library now.").format(name=name)),
            )

    def _imported(self, name: str, sentence: str) -> None:
        self._fill(name)
        showMessage(self._ui.messageLabel, sentence, "good")
        self._bench.tell(MODELS)

    def _exportFolder(self) -> None:
        place = qt.QFileDialog.getExistingDirectory(self._parent(), _("Folder in which the model's own will be made"))
        if place:
            self._export(Path(place) / self._chosen())

    def _exportZip(self) -> None:
        title, proposed = _("File to export to"), f"{self._chosen()}.zip"
        place = qt.QFileDialog.getSaveFileName(self._parent(), title, proposed, _("Models (*.zip)"))
        if place:
            self._export(Path(place if place.lower().endswith(".zip") else f"{place}.zip"))

    def _export(self, target: Path) -> None:
        models, name = self._bench.models, self._chosen()
        done = _("“{name}” was exported to {target}.").format(name=name, target=target)
        self._begin(
            _("Exporting “{name}”…").format(name=name),
            lambda: models.export(name, target),
            lambda _nothing: showMessage(self._ui.messageLabel, done, "good"),
        )

    def _remove(self) -> None:
        name = self._chosen()
        question = _("Delete the model “{name}” from the library? What made it, and copies elsewhere, stay.")
        if not slicer.util.confirmYesNoDisplay(question.format(name=name)):
            return
        models = self._bench.models
        self._begin(
            _("Removing “{name}”…").format(name=name), lambda: models.remove(name), lambda _nothing: self._removed(name)
        )

    def _removed(self, name: str) -> None:
        self._fill("")
        showMessage(self._ui.messageLabel, _("“{name}” was removed.").format(name=name), "note")
        self._bench.tell(MODELS)

    def _begin(self, sentence: str, work, whenDone) -> None:
        showMessage(self._ui.messageLabel, sentence, "note")
        self._ui.busyBar.visible = True
        self._work = InBackground(work, lambda result: self._end(whenDone, result), self._failed)
        self._showChosen()

    def _end(self, tell, result) -> None:
        self._work = None
        self._ui.busyBar.visible = False
        self._showChosen()
        tell(result)

    def _failed(self, error) -> None:
        self._end(self._tellFailure, error)

    def _tellFailure(self, error) -> None:
        if isinstance(error, AlreadyThere):
            self._fill(error.name)
            showMessage(self._ui.messageLabel, str(error), "note")
            return
        showMessage(self._ui.messageLabel, str(error), "bad")
        if not isinstance(error, Refusal):
            raise error

    def _parent(self):
        return slicer.util.mainWindow()


def _menu(button, entries: dict):
    """Give a button a menu; keep what is returned."""
    menu = qt.QMenu(button)
    for text, act in entries.items():
        menu.addAction(text).connect("triggered()", act)
    button.setMenu(menu)
    return menu


def _casesOf(model) -> str:
    return _("{count} synthetic").format(count=model.cases) if model.isSynthetic else str(model.cases)
