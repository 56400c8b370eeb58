"""Cases of a dataset folder or list: found by the backend in the background, shown, and given a part by hand."""

from pathlib import Path

import qt
import slicer

from ..InBackground import InBackground
from ..Panels.Looks import fitToRows, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .CaseChoices import fillParts, partInWords, selectedRows, setUpCaseTable, writeCell
from .CaseFolder import finderOf, folderDivision

CASE, PATIENT, PART = range(3)
SHOWN_ROWS = 8
BACKEND_LINK = "backend"


class FolderCases:
    """Shows and changes what `desk.cases` has of a folder; the desk is the panel."""

    def __init__(self, bench, desk, container):
        self._bench, self._desk, self._search = bench, desk, None
        self.ui = bench.build("FolderCases", container)
        setUpCaseTable(self.ui.folderTable, [_("Case"), _("Patient"), _("Used for")], (CASE, PATIENT))
        self._parts = fillParts(self.ui.partSelector, canLeaveOut=False)
        self.ui.folderButton.connect("clicked()", self._onFolder)
        self.ui.listButton.connect("clicked()", self._onList)
        self.ui.placeEdit.connect("editingFinished()", self._onPlace)
        self.ui.organValuesEdit.connect("editingFinished()", self._onValues)
        self.ui.tumorValuesEdit.connect("editingFinished()", self._onValues)
        self.ui.findButton.connect("clicked()", self._onFind)
        self.ui.partSelector.connect("activated(int)", self._onPart)
        self.ui.folderTable.connect("itemSelectionChanged()", self._showPart)
        self.ui.foundLabel.connect("linkActivated(QString)", self._bench.open)

    def close(self):
        """Wait for no answer any more."""
        if self._search is not None:
            self._search.forget()
            self._search = None

    def show(self):
        """Show the folder and its cases."""
        cases = self._desk.cases
        fields = {"placeEdit": cases.folder, "organValuesEdit": cases.organValues, "tumorValuesEdit": cases.tumorValues}
        for name, text in fields.items():
            field = getattr(self.ui, name)
            if not field.hasFocus():
                field.text = text
        self.ui.findButton.enabled = bool(cases.folder) and self._search is None
        self._showState()
        self._fillTable()
        for widget in (self.ui.folderTable, self.ui.partTitle, self.ui.partSelector):
            widget.visible = bool(cases.folderRows)
        self._showPart()

    def _showState(self, refusal: str = ""):
        cases, label = self._desk.cases, self.ui.foundLabel
        if self._search is not None:
            showMessage(label, _("Looking through {place}…").format(place=cases.folder), "note")
        elif refusal:
            showMessage(label, refusal, "bad")
        elif not cases.folder:
            showMessage(label, _("Choose a folder in the layout of KiTS19 or LiTS, or a list of cases."), "note")
        elif not cases.folderRows:
            showMessage(label, _("Click Find cases to see what is in it."), "note")
        else:
            showMessage(label, "", "note")

    def _fillTable(self):
        cases, table = self._desk.cases, self.ui.folderTable
        wasBlocked = table.blockSignals(True)
        try:
            parts = folderDivision(cases).parts if cases.folderRows else {}
        except Refusal:
            parts = {}
        try:
            table.setRowCount(len(cases.folderRows))
            for number, row in enumerate(cases.folderRows):
                writeCell(table, number, CASE, row.case)
                writeCell(table, number, PATIENT, row.patient)
                writeCell(table, number, PART, partInWords(row.part or parts.get(row.case, "")))
        finally:
            table.blockSignals(wasBlocked)
        fitToRows(table, SHOWN_ROWS)

    def _showPart(self):
        selected = selectedRows(self.ui.folderTable)
        self.ui.partSelector.enabled = bool(selected)
        if selected:
            self.ui.partSelector.currentIndex = self._parts.index(self._desk.cases.folderRows[selected[0]].part)

    def _onFolder(self):
        place = qt.QFileDialog.getExistingDirectory(
            slicer.util.mainWindow(), _("Dataset folder"), self._desk.cases.folder
        )
        self._take(place)

    def _onList(self):
        place = qt.QFileDialog.getOpenFileName(
            slicer.util.mainWindow(), _("List of cases"), self._desk.cases.folder, _("Lists (*.csv *.json)")
        )
        self._take(place)

    def _onPlace(self):
        self._take(self.ui.placeEdit.text.strip())

    def _take(self, place: str):
        if place and place != self._desk.cases.folder:
            self.close()
            self._desk.cases.folder, self._desk.cases.folderRows = place, []
            self._desk.changed()

    def _onValues(self):
        values = self.ui.organValuesEdit.text.strip(), self.ui.tumorValuesEdit.text.strip()
        if values != (self._desk.cases.organValues, self._desk.cases.tumorValues):
            self._desk.cases.organValues, self._desk.cases.tumorValues = values
            self._desk.changed()

    def _onFind(self):
        try:
            work = finderOf(self._bench.requireEnvironment(), Path(self._desk.cases.folder))
        except Refusal as error:
            showMessage(self.ui.foundLabel, str(error), "bad", BACKEND_LINK, _("Open Backend"))
            return
        place = self._desk.cases.folder
        self._search = InBackground(work, lambda rows: self._onFound(place, rows), self._onFailed)
        self._desk.refresh()

    def _onFound(self, place: str, rows: list):
        self._search = None
        if place != self._desk.cases.folder:
            return
        chosen = {row.case: row.part for row in self._desk.cases.folderRows}
        for row in rows:
            row.part = chosen.get(row.case, row.part)
        self._desk.cases.folderRows = rows
        self._desk.changed()

    def _onFailed(self, error):
        self._search = None
        self._desk.cases.folderRows = []
        self._desk.changed()
        self._showState(str(error))

    def _onPart(self, index):
        for number in selectedRows(self.ui.folderTable):
            self._desk.cases.folderRows[number].part = self._parts[index]
        self._desk.changed()
