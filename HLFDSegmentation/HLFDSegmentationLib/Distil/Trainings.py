"""The list of all trainings, and the one of them that is looked at."""

import time

import qt

from ..Bench import PARAMETERS, TRAININGS
from ..Panels.Looks import fitToRows, setCell, setSmallPrint, setUpTable
from ..Words import Refusal
from ..Words import tr as _
from .Distillation import allDistillations
from .DistillationState import stateInWords, stateOf
from .TrainingView import TrainingView

LOOK_MS, LOOKS_BETWEEN_LISTS, ROWS_SHOWN = 1000, 5, 5


class Trainings:
    """Finds what is in the folder of trainings; they go on without Slicer, and so does the list."""

    def __init__(self, bench, container):
        self._bench = bench
        self.ui = bench.build("Trainings", container)
        self.ui.emptyText.text = _("No training yet. What is started above is listed here, and goes on without Slicer.")
        setSmallPrint(self.ui.emptyText)
        setUpTable(self.ui.trainingsTable, (_("Name"), _("State"), _("Dice"), _("Started")))
        self.ui.trainingsTable.wordWrap = False
        self.view = TrainingView(bench, self.ui.viewPlace, self.refresh)
        self._names: list[str] = []
        self._rows: list[tuple] = []
        self._isFilling, self._wasSeen, self._looks = False, False, 0
        self.ui.trainingsTable.connect("itemSelectionChanged()", self._onSelected)
        bench.listen(PARAMETERS, self.refresh)
        bench.listen(TRAININGS, self.refresh)
        self._timer = qt.QTimer(container)
        self._timer.interval = LOOK_MS
        self._timer.connect("timeout()", self._look)
        self._timer.start()
        self.refresh()

    def refresh(self):
        """Find the trainings anew, and show the one that the scene names, or else the newest at work."""
        if self._timer is None:
            return
        try:
            found = [(one, stateOf(one)) for one in allDistillations()]
        except Refusal:  # the backend's files are missing; the section Backend says so
            found = []
        wanted = "" if self._bench.parameters is None else self._bench.parameters.training
        shown = self.view.distillation.name if self.view.distillation else ""
        chosen = _choose(found, wanted, shown)
        self._fill(found, chosen)
        self.ui.emptyText.visible = not found
        self.ui.trainingsTable.visible = self.ui.viewPlace.visible = bool(found)
        self.view.show(chosen)

    def choose(self, name: str) -> None:
        """Look at a training from now on."""
        if self._bench.parameters is not None:
            self._bench.parameters.training = name
        self.refresh()

    def close(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        self.view.close()

    def _fill(self, found, chosen) -> None:
        """Write the rows that are others than before: tool tips and what is selected stay where nothing changed."""
        table, names = self.ui.trainingsTable, [one.name for one, _state in found]
        rows = [_rowOf(one, state) for one, state in found]
        self._isFilling = True
        try:
            if rows != self._rows:
                self._write(rows)
                self._rows, self._names = rows, names
            if chosen is not None and _selectedRow(table) != names.index(chosen.name):
                table.selectRow(names.index(chosen.name))
        finally:
            self._isFilling = False

    def _write(self, rows) -> None:
        table = self.ui.trainingsTable
        table.setRowCount(len(rows))
        for row, values in enumerate(rows):
            if self._rows[row : row + 1] == [values]:
                continue
            name, state, say, dice, day, minute = values
            setCell(table, row, 0, name)
            setCell(table, row, 1, state, toolTip=say)
            setCell(table, row, 2, dice, isNumber=True)
            setCell(table, row, 3, day, toolTip=minute)
        fitToRows(table, ROWS_SHOWN)

    def _onSelected(self):
        row = _selectedRow(self.ui.trainingsTable)
        if not self._isFilling and row is not None:
            self.choose(self._names[row])

    def _look(self):
        """Files are read only for what is seen: the list, or curves in the views."""
        isSeen = self.ui.trainingsTable.visible or self.ui.emptyText.visible
        wasSeen, self._wasSeen = self._wasSeen, isSeen
        self._looks += 1
        if isSeen and (not wasSeen or self._looks % LOOKS_BETWEEN_LISTS == 0):
            self.refresh()
        elif isSeen:
            self.view.look()
        elif self.view.curves.isShown:
            self.view.curves.look()


def _rowOf(one, state) -> tuple:
    """What the list shows of a training: name, state and its sentence, Dice, the day and the minute of its start."""
    dice = (one.report().get("student") or {}).get("tumor_dice")
    started = time.localtime(one.created)
    return (
        one.name,
        stateInWords(state),
        state.say,
        "–" if dice is None else f"{dice:.3f}",
        time.strftime("%Y-%m-%d", started),
        time.strftime("%Y-%m-%d %H:%M", started),
    )


def _selectedRow(table) -> int | None:
    return next((item.row() for item in table.selectedItems()), None)


def _choose(found, wanted: str, shown: str):
    """The training that the scene names, or that is shown already, or the newest at work, or the newest."""
    byName = {one.name: one for one, _state in found}
    active = [one for one, state in found if state.isActive]
    return byName.get(wanted) or byName.get(shown) or next(iter([*active, *byName.values()]), None)
