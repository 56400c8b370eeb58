"""The section Segment: a CT, a model, one button; then the result and its lesions."""

import qt
import slicer
import vtk
from slicer.util import VTKObservationMixin

from ..Bench import ENVIRONMENT, MODELS, PARAMETERS
from ..InBackground import InBackground
from ..Lesions import latestSegmentationOf
from ..NodeMarks import nodeOf
from ..Panels.Looks import clearMessage, setBold, setSmallPrint, showMessage
from ..VolumeCopy import requireVoxels
from ..Words import Refusal
from ..Words import tr as _
from .BatchPanel import BatchPanel, volumesOf
from .LesionTable import LesionTable
from .ModelChoice import ModelChoice
from .ResultViews import showInViews
from .Scope import factsOf, scopeWarnings
from .SegmentFiles import Running, sweepLeftovers
from .SegmentRun import STOPPING, SegmentRun

SETTLES_MS = 50
"""A volume that is being read or changed tells of it many times."""
KINDS = {"done": "good", "failed": "bad", "cancelled": "note"}


class SegmentPanel(VTKObservationMixin):
    """Chooses, starts and shows one segmentation; its rooms are the lesions and "Several CTs"."""

    def __init__(self, bench, container):
        VTKObservationMixin.__init__(self)
        self._bench, self._sweeper, self._isTaking = bench, None, False
        self.ui = ui = bench.build("SegmentPanel", container)
        self._lesions = LesionTable(ui.lesionBox, ui.findingsLabel, ui.lesionTable, ui.lesionNote)
        self._models = ModelChoice(bench, ui.modelSelector, ui.madeForLabel, self._onModel)
        self._run = SegmentRun(bench, container, self._showRun, self._onEnd)
        self._batch = BatchPanel(bench, ui.batchSection, self._run, lambda: self._models.name, self._showResult)
        setSmallPrint(ui.madeForLabel)
        ui.volumeSelector.setMRMLScene(slicer.mrmlScene)
        setBold(ui.segmentButton)
        ui.volumeSelector.connect("currentNodeChanged(vtkMRMLNode*)", self._onVolume)
        ui.segmentButton.connect("clicked()", self._onSegment)
        ui.cancelButton.connect("clicked()", self._onCancel)
        ui.readyLabel.connect("linkActivated(QString)", bench.open)
        bench.listen(PARAMETERS, self._onParameters)
        bench.listen(ENVIRONMENT, self.refresh)
        bench.listen(MODELS, self.refresh)
        self._settling = self._timer(container, self._show)
        self._choosing = self._timer(container, self._chooseTheOnly)
        clearMessage(ui.outcomeLabel)
        self._onParameters()

    def refresh(self) -> None:
        """Look again at what may have changed outside: models, environment, the volume."""
        self._models.fill()
        self._show()
        if self._sweeper is None or not self._sweeper.isAtWork:
            self._sweeper = InBackground(sweepLeftovers, lambda nothing: None, lambda error: None)

    def close(self) -> None:
        """The panel goes; what the backend has begun goes on."""
        self.removeObservers()
        self._settling.stop()
        self._choosing.stop()
        self._batch.close()
        self._run.close()
        if self._sweeper is not None:
            self._sweeper.forget()

    def useModel(self, name: str) -> None:
        """Choose a model, which may have come a moment ago."""
        self._models.fill()
        self._models.choose(name)

    # What the user or the scene does

    def _onParameters(self) -> None:
        parameters, scene = self._bench.parameters, slicer.mrmlScene
        if parameters is None or not self._run.isOf(scene):
            self._run.detach()
        self.removeObservers()
        clearMessage(self.ui.outcomeLabel)
        if parameters is None:
            self._lesions.show(None)
            self._batch.useScene()
            return
        self.addObserver(scene, scene.NodeAddedEvent, self._onNodeAdded)
        self._isTaking = True
        if parameters.volume is not None:
            self.ui.volumeSelector.setCurrentNode(parameters.volume)
        self._isTaking = False
        self._models.fill()
        self._onVolume(self.ui.volumeSelector.currentNode())
        self._chooseTheOnly()
        self._goOnWith(parameters)
        self._batch.useScene()

    def _goOnWith(self, parameters) -> None:
        """What runs goes on; if nothing does, what the scene says that it runs."""
        if self._run.isBusy:
            self._run.keep()
        elif running := Running.fromText(parameters.segmentation):
            try:
                self._run.attach(running)
            except Refusal as error:
                self._run.detach()
                showMessage(self.ui.outcomeLabel, str(error), "bad")

    def _onVolume(self, volumeNode) -> None:
        if self._isTaking or slicer.mrmlScene.IsImporting():  # a scene that is read brings its own choice
            return
        if self._bench.parameters is not None:
            self._bench.parameters.volume = volumeNode
        self.removeObservers(self._onVoxels)
        if volumeNode is not None:  # a reader may add the node first and its voxels and its place later
            self.addObserver(volumeNode, vtk.vtkCommand.ModifiedEvent, self._onVoxels)
            self.addObserver(volumeNode, slicer.vtkMRMLVolumeNode.ImageDataModifiedEvent, self._onVoxels)
        if not self._run.isBusy:
            clearMessage(self.ui.outcomeLabel)
        self._lesions.show(latestSegmentationOf(volumeNode))
        self._show()

    def _onNodeAdded(self, caller, event) -> None:
        if not slicer.mrmlScene.IsImporting():
            self._choosing.start()

    def _chooseTheOnly(self) -> None:
        """Of several volumes the user chooses; the only one needs no click."""
        volumes = volumesOf(slicer.mrmlScene) if self._bench.parameters is not None else []
        if len(volumes) == 1 and self.ui.volumeSelector.currentNode() is None:
            self.ui.volumeSelector.setCurrentNode(volumes[0])
        self._show()

    def _onVoxels(self, caller, event) -> None:
        self._settling.start()

    def _onModel(self) -> None:
        self._show()

    def _onSegment(self) -> None:
        clearMessage(self.ui.outcomeLabel)
        try:
            self._run.start(self.ui.volumeSelector.currentNode(), self._models.name)
        except Refusal as error:
            showMessage(self.ui.outcomeLabel, str(error), "bad")
            self._show()

    def _onCancel(self) -> None:
        self._batch.stopQueue()
        self._run.cancel()

    def _onEnd(self, outcome) -> None:
        if outcome.kind == "done":
            self._showResult(nodeOf(slicer.mrmlScene, outcome.ct), slicer.mrmlScene.GetNodeByID(outcome.nodeId))
        showMessage(self.ui.outcomeLabel, outcome.say, KINDS[outcome.kind])
        self._batch.hearEnd(outcome)

    def _showResult(self, volumeNode, segmentationNode) -> None:
        """The last of several is shown; over another CT, the segments of one would only mislead."""
        if self._batch.isWaiting:
            segmentationNode.GetDisplayNode().SetVisibility(False)
            return
        showInViews(volumeNode, segmentationNode)
        self.ui.volumeSelector.setCurrentNode(volumeNode)
        self._lesions.show(segmentationNode)

    # What is shown

    def _show(self) -> None:
        self._showScope()
        say, section, linkText = self._whyNot()
        showMessage(self.ui.readyLabel, say, "note", section, linkText)
        self.ui.segmentButton.enabled = not say and not self._run.isBusy
        self.ui.segmentButton.toolTip = say or _("Segment this CT with this model, on this computer")
        self._showRun()

    def _showRun(self) -> None:
        run, ui = self._run, self.ui
        ui.runBox.visible = run.isBusy
        ui.segmentButton.visible = not run.isBusy
        ui.runLabel.text = run.say
        ui.progressBar.setRange(0, run.of)
        ui.progressBar.setValue(run.at)
        ui.cancelButton.enabled = run.isBusy and run.stage != STOPPING
        if run.isBusy:
            clearMessage(ui.outcomeLabel)
        else:
            ui.segmentButton.enabled = not ui.readyLabel.text
        self._batch.showRun()

    def _showScope(self) -> None:
        volumeNode, model = self.ui.volumeSelector.currentNode(), self._models.model
        warnings = []
        if volumeNode is not None and model is not None and not self._voxelFault(volumeNode):
            warnings = scopeWarnings(factsOf(volumeNode), model)
        bullet = "• " if len(warnings) > 1 else ""
        showMessage(self.ui.scopeLabel, "\n".join(bullet + one for one in warnings), "warning")

    def _whyNot(self) -> tuple[str, str, str]:
        """Why nothing can be segmented, the section that helps, and the words that lead there; empty if it can."""
        try:
            self._bench.requireEnvironment()
        except Refusal as error:
            return str(error), "backend", _("Open Backend")
        if say := self._models.whyNot():
            return say, "models", _("Import a model…")
        volumeNode = self.ui.volumeSelector.currentNode()
        if volumeNode is None and volumesOf(slicer.mrmlScene):
            return _("Choose the CT that is to be segmented."), "", ""
        if volumeNode is None:
            return _("Load a CT (File > Add Data, or the module DICOM)."), "", ""
        return self._voxelFault(volumeNode), "", ""

    @staticmethod
    def _timer(container, onTimeout):
        timer = qt.QTimer(container)
        timer.setSingleShot(True)
        timer.interval = SETTLES_MS
        timer.connect("timeout()", onTimeout)
        return timer

    def _voxelFault(self, volumeNode) -> str:
        try:
            requireVoxels(volumeNode)
        except Refusal as error:
            return str(error)
        return ""
