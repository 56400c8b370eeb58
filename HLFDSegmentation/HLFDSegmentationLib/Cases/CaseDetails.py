"""The selected case: what is wrong with it and how to fix it, its nodes, what it serves, and what its segments mean."""

import qt
import slicer

from ..Panels.Looks import fitToRows, setBold, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .CaseChoices import fillParts, setUpCaseTable, writeCell
from .CaseFindings import HARDEN, NOTE, STOP, WARNING, fixInWords
from .CaseFixes import applyFix
from .CaseRows import nodesByMark, setCt, setLabels
from .CaseUsed import findingsOf, patientsOf
from .SegmentMeanings import MEANINGS, ORGAN, inWords, reasonInWords

KINDS = {STOP: "bad", WARNING: "warning", NOTE: "note"}
NAME, MEANING, REASON = range(3)
SHOWN_SEGMENTS = 6


class CaseDetails:
    """Shows the first of the selected cases; what it serves is chosen for all of them."""

    def __init__(self, bench, desk, table, container):
        self._desk, self._table, self._container = desk, table, container
        self._findings, self._lines, self._names = [], [], []
        self.ui = bench.build("CaseDetails", container)
        self._parts = fillParts(self.ui.partSelector, canLeaveOut=True)
        setBold(self.ui.caseTitle)
        setUpCaseTable(self.ui.meaningsTable, [_("Segment"), _("Is"), _("Because")], (NAME,))
        self.ui.meaningsTable.setSelectionMode(qt.QAbstractItemView.NoSelection)
        for selector in (self.ui.ctSelector, self.ui.labelsSelector):
            selector.setMRMLScene(slicer.mrmlScene)
        # Not currentNodeChanged: that is told of a node that was deleted, too, and its row is to say which it was.
        self.ui.ctSelector.connect("nodeActivated(vtkMRMLNode*)", self._onCt)
        self.ui.labelsSelector.connect("nodeActivated(vtkMRMLNode*)", self._onLabels)
        self.ui.partSelector.connect("activated(int)", self._onPart)
        self.ui.patientEdit.connect("editingFinished()", self._onPatient)
        self.ui.forAllButton.connect("clicked()", self._onForAll)

    def show(self):
        """Show the selected case; nothing if none is."""
        selected, rows = self._table.selected(), self._desk.cases.rows
        self._container.visible = bool(selected)
        if not selected:
            return
        self._showRow(selected, rows[selected[0]])

    def _showRow(self, selected: list, row):
        title = _("Case {number}") if len(selected) == 1 else _("Case {number} and {more} more")
        self.ui.caseTitle.text = title.format(number=selected[0] + 1, more=len(selected) - 1)
        nodes = nodesByMark(slicer.mrmlScene)
        self.ui.ctSelector.setCurrentNode(nodes.get(row.ct))
        self.ui.labelsSelector.setCurrentNode(nodes.get(row.labels))
        self.ui.partSelector.currentIndex = self._parts.index(row.part)
        if not self.ui.patientEdit.hasFocus():
            self.ui.patientEdit.text = row.patient
        pseudonym = patientsOf(self._desk.cases, self._desk.checks.of)[selected[0]]
        self.ui.patientEdit.placeholderText = pseudonym
        self._showFindings(findingsOf(self._desk.cases, selected[0], self._desk.checks.of))
        self._showMeanings(self._desk.checks.of(row))

    def _showFindings(self, findings: list):
        self._findings = findings
        while len(self._lines) < len(findings):
            self._lines.append(self._newLine(len(self._lines)))
        for index, (line, label, button) in enumerate(self._lines):
            line.visible = index < len(findings)
            if index < len(findings):
                finding = findings[index]
                showMessage(label, finding.text, KINDS[finding.kind])
                button.visible = bool(finding.fix)
                button.text = fixInWords(finding.fix) if finding.fix else ""

    def _newLine(self, index: int):
        line, label, button = qt.QWidget(), qt.QLabel(), qt.QPushButton()
        layout = qt.QHBoxLayout(line)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label, 1)
        layout.addWidget(button, 0)
        label.wordWrap = True
        button.objectName = f"fixButton{index}"
        button.connect("clicked()", lambda: self._onFix(index))
        self.ui.findingsBox.layout().addWidget(line)
        return line, label, button

    def _showMeanings(self, check):
        structures = check.structures if check is not None else []
        for widget in (self.ui.meaningsTitle, self.ui.meaningsTable, self.ui.forAllButton):
            widget.visible = bool(structures)
        table, task = self.ui.meaningsTable, self._desk.cases.taskOrKidney
        self._names = [structure.name for structure, _meaning in structures]
        table.setRowCount(len(structures))
        for index, (structure, meaning) in enumerate(structures):
            writeCell(table, index, NAME, structure.name)
            writeCell(table, index, REASON, reasonInWords(meaning.how))
            choice = table.cellWidget(index, MEANING) or self._newChoice(index)
            choice.setItemText(MEANINGS.index(ORGAN), inWords(ORGAN, task))
            choice.currentIndex = MEANINGS.index(meaning.what)
        fitToRows(table, SHOWN_SEGMENTS)

    def _newChoice(self, index: int):
        choice = qt.QComboBox()
        choice.addItems([inWords(what, self._desk.cases.taskOrKidney) for what in MEANINGS])
        choice.connect("activated(int)", lambda chosen: self._onMeaning(self._names[index], MEANINGS[chosen]))
        self.ui.meaningsTable.setCellWidget(index, MEANING, choice)
        return choice

    def _row(self):
        selected = self._table.selected()
        return self._desk.cases.rows[selected[0]] if selected else None

    def _onCt(self):
        row = self._row()
        if row is not None:
            setCt(row, self.ui.ctSelector.currentNode())
            row.found = ""
            self._desk.changed()

    def _onLabels(self):
        row = self._row()
        if row is not None:
            setLabels(row, self.ui.labelsSelector.currentNode())
            row.found = ""
            self._desk.guessTask()
            self._desk.changed()

    def _onPart(self, index):
        for number in self._table.selected():
            self._desk.cases.rows[number].part = self._parts[index]
        self._desk.changed()

    def _onPatient(self):
        row, text = self._row(), self.ui.patientEdit.text.strip()
        if row is not None and row.patient != text:
            row.patient = text
            self._desk.changed()

    def _onMeaning(self, name: str, what: str):
        row = self._row()
        if row is not None:
            row.meanings[name] = what
            self._desk.changed()

    def _onForAll(self):
        check = self._desk.checks.of(self._row())
        for structure, meaning in check.structures if check is not None else []:
            self._desk.cases.meanings[structure.name] = meaning.what
            for row in self._desk.cases.rows:
                row.meanings.pop(structure.name, None)
        self._desk.changed()

    def _onFix(self, index: int):
        row, finding = self._row(), self._findings[index]
        if finding.fix == HARDEN and not slicer.util.confirmYesNoDisplay(
            _("The transform will be applied to the voxels, which cannot be undone. Harden it?")
        ):
            return
        self._desk.say("")
        try:
            applyFix(finding, row, self._desk.cases, slicer.mrmlScene)
        except Refusal as error:
            self._desk.say(str(error))
        self._desk.changed()
