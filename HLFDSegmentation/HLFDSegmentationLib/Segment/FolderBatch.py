"""All CTs of a folder on disk, segmented as one job into a folder of results. A room of "Several CTs"."""

from pathlib import Path

import ctk
import qt

from ..BackendCalls import plain
from ..InBackground import InBackground
from ..Jobs import startJob, stopJob
from ..Panels.JobWatch import JobWatch
from ..Panels.Looks import clearMessage, fitToRows, setCell, setUpTable, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .FolderJobs import COMMAND, FolderJob, latestFolderJob, requireFolder
from .FolderLoading import loadResult
from .FolderResults import rowsOf, stampOf

ROWS_SHOWN = 10


class FolderBatch:
    """Starts and shows the job; finds the one that runs already or ran last, whoever started it.

    `whenLoaded(volumeNode, segmentationNode)` is called when a result has come into the scene.
    """

    def __init__(self, bench, ui, modelName, whenLoaded):
        self._bench, self._ui, self._modelName, self._whenLoaded = bench, ui, modelName, whenLoaded
        self._watch, self._folder, self._results, self._rows = None, None, None, []
        self._stamp, self._proposed, self._starting = None, "", None
        for edit in (ui.ctFolderEdit, ui.resultFolderEdit):
            edit.filters = ctk.ctkPathLineEdit.Dirs
            edit.connect("currentPathChanged(QString)", self._onPath)
        ui.ctFolderEdit.settingKey = "HLFDSegmentation/CtFolder"
        setUpTable(ui.folderTable, [_("CT"), _("Lesions"), _("Longest diameter (mm)")], numbers=(1, 2))
        ui.folderTable.horizontalHeaderItem(2).setToolTip(_("Of the largest lesion, on an axial slice"))
        ui.folderTable.connect("cellDoubleClicked(int,int)", self._onLoad)
        ui.folderButton.connect("clicked()", self._onStart)
        ui.folderCancelButton.connect("clicked()", self._onCancel)
        ui.openFolderButton.connect("clicked()", self._onOpenResults)
        clearMessage(ui.folderMessage)
        self._finding = InBackground(latestFolderJob, self._onFound, lambda error: None)  # the section Backend says why
        self._show()

    def close(self) -> None:
        """The panel goes, the job stays."""
        for part in (self._finding, self._starting):
            if part is not None:
                part.forget()
        if self._watch is not None:
            self._watch.close()

    def showReady(self) -> None:
        """Show whether a start is possible."""
        why = self._whyNot()
        self._ui.folderButton.enabled = not why
        self._ui.folderButton.toolTip = why or _("Segment every CT of the folder, on this computer")

    def _whyNot(self) -> str:
        if self._isBusy:
            return _("A folder is being segmented; wait for its end, or cancel it.")
        if not self._modelName():
            return _("Choose a model above.")
        if not self._ui.ctFolderEdit.currentPath or not self._ui.resultFolderEdit.currentPath:
            return _("Choose the folder of the CTs and one for the results.")
        return ""

    @property
    def _isBusy(self) -> bool:
        return self._watch is not None or self._starting is not None

    def _onPath(self, path) -> None:
        """Propose a folder for the results of these CTs, unless the user has named one."""
        ui = self._ui
        if ui.ctFolderEdit.currentPath and ui.resultFolderEdit.currentPath in ("", self._proposed):
            folder = Path(ui.ctFolderEdit.currentPath)
            if folder.is_dir():
                self._proposed = str(folder.with_name(folder.name + " segmented"))
                ui.resultFolderEdit.currentPath = self._proposed
        self.showReady()

    def _onStart(self) -> None:
        ui = self._ui
        clearMessage(ui.folderMessage)
        try:
            environment = plain(self._bench.requireEnvironment())
            model = self._bench.models.read(self._modelName())
            folder = requireFolder(ui.ctFolderEdit.currentPath)
        except Refusal as error:
            showMessage(ui.folderMessage, str(error), "bad")
            return
        results = Path(ui.resultFolderEdit.currentPath).expanduser().absolute()
        settings = {"folder": str(folder), "model": str(model.folder), "out": str(results)}
        self._finding.forget()
        self._starting = InBackground(
            lambda: FolderJob(startJob(environment, COMMAND, settings), folder, results),
            self._onStarted,
            self._onNotStarted,
        )
        self._show()

    def _onStarted(self, started: FolderJob) -> None:
        self._starting = None
        self._ui.ctFolderEdit.addCurrentPathToHistory()
        self._follow(started)
        self._show()

    def _onNotStarted(self, error) -> None:
        self._starting = None
        showMessage(self._ui.folderMessage, str(error), "bad")
        self._show()

    def _onCancel(self) -> None:
        stopJob(self._watch.job)
        self._ui.folderCancelButton.enabled = False
        self._ui.folderRunLabel.text = _("Stopping…")

    def _onFound(self, found: FolderJob | None) -> None:
        """A job that runs already, as when Slicer was closed in between, or the last one with its results."""
        if found is not None:
            self._follow(found)
            self._show()
            self._watch.look()

    def _follow(self, followed: FolderJob) -> None:
        if self._watch is not None:
            self._watch.close()
        self._folder, self._results, self._stamp = followed.folder, followed.results, None
        self._watch = JobWatch(followed.job, seeView=self._seeView, seeEnd=self._seeEnd)

    def _seeView(self, view) -> None:
        ui = self._ui
        ui.folderProgress.setRange(0, view.of or 0)
        ui.folderProgress.setValue(view.step or 0)
        if ui.folderCancelButton.enabled:
            ui.folderRunLabel.text = (
                _("{at} of {of} CTs done").format(at=view.step or 0, of=view.of) if view.of else _("Starting…")
            )
        self._fill()

    def _seeEnd(self, view) -> None:
        self._watch = None
        self._fill()
        failed = sum(not row.isDone for row in self._rows)
        say, kind = _endOf(view, len(self._rows) - failed, failed)
        showMessage(self._ui.folderMessage, say, kind)
        self._show()

    def _show(self) -> None:
        ui, isBusy = self._ui, self._isBusy
        ui.folderRunBox.visible = isBusy
        ui.folderCancelButton.enabled = self._watch is not None
        ui.folderButton.visible = not isBusy
        if isBusy:
            ui.folderRunLabel.text = _("Starting…")
            ui.folderProgress.setRange(0, 0)
        self._fill()
        self.showReady()

    def _fill(self) -> None:
        ui, stamp = self._ui, stampOf(self._results) if self._results is not None else ""
        if stamp == self._stamp:
            return
        self._stamp = stamp
        ui.openFolderButton.visible = self._results is not None and self._results.is_dir()
        ui.openFolderButton.toolTip = str(self._results or "")
        rows = rowsOf(self._results) if self._results is not None else []
        ui.folderTable.visible = bool(rows)
        self._rows = rows
        ui.folderTable.setRowCount(len(rows))
        for row, one in enumerate(rows):
            setCell(ui.folderTable, row, 0, one.name, toolTip=one.say)
            setCell(ui.folderTable, row, 1, one.lesions if one.isDone else _("failed"), True, one.say)
            setCell(ui.folderTable, row, 2, one.longestMm, True, one.say)
        fitToRows(ui.folderTable, ROWS_SHOWN)

    def _onOpenResults(self) -> None:
        qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(self._results)))

    def _onLoad(self, row, column) -> None:
        try:
            loaded = loadResult(self._folder, self._results, self._rows[row])
        except Refusal as error:
            showMessage(self._ui.folderMessage, str(error), "bad")
            return
        self._whenLoaded(*loaded)


def _endOf(view, done: int, failed: int) -> tuple[str, str]:
    """How a job ended, and the kind of that message; `view` is None where its folder has gone."""
    if view is None:
        return _("The job was removed."), "bad"
    if view.state == "lost":
        sentence = _("Interrupted, as when a computer is switched off. CTs segmented: {done}. Start it again to go on.")
        return sentence.format(done=done), "warning"
    if view.state not in ("done", "cancelled") and not failed:
        return view.say, "bad"
    if failed:
        sentence = _("CTs segmented: {done}. Failed: {failed} (double-click one to see why).")
        return sentence.format(done=done, failed=failed), "warning"
    if view.state == "cancelled":
        return _("Stopped. CTs segmented: {done}. Start it again to go on.").format(done=done), "note"
    return _("CTs segmented: {done}. Double-click one to load it.").format(done=done), "good"
