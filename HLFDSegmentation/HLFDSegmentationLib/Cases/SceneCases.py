"""The table of cases of the scene: found, added, removed, checked."""

import slicer

from ..Panels.Looks import fitToRows, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .CaseChoices import partInWords, selectedRows, setUpCaseTable, writeCell
from .CaseDetails import CaseDetails
from .CaseFindings import STOP, WARNING
from .CaseFixes import applyFix, harmlessFix
from .CasePairing import findPairs
from .CaseRows import LEFT_OUT, CaseRow, rowOf
from .CaseUsed import caseName, findingsOf, patientsOf, shownCheck, usedCases

CT, LABELS, PATIENT, PART, STATE = range(5)
SHOWN_ROWS = 8


class SceneCases:
    """Shows and changes `desk.cases`; the desk is the panel."""

    def __init__(self, bench, desk, container):
        self._desk, self._found = desk, ""
        self.ui = bench.build("SceneCases", container)
        headings = [_("CT"), _("Labels"), _("Patient"), _("Used for"), _("State")]
        setUpCaseTable(self.ui.caseTable, headings, (CT, LABELS))
        self.details = CaseDetails(bench, desk, self, self.ui.detailsBox)
        self.ui.findButton.connect("clicked()", self._onFind)
        self.ui.addButton.connect("clicked()", self._onAdd)
        self.ui.removeButton.connect("clicked()", self._onRemove)
        self.ui.fixButton.connect("clicked()", self._onFix)
        self.ui.caseTable.connect("itemSelectionChanged()", self._onSelected)

    def selected(self) -> list[int]:
        """Positions of the selected cases."""
        return [one for one in selectedRows(self.ui.caseTable) if one < len(self._desk.cases.rows)]

    def forget(self):
        """Another scene: nothing is selected, nothing was found."""
        self._found = ""
        self.ui.caseTable.clearSelection()

    def show(self):
        """Show the list as it is."""
        rows = self._desk.cases.rows
        empty = _("Load CTs and their segmentations of organ and tumour, made by experts, and click Find in scene.")
        showMessage(self.ui.emptyLabel, "" if rows else empty, "note")
        showMessage(self.ui.foundLabel, self._found, "note")
        self._fillTable()
        self.ui.caseTable.visible = bool(rows)
        self.ui.removeButton.enabled = bool(self.selected())
        self.ui.fixButton.enabled = any(self._nextFix(number) for number in range(len(rows)))
        self.showProgress()
        self.details.show()

    def showProgress(self):
        """Tell how many cases are still to be looked at."""
        count, all_ = self._desk.checks.waiting, len(self._desk.cases.rows)
        text = _("Checking case {number} of {count}…").format(number=all_ - count + 1, count=all_) if count else ""
        showMessage(self.ui.checkingLabel, text, "note")

    def _fillTable(self):
        cases, table = self._desk.cases, self.ui.caseTable
        used, patients = usedCases(cases, self._desk.checks.of), patientsOf(cases, self._desk.checks.of)
        wasBlocked = table.blockSignals(True)
        try:
            table.setRowCount(len(cases.rows))
            for number, row in enumerate(cases.rows):
                part = used.parts.get(caseName(number), "")
                writeCell(table, number, CT, row.ctName or _("none"))
                writeCell(
                    table, number, LABELS, row.labelsName or _("none"), row.found and f"{row.labelsName} ({row.found})"
                )
                writeCell(table, number, PATIENT, patients[number].rpartition("-")[2])
                writeCell(table, number, PART, self._partShown(row, part))
                writeCell(table, number, STATE, *self._stateShown(number))
        finally:
            table.blockSignals(wasBlocked)
        fitToRows(table, SHOWN_ROWS)

    def _partShown(self, row: CaseRow, part: str) -> str:
        if row.part == LEFT_OUT or not part:
            return partInWords(LEFT_OUT) if row.part == LEFT_OUT else ""
        return partInWords(part)

    def _stateShown(self, number: int):
        """Text, tool tip and kind of the state of a case."""
        check = self._desk.checks.of(self._desk.cases.rows[number])
        if check is None:
            return _("Checking"), "", "note"
        worst = shownCheck(check, findingsOf(self._desk.cases, number, self._desk.checks.of)).worst
        if worst is None:
            return _("Ready"), "", "good"
        state = {STOP: (_("Not usable"), "bad"), WARNING: (_("Warning"), "warning")}.get(worst.kind)
        text, kind = state or ((_("Ready") if check.hasTumor else _("No tumour")), "good")
        return text, worst.text, kind

    def _onSelected(self):
        self.ui.removeButton.enabled = bool(self.selected())
        self.details.show()

    def _onFind(self):
        found, cases = findPairs(slicer.mrmlScene), self._desk.cases
        known = {(row.ct, row.labels) for row in cases.rows}
        rows = [rowOf(pair.ct, pair.labels, pair.found) for pair in found.pairs]
        new = [row for row in rows if (row.ct, row.labels) not in known]
        cases.rows += new
        self._found = _foundInWords(len(new), len(rows) - len(new), found)
        self._desk.guessTask()
        self._desk.say("")
        self._desk.changed()

    def _onAdd(self):
        self._desk.cases.rows.append(CaseRow())
        self._desk.changed()
        self.ui.caseTable.selectRow(len(self._desk.cases.rows) - 1)

    def _onRemove(self):
        gone = set(self.selected())
        rows = self._desk.cases.rows
        rows[:] = [row for number, row in enumerate(rows) if number not in gone]
        self.ui.caseTable.clearSelection()
        self._desk.changed()

    def _onFix(self):
        """Each case has its next fix; the looks that follow tell whether there is another."""
        self._desk.say("")
        rows = list(self._desk.cases.rows)
        fixes = [(row, self._nextFix(number)) for number, row in enumerate(rows)]
        for row, finding in fixes:
            try:
                if finding is not None:
                    applyFix(finding, row, self._desk.cases, slicer.mrmlScene)
            except Refusal as error:
                self._desk.say(str(error))
        self._desk.changed()

    def _nextFix(self, number: int):
        check = self._desk.checks.of(self._desk.cases.rows[number])
        if check is None:
            return None
        return harmlessFix(shownCheck(check, findingsOf(self._desk.cases, number, self._desk.checks.of)))


def _foundInWords(new: int, known: int, found) -> str:
    if not (new or known or found.alone or found.byModels):
        return _("The scene has no segmentation or label map of a CT.")
    said = [_("{count} found.").format(count=new) if new else _("Nothing new was found.")]
    if found.alone:
        names = ", ".join(node.GetName() for node in found.alone[:4])
        said.append(_("Whose CT is not clear, so add them by hand: {names}.").format(names=names))
    if found.byModels:
        names = ", ".join(node.GetName() for node in found.byModels[:4])
        said.append(_("Made by a model and left out: {names}.").format(names=names))
    return " ".join(said)
