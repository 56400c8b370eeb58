"""All CTs of a folder on disk, segmented as one job into a folder of results. A room of "Several CTs"."""

import json
from pathlib import Path

import ctk
import qt
import slicer

from ..BackendPlace import jobsFolder, useBackend
from ..Jobs import startJob, stopJob, viewOf
from ..Lesions import keepReport
from ..Panels.JobWatch import JobWatch
from ..Panels.Looks import clearMessage, fitToRows, setCell, setUpTable, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .FolderResults import ctOf, reportOf, resultOf, rowsOf

COMMAND = "segment-folder"
ROWS_SHOWN = 10


class FolderBatch:
    """Starts and shows the job; finds one that runs already, whoever started it."""

    def __init__(self, bench, ui, modelName):
        self._bench, self._ui, self._modelName = bench, ui, modelName
        self._watch, self._folder, self._results, self._rows = None, None, None, []
        for edit, key in ((ui.ctFolderEdit, "CtFolder"), (ui.resultFolderEdit, "ResultFolder")):
            edit.filters = ctk.ctkPathLineEdit.Dirs
            edit.settingKey = f"HLFDSegmentation/{key}"
            edit.connect("currentPathChanged(QString)", self._onPath)
        setUpTable(ui.folderTable, [_("CT"), _("Lesions"), _("mm across")], numbers=(1, 2))
        ui.folderTable.connect("cellDoubleClicked(int,int)", self._onLoad)
        ui.folderButton.connect("clicked()", self._onStart)
        ui.folderCancelButton.connect("clicked()", self._onCancel)
        ui.openFolderButton.connect("clicked()", self._onOpenResults)
        clearMessage(ui.folderMessage)
        self._find()
        self._show()

    def close(self) -> None:
        """The panel goes, the job stays."""
        if self._watch is not None:
            self._watch.close()

    def showReady(self) -> None:
        """Show whether a start is possible."""
        why = self._whyNot()
        self._ui.folderButton.enabled = not why
        self._ui.folderButton.toolTip = why or _("Segment every CT of the folder, on this computer")

    def _whyNot(self) -> str:
        if self._watch is not None:
            return _("A folder is being segmented; wait for its end, or cancel it.")
        if not self._modelName():
            return _("Choose a model above.")
        if not self._ui.ctFolderEdit.currentPath or not self._ui.resultFolderEdit.currentPath:
            return _("Choose the folder of the CTs and one for the results.")
        return ""

    def _onPath(self, path) -> None:
        ui = self._ui
        if ui.ctFolderEdit.currentPath and not ui.resultFolderEdit.currentPath:
            folder = Path(ui.ctFolderEdit.currentPath)
            if folder.is_dir():
                ui.resultFolderEdit.currentPath = str(folder.with_name(folder.name + " segmented"))
        self.showReady()

    def _onStart(self) -> None:
        ui = self._ui
        clearMessage(ui.folderMessage)
        try:
            environment = self._bench.requireEnvironment()
            model = self._bench.models.read(self._modelName())
            folder, results = (
                Path(edit.currentPath).expanduser().absolute() for edit in (ui.ctFolderEdit, ui.resultFolderEdit)
            )
            if not folder.is_dir():
                raise Refusal(_("{folder} is no folder; choose the one with the CTs.").format(folder=folder))
            settings = {"folder": str(folder), "model": str(model.folder), "out": str(results)}
            self._follow(startJob(environment, COMMAND, settings), folder, results)
        except Refusal as error:
            showMessage(ui.folderMessage, str(error), "bad")
        self._show()

    def _onCancel(self) -> None:
        stopJob(self._watch.job)
        self._ui.folderCancelButton.enabled = False
        self._ui.folderRunLabel.text = _("Stopping…")

    def _find(self) -> None:
        """A job that runs already, as when Slicer was closed in between."""
        useBackend()
        from hlfd.errors import InputError
        from hlfd.jobs.folder import all_jobs

        for job in all_jobs(jobsFolder()):
            try:
                request = job.request()
            except InputError:
                continue
            view = viewOf(job) if request.get("command") == COMMAND else None
            if view is not None and view.is_active:
                settings = request["settings"]
                where = Path(request["where"])
                self._follow(job, where / settings["folder"], where / settings["out"])
                return

    def _follow(self, job, folder: Path, results: Path) -> None:
        if self._watch is not None:
            self._watch.close()
        self._folder, self._results = folder, results
        self._watch = JobWatch(job, seeView=self._seeView, seeEnd=self._seeEnd)

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
        done = len(self._rows) - failed
        if view is None or (view.state not in ("done", "cancelled") and not failed):
            showMessage(self._ui.folderMessage, view.say if view is not None else _("The job was removed."), "bad")
        elif failed:
            sentence = _("{done} CTs were segmented, {failed} could not be: double-click those to see why.")
            showMessage(self._ui.folderMessage, sentence.format(done=done, failed=failed), "warning")
        elif view.state == "cancelled":
            sentence = _("Stopped after {done} CTs; the same button goes on from there.")
            showMessage(self._ui.folderMessage, sentence.format(done=done), "note")
        else:
            sentence = _("{done} CTs were segmented. Double-click one to load it.")
            showMessage(self._ui.folderMessage, sentence.format(done=done), "good")
        self._show()

    def _show(self) -> None:
        ui, isBusy = self._ui, self._watch is not None
        ui.folderRunBox.visible = isBusy
        ui.folderCancelButton.enabled = isBusy
        ui.folderButton.visible = not isBusy
        if isBusy:
            ui.folderRunLabel.text = _("Starting…")
            ui.folderProgress.setRange(0, 0)
        self._fill()
        self.showReady()

    def _fill(self) -> None:
        ui, rows = self._ui, rowsOf(self._results) if self._results is not None else []
        ui.openFolderButton.visible = self._results is not None and self._results.is_dir()
        ui.folderTable.visible = bool(rows)
        if rows == self._rows:
            return
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
            _load(self._folder, self._results, self._rows[row])
        except Refusal as error:
            showMessage(self._ui.folderMessage, str(error), "bad")


def _load(folder: Path, results: Path, row) -> None:
    """Load a CT and its segmentation; Slicer reads them as it reads any file."""
    if not row.isDone:
        raise Refusal(_("{name}: {reason}").format(name=row.name, reason=row.say))
    ct, result = ctOf(folder, row.name), resultOf(results, row.name)
    for path, what in ((ct, _("CT")), (result, _("result"))):
        if path is None or not path.is_file():
            sentence = _("The {what} of {name} is not there any more; segment the folder again.")
            raise Refusal(sentence.format(what=what, name=row.name))
    try:
        volumeNode = slicer.util.loadVolume(str(ct), {"name": row.name})
        segmentationNode = slicer.util.loadSegmentation(str(result))
    except RuntimeError:
        raise Refusal(_("{name} could not be loaded; Slicer's log says why.").format(name=row.name)) from None
    segmentationNode.SetName(_("{volume} segmentation").format(volume=row.name))
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    keepReport(segmentationNode, json.loads(reportOf(results, row.name).read_text(encoding="utf-8")))
    slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
