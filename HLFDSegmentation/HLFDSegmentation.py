"""HLFD Segmentation: kidney and liver tumours in CT, by a compact network that was distilled from a large one."""

from pathlib import Path

import slicer
from slicer.i18n import tr as _
from slicer.i18n import translate
from slicer.ScriptedLoadableModule import (
    ScriptedLoadableModule,
    ScriptedLoadableModuleLogic,
    ScriptedLoadableModuleTest,
    ScriptedLoadableModuleWidget,
)
from slicer.util import VTKObservationMixin

SECTIONS = ("segment", "cases", "distil", "models", "backend")


class HLFDSegmentation(ScriptedLoadableModule):
    """What Slicer shows of the module before it is opened."""

    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        self.parent.title = _("HLFD Segmentation")
        self.parent.categories = [translate("qSlicerAbstractCoreModule", "Segmentation")]
        self.parent.dependencies = []
        self.parent.contributors = ["SlicerHLFD contributors"]
        self.parent.helpText = _(
            "<p>Segments kidney and liver tumours in CT, on this computer, with a compact network. Choose a CT and a "
            "model, and click Segment.</p>"
            "<p>Under Research, annotated CTs become a model of your own: a large network (the teacher) learns from "
            "them, and a compact one (the student) learns from both, by Hierarchical Layer-selective Feedback "
            "Distillation. Trainings go on when Slicer is closed. No data leaves this computer.</p>"
            "<p>Research software. Not a medical device, not for clinical decisions.</p>"
            '<p><a href="https://github.com/SlicerHLFD/SlicerHLFD">Tutorial and documentation</a></p>'
        )
        self.parent.acknowledgementText = _(
            "The method is by Gorade, Mittal, Jha and Bagci, <i>Rethinking intermediate layers design in knowledge "
            'distillation for kidney and liver tumor segmentation</i>, ISBI 2024, <a href="https://arxiv.org/abs/'
            "2311.16700\">arXiv 2311.16700</a>; please cite their paper. The networks are MONAI's."
        )
        slicer.app.connect("startupCompleted()", self._registerSampleData)

    def _registerSampleData(self):
        from HLFDSegmentationLib.SampleCts import registerSampleCts

        registerSampleCts(Path(self.parent.path).parent)


class HLFDSegmentationWidget(ScriptedLoadableModuleWidget, VTKObservationMixin):
    """The window's panel: it makes the sections and follows the scene; each section is a panel of the library."""

    def __init__(self, parent=None):
        ScriptedLoadableModuleWidget.__init__(self, parent)
        VTKObservationMixin.__init__(self)
        self.bench = None
        self.panels = {}
        self._isShown = False

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        from HLFDSegmentationLib.Bench import Bench
        from HLFDSegmentationLib.Panels import panelsOf

        self.logic = HLFDSegmentationLogic()
        widget = slicer.util.loadUI(self.resourcePath("UI/HLFDSegmentation.ui"))
        widget.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
        self.bench = Bench(self.resourcePath, self.showSection)
        self.panels = self.bench.panels
        for name, panel in panelsOf(self.bench, lambda name: getattr(self.ui, f"{name}Section")):
            self.panels[name] = panel
        self.ui.researchSection.connect("contentsCollapsed(bool)", self._onResearchCollapsed)
        scene = slicer.mrmlScene
        self.addObserver(scene, scene.StartCloseEvent, self._onSceneStartClose)
        self.addObserver(scene, scene.EndCloseEvent, self._onSceneChanged)
        self.addObserver(scene, scene.EndImportEvent, self._onSceneChanged)
        self._takeParameterNode()

    def cleanup(self):
        """The module is unloaded, or Slicer closes: jobs go on, nothing of ours stays."""
        self.removeObservers()
        if self.bench is not None:
            for panel in self.panels.values():
                panel.close()
            self.bench.useParameters(None)

    def enter(self):
        self._isShown = True
        self._takeParameterNode()
        for panel in self.panels.values():
            panel.refresh()

    def exit(self):
        self._isShown = False

    def showSection(self, name):
        """Open a section, and Research if it is one of its sections."""
        if name not in SECTIONS:
            raise ValueError(f"{name}: no such section; there are {', '.join(SECTIONS)}")
        if name != "segment":
            self.ui.researchSection.collapsed = False
        section = getattr(self.ui, f"{name}Section")
        section.collapsed = False
        self._bringIntoView(section)

    def _bringIntoView(self, section):
        parent = section.parent()
        while parent is not None and not parent.isWidgetType():
            parent = parent.parent()
        while parent is not None:
            if parent.inherits("QScrollArea"):
                parent.ensureWidgetVisible(section)
                return
            parent = parent.parent()

    def _takeParameterNode(self):
        if slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():
            return
        self.bench.useParameters(self.logic.getParameterNode())
        self.ui.researchSection.collapsed = not self.bench.parameters.isResearchOpen

    def _onResearchCollapsed(self, isCollapsed):
        if self.bench.parameters is not None:
            self.bench.parameters.isResearchOpen = not isCollapsed

    def _onSceneStartClose(self, caller, event):
        self.bench.useParameters(None)

    def _onSceneChanged(self, caller, event):
        self._takeParameterNode()


class HLFDSegmentationLogic(ScriptedLoadableModuleLogic):
    """Gives the state that is saved with the scene; all other logic is in the library."""

    def getParameterNode(self):
        from HLFDSegmentationLib.ParameterNode import HLFDSegmentationParameterNode

        return HLFDSegmentationParameterNode(super().getParameterNode())


class HLFDSegmentationTest(ScriptedLoadableModuleTest):
    """Slicer's own kind of test; what it does is in Testing/Python."""

    def setUp(self):
        slicer.mrmlScene.Clear(0)

    def runTest(self):
        self.setUp()
        from HLFDSegmentationLib.SelfTest import runSelfTest

        runSelfTest(self.delayDisplay)
