"""The list of all trainings, and the one of them that is looked at."""

import time

import qt

from ..Bench import PARAMETERS, TRAININGS
from ..Panels.Looks import fitToRows, setCell, setSmallPrint, setUpTable
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
        self._isFilling, self._looks = False, 0
        self.ui.trainingsTable.connect("itemSelectionChanged()", self._onSelected)
        bench.listen(PARAMETERS, self.refresh)
        bench.listen(TRAININGS, self.refresh)
        self._timer = qt.QTimer()
        self._timer.interval = LOOK_MS
        self._timer.connect("timeout()", self._look)
        self._timer.start()
        self.refresh()

    def refresh(self):
        """Find the trainings anew, and show the one that the scene names, or else the newest at work."""
        if self._timer is None:
            return
        found = [(one, stateOf(one)) for one in allDistillations()]
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
        table = self.ui.trainingsTable
        self._isFilling, self._names = True, [one.name for one, _state in found]
        table.setRowCount(len(found))
        for row, (one, state) in enumerate(found):
            dice = (one.report().get("student") or {}).get("tumor_dice")
            started = time.strftime("%Y-%m-%d", time.localtime(one.created))
            setCell(table, row, 0, one.name)
            setCell(table, row, 1, stateInWords(state), toolTip=state.say)
            setCell(table, row, 2, "–" if dice is None else f"{dice:.3f}", isNumber=True)
            setCell(table, row, 3, started, toolTip=time.strftime("%Y-%m-%d %H:%M", time.localtime(one.created)))
        if chosen is not None:
            table.selectRow(self._names.index(chosen.name))
        fitToRows(table, ROWS_SHOWN)
        self._isFilling = False

    def _onSelected(self):
        rows = self.ui.trainingsTable.selectionModel().selectedRows()
        if not self._isFilling and rows:
            self.choose(self._names[rows[0].row()])

    def _look(self):
        self._looks += 1
        if self._looks % LOOKS_BETWEEN_LISTS == 0:
            self.refresh()
        else:
            self.view.look()


def _choose(found, wanted: str, shown: str):
    """The training that the scene names, or that is shown already, or the newest at work, or the newest."""
    byName = {one.name: one for one, _state in found}
    active = [one for one, state in found if state.isActive]
    return byName.get(wanted) or byName.get(shown) or next(iter([*active, *byName.values()]), None)
