"""One segmentation from the click to the node: copy the CT, let the backend work, bring the result back.

Nothing here waits: voxels are copied in slices of time, files are the work of threads, and the backend is a process.
"""

import threading
from dataclasses import dataclass

import qt
import slicer

from ..BackendCalls import plain
from ..Grids import dimensionsOf, ijkToRasOf
from ..InBackground import InBackground
from ..Jobs import jobOf, startJob, stopJob
from ..NodeMarks import markOf, nodeOf
from ..Panels.JobWatch import JobWatch
from ..VolumeCopy import VolumeCopy
from ..Words import tr as _
from .RunWords import cancelled, progressOf, whyNotDone
from .SegmentFiles import Running, clearAway, fillFolder, folderOf, isDone, newFolder, notWritable, settingsOf
from .SegmentResult import addToScene, readResult

IDLE, COPYING, WORKING, STOPPING, LOADING = "idle", "copying", "working", "stopping", "loading"
LATER_MS = 200


@dataclass(frozen=True)
class Outcome:
    """How a segmentation ended."""

    kind: str
    """done, failed or cancelled."""
    say: str
    """In a sentence."""
    ct: str
    """Mark of its CT."""
    nodeId: str = ""
    """Of the segmentation, if it is done."""


class SegmentRun:
    """Runs one segmentation at a time; calls `whenChanged()` as it goes and `whenEnded(outcome)` once for each.

    Attributes:
        stage: IDLE, COPYING, WORKING, STOPPING or LOADING.
        say: what it does, in a sentence.
        at, of: how far it is; `of` is 0 where that is not known.
        running: what runs (`Running`), None when idle.
    """

    def __init__(self, bench, container, whenChanged, whenEnded):
        self._bench, self._whenChanged, self._whenEnded = bench, whenChanged, whenEnded
        self._copyTimer = qt.QTimer(container)
        self._copyTimer.interval = 0
        self._copyTimer.connect("timeout()", self._copySome)
        self._cleaners: list = []
        self._forgetRun()

    @property
    def isBusy(self) -> bool:
        """Whether a segmentation runs."""
        return self.stage != IDLE

    def isOf(self, scene) -> bool:
        """Whether what runs is of a CT that is in this scene; it goes on then, whatever else came or went."""
        return self.isBusy and nodeOf(scene, self.running.ct) is not None

    def start(self, volumeNode, modelName: str, withSurfaces: bool = True) -> None:
        """Begin; only while idle.

        Raises:
            Refusal: environment, model, volume or folder cannot be used; nothing has begun then.
        """
        environment = plain(self._bench.requireEnvironment())
        model = self._bench.models.read(modelName)
        self._copy = VolumeCopy(volumeNode)
        folder = newFolder()
        self._name = volumeNode.GetName()
        self.running = Running(folder.name, markOf(volumeNode), modelName, withSurfaces)
        self._environment, self._model, self._isGivenUp = environment, model, threading.Event()
        self._show(COPYING, _("Copying {volume}…").format(volume=self._name))
        self._copyTimer.start()

    def attach(self, running: Running) -> None:
        """Go on with what a scene says that it runs; only while idle.

        Raises:
            Refusal: the backend's files are missing.
        """
        self.running = running
        volumeNode = self._volumeNode()
        self._name = volumeNode.GetName() if volumeNode is not None else _("a CT that was removed")
        if isDone(folderOf(running.job)):
            self._load()
        else:
            self._watchJob()

    def keep(self) -> None:
        """Let the scene know what runs: saved now, it would find it again."""
        if self.stage in (WORKING, STOPPING, LOADING) and self._bench.parameters is not None:
            self._bench.parameters.segmentation = self.running.toText()

    def cancel(self) -> None:
        """Stop; what the backend has begun ends within seconds, and `whenEnded` is called then."""
        if self.stage == WORKING:
            stopJob(jobOf(self.running.job))
            self._show(STOPPING, _("Stopping…"))
        elif self.stage in (COPYING, LOADING):
            self._end("cancelled", cancelled(self._name))

    def detach(self) -> None:
        """Let go of the scene. What the backend has begun goes on: a saved scene finds it again."""
        if self.stage == COPYING:
            self._cleanUp(isLogKept=False)
        self._forgetRun()

    def close(self) -> None:
        """The panel goes: as `detach`, and nobody waits for what is still being removed."""
        self.detach()
        for cleaner in self._cleaners:
            cleaner.forget()

    # The steps, in order

    def _copySome(self) -> None:
        if self._copy is None or not self._copy.step():
            return
        self._copyTimer.stop()
        folder, model, copy = folderOf(self.running.job), self._model, self._copy
        self._copy, environment, isGivenUp = None, self._environment, self._isGivenUp

        def work():
            fillFolder(folder, copy.array_zyx, copy.ijkToRas, model)
            if not isGivenUp.is_set():
                startJob(environment, "segment", settingsOf(folder, model.folder), folder.name)
            if isGivenUp.is_set():  # whoever gave it up has cleared away while this was at work
                clearAway(folder.name, isLogKept=False)

        self._work = InBackground(work, self._hasStarted, self._hasNotStarted)

    def _hasStarted(self, nothing) -> None:
        self._watchJob()
        self.keep()

    def _watchJob(self) -> None:
        self._show(WORKING, _("Starting to segment {volume}…").format(volume=self._name))
        self._watch = JobWatch(jobOf(self.running.job), seeView=self._seeView, seeEnd=self._seeEnd)

    def _seeView(self, view) -> None:
        if self.stage == WORKING and self._volumeNode() is None:
            stopJob(jobOf(self.running.job))
            self._show(STOPPING, _("{volume} was removed; stopping…").format(volume=self._name))
        elif self.stage == WORKING and view.of:
            self._show(WORKING, progressOf(view, self._name), view.step or 0, view.of)

    def _seeEnd(self, view) -> None:
        if view is not None and view.state == "done":
            self._load()
        elif view is not None and view.state == "cancelled":
            self._end("cancelled", cancelled(self._name))
        else:
            self._end("failed", whyNotDone(view, self._name))

    def _load(self) -> None:
        volumeNode = self._volumeNode()
        if volumeNode is None or volumeNode.GetImageData() is None:
            sentence = _("{volume} was removed from the scene, so its segmentation was dropped.")
            self._end("failed", sentence.format(volume=self._name))
            return
        folder, withSurfaces = folderOf(self.running.job), self.running.withSurfaces
        ijkToRas, dimensions = ijkToRasOf(volumeNode), dimensionsOf(volumeNode)
        self._show(LOADING, _("Bringing segments and surfaces into the scene…"))
        self._work = InBackground(
            lambda: readResult(folder, ijkToRas, dimensions, withSurfaces), self._addToScene, self._cannotRead
        )

    def _addToScene(self, result) -> None:
        if slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():  # their progress lets timers go on
            running = self.running
            qt.QTimer.singleShot(LATER_MS, lambda: self._addToScene(result) if self.running is running else None)
            return
        volumeNode = self._volumeNode()
        if volumeNode is None or volumeNode.GetImageData() is None:
            self._load()  # says so
            return
        node = addToScene(volumeNode, result)
        self._end("done", _("{volume} was segmented.").format(volume=self._name), node.GetID())

    # Ends

    def _hasNotStarted(self, error) -> None:
        folder = folderOf(self.running.job)
        self._end("failed", notWritable(error, folder) if isinstance(error, OSError) else str(error))

    def _cannotRead(self, error) -> None:
        self._end("failed", str(error))

    def _end(self, kind: str, say: str, nodeId: str = "") -> None:
        outcome = Outcome(kind, say, self.running.ct, nodeId)
        self._cleanUp(isLogKept=kind == "failed")
        if self._bench.parameters is not None:
            self._bench.parameters.segmentation = ""
        self._forgetRun()
        self._whenChanged()
        self._whenEnded(outcome)

    def _cleanUp(self, isLogKept: bool) -> None:
        """Remove the copy of the CT; of a failed job its log is kept, for whoever has to find out why."""
        name = self.running.job
        self._isGivenUp.set()
        self._cleaners = [one for one in self._cleaners if one.isAtWork]
        self._cleaners.append(InBackground(lambda: clearAway(name, isLogKept), _nothing, _nothing))

    def _forgetRun(self) -> None:
        self._copyTimer.stop()
        for part in (getattr(self, "_work", None), getattr(self, "_watch", None)):
            if part is not None:
                part.forget() if isinstance(part, InBackground) else part.close()
        self._work, self._watch, self._copy, self._environment, self._model = (None,) * 5
        self._isGivenUp = threading.Event()
        self.stage, self.say, self.at, self.of, self.running = IDLE, "", 0, 0, None

    def _show(self, stage: str, say: str, at: int = 0, of: int = 0) -> None:
        self.stage, self.say, self.at, self.of = stage, say, at, of
        self._whenChanged()

    def _volumeNode(self):
        return nodeOf(slicer.mrmlScene, self.running.ct)


def _nothing(_result) -> None:
    """Nobody waits for this."""
