"""The whole panel as a user goes through it; to be imported while there is a desktop."""

import slicer

from Testing.module import clicking

STEPS = 40


def rowsOf(table) -> list[list[str]]:
    """Texts of a table."""
    return [[table.item(row, column).text() for column in range(table.columnCount)] for row in range(table.rowCount)]


def unfold(section) -> None:
    """Click the bar of a section that is closed."""
    if section.collapsed:
        clicking.click(section)


def turn(spin, value) -> None:
    """Set a spin box, as typing into it does."""
    assert spin.isVisible(), f"{spin.objectName} is hidden: a user cannot reach it"
    assert spin.enabled, f"{spin.objectName} is disabled"
    assert spin.minimum <= value <= spin.maximum, f"{spin.objectName} takes {spin.minimum} to {spin.maximum}"
    spin.value = value


class WholeWay:
    """The module's window from one section to the next.

    Attributes:
        words: what a user does, the module `clicking`.
        steps: of the distillation that `chooseTiny` chooses.
    """

    words, steps = clicking, STEPS
    rowsOf, turn, unfold = staticmethod(rowsOf), staticmethod(turn), staticmethod(unfold)

    def __init__(self, module):
        self.ui, self.bench, self.panels = module.ui, module.bench, module.panels
        self.cases, self.details = self.panels["cases"].scene.ui, self.panels["cases"].scene.details.ui
        distil = self.panels["distil"]
        self.choices, self.start = distil.choices.ui, distil.startUi
        self.list, self.view = distil.trainings.ui, distil.trainings.view.ui
        self.segment = self.panels["segment"].ui

    def openSection(self, name: str) -> None:
        for one in ("research", name):
            unfold(getattr(self.ui, f"{one}Section"))

    def findCases(self) -> list[list[str]]:
        self.openSection("cases")
        self.words.click(self.cases.findButton)
        self.words.until(lambda: self.panels["cases"].checks.areDone and "Checking" not in str(self.caseRows()))
        return self.caseRows()

    def caseRows(self) -> list[list[str]]:
        return rowsOf(self.cases.caseTable)

    def divide(self, parts) -> None:
        """Say of each case by hand what it is for."""
        for row, part in enumerate(parts):
            self.cases.caseTable.selectRow(row)
            self.words.choose(self.details.partSelector, part)

    def chooseTiny(self, name: str) -> None:
        """Networks of a few weights, and steps that take milliseconds."""
        self.openSection("distil")
        ui, write = self.choices, self.words.write
        write(ui.nameEdit, name)
        self.words.choose(ui.deviceCombo, "Processor")
        turn(ui.minutesSpin, 0)
        turn(ui.stepsSpin, STEPS)
        unfold(ui.advancedSection)
        write(ui.teacherWidthsEdit, "2, 2, 3, 3, 4")
        write(ui.studentWidthsEdit, "3, 4, 5, 6")
        for spin, value in (("crop", 32), ("batch", 2), ("validateEvery", 10), ("threads", 1), ("learningRate", 0.01)):
            turn(getattr(ui, f"{spin}Spin"), value)

    def startDistilling(self) -> None:
        self.words.until(lambda: self.start.startButton.enabled)
        self.words.click(self.start.startButton)
        self.words.until(lambda: self.view.stopButton.isVisible(), 60)

    def drawnLosses(self, who: str) -> tuple[list, list]:
        """Steps and losses in the plot of the teacher or the student."""
        tables = slicer.util.getNodesByClass("vtkMRMLTableNode")
        table = next(one for one in tables if one.GetName().endswith(f": {who}, Loss"))
        return tuple(slicer.util.arrayFromTableColumn(table, column).tolist() for column in ("Step", "Loss"))
