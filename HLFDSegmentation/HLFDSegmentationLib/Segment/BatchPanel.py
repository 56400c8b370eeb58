"""Several CTs, one after the other: those of the scene, or a folder on disk. A room of the section Segment."""

import qt
import slicer
from slicer.util import VTKObservationMixin

from ..NodeMarks import MARK, markOf, nodeOf
from ..Panels.Looks import clearMessage, fitToRows, setCell, setSmallPrint, setUpTable, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .FolderBatch import FolderBatch
from .SegmentQueue import SegmentQueue

ROWS_SHOWN = 8
SETTLES_MS = 100
"""Scenes add many nodes at once; the list is made anew when they have come."""


class BatchPanel(VTKObservationMixin):
    """The CTs of the scene as a list to choose from, and the queue of those that were chosen."""

    def __init__(self, bench, container, run, modelName, whenLoaded):
        VTKObservationMixin.__init__(self)
        self._bench, self._run, self._modelName = bench, run, modelName
        self.ui = ui = bench.build("BatchPanel", container)
        self._queue, self._ids, self._unchecked = SegmentQueue(), [], set()
        setSmallPrint(ui.noCtLabel)
        self._folder = FolderBatch(bench, ui, modelName, whenLoaded)
        setUpTable(ui.sceneTable, [_("CT"), _("Result")])
        ui.sceneTable.horizontalHeader().setSectionResizeMode(1, qt.QHeaderView.Stretch)
        ui.sceneTable.connect("itemChanged(QTableWidgetItem*)", self._onItem)
        ui.allButton.connect("clicked()", lambda: self._checkAll(True))
        ui.noneButton.connect("clicked()", lambda: self._checkAll(False))
        ui.queueButton.connect("clicked()", self._onQueue)
        self._settling = qt.QTimer(container)
        self._settling.setSingleShot(True)
        self._settling.interval = SETTLES_MS
        self._settling.connect("timeout()", self.fill)
        clearMessage(ui.sceneMessage)
        self.useScene()

    def close(self) -> None:
        """The panel goes."""
        self._settling.stop()
        self.removeObservers()
        self._folder.close()

    def useScene(self) -> None:
        """Another scene, or none: take its queue."""
        self.removeObservers()
        parameters, scene = self._bench.parameters, slicer.mrmlScene
        if parameters is not None and self._run.isBusy and self._run.running.ct in self._queue.said:
            parameters.queue = self._queue.toText()  # it goes on, as its CT does
        else:
            self._queue = SegmentQueue.fromText(parameters.queue if parameters is not None else "")
        clearMessage(self.ui.sceneMessage)
        if parameters is not None:
            self.addObserver(scene, scene.NodeAddedEvent, self._onNodes)
            self.addObserver(scene, scene.NodeRemovedEvent, self._onNodes)
        self.fill()

    def fill(self) -> None:
        """Make the list of the scene's CTs anew."""
        nodes, table = volumesOf(slicer.mrmlScene) if self._bench.parameters is not None else [], self.ui.sceneTable
        for widget in (table, self.ui.allButton, self.ui.noneButton, self.ui.queueButton):
            widget.visible = bool(nodes)
        self.ui.noCtLabel.visible = not nodes
        self._ids = [node.GetID() for node in nodes]
        wasBlocked = table.blockSignals(True)
        try:
            table.setRowCount(len(nodes))
            for row, node in enumerate(nodes):
                setCell(table, row, 0, node.GetName())
                isChecked = node.GetID() not in self._unchecked
                table.item(row, 0).setCheckState(qt.Qt.Checked if isChecked else qt.Qt.Unchecked)
                setCell(table, row, 1, self._queue.said.get(node.GetAttribute(MARK) or "", ""))
            fitToRows(table, ROWS_SHOWN)
        finally:
            table.blockSignals(wasBlocked)
        self.showRun()

    def showRun(self) -> None:
        """Show what may be clicked now."""
        count, ui = len(self._checked()), self.ui
        if self._queue.waiting and not self._run.isBusy:
            ui.queueButton.text = _("Go on with {count}").format(count=len(self._queue.waiting))
        else:
            ui.queueButton.text = _("Segment one CT") if count == 1 else _("Segment {count} CTs").format(count=count)
        isFree = not self._run.isBusy
        ui.queueButton.enabled = isFree and bool(self._modelName()) and bool(count or self._queue.waiting)
        ui.queueButton.toolTip = "" if ui.queueButton.enabled else self._whyNot(count)
        for button in (ui.allButton, ui.noneButton):
            button.enabled = isFree and bool(self._ids)
        self._folder.showReady()

    @property
    def isWaiting(self) -> bool:
        """Whether further CTs are to be segmented."""
        return bool(self._queue.waiting)

    def stopQueue(self) -> None:
        """Let nothing wait any more."""
        if self._queue.waiting:
            self._queue.clear(_("not begun"))
            self._keep()

    def hearEnd(self, outcome) -> None:
        """A segmentation has ended: go on with the next one."""
        if outcome.ct not in self._queue.said:
            return
        words = {"done": _("segmented"), "cancelled": _("cancelled"), "failed": outcome.say}
        self._queue.said[outcome.ct] = words[outcome.kind]
        self._goOn()

    def _onQueue(self) -> None:
        clearMessage(self.ui.sceneMessage)
        try:
            self._bench.requireEnvironment()
            if not self._queue.waiting:
                self._bench.models.read(self._modelName())
                marks = [markOf(node) for node in self._checked()]
                self._queue = SegmentQueue(self._modelName(), marks, {mark: _("waits") for mark in marks})
        except Refusal as error:
            showMessage(self.ui.sceneMessage, str(error), "bad")
            return
        self._goOn()

    def _goOn(self) -> None:
        """Begin with the next CT that can be; the others get their surfaces when Slicer is asked for them."""
        while not self._run.isBusy and (mark := self._queue.next()):
            node = nodeOf(slicer.mrmlScene, mark)
            try:
                if node is None:
                    raise Refusal(_("removed from the scene"))
                self._queue.said[mark] = _("at work")
                self._run.start(node, self._queue.model, withSurfaces=not self._queue.waiting)
            except Refusal as error:
                self._queue.said[mark] = str(error)
        self._keep()

    def _keep(self) -> None:
        if self._bench.parameters is not None:
            self._bench.parameters.queue = self._queue.toText()
        self.fill()

    def _checked(self) -> list:
        nodes = [slicer.mrmlScene.GetNodeByID(nodeId) for nodeId in self._ids if nodeId not in self._unchecked]
        return [node for node in nodes if node is not None]

    def _checkAll(self, isChecked) -> None:
        self._unchecked = set() if isChecked else set(self._ids)
        self.fill()

    def _onItem(self, item) -> None:
        if item.column() == 0 and item.row() < len(self._ids):
            change = self._unchecked.discard if item.checkState() == qt.Qt.Checked else self._unchecked.add
            change(self._ids[item.row()])
            self.showRun()

    def _onNodes(self, caller, event) -> None:
        if not slicer.mrmlScene.IsClosing():
            self._settling.start()

    def _whyNot(self, count: int) -> str:
        if self._run.isBusy:
            return _("A segmentation runs; wait for its end, or cancel it.")
        return _("Choose CTs in the list.") if not count else _("Choose a model above.")


def volumesOf(scene) -> list:
    """Every volume node of a scene that may be a CT."""
    nodes = scene.GetNodesByClass("vtkMRMLScalarVolumeNode")
    nodes = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [one for one in nodes if one.GetClassName() == "vtkMRMLScalarVolumeNode" and not one.GetHideFromEditors()]
