"""HLFD Segmentation: kidney and liver tumours in CT, by a compact network that was distilled from a large one."""

import sys
from pathlib import Path

import qt
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
            "<p>Segments kidney and liver tumours in CT, on this computer, with a compact network. Once, install the "
            "backend and import a model, both under Research; no model comes with the module. Then choose a CT and the "
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
        self.bench = None
        self.panels = {}
        self._widget = None
        VTKObservationMixin.__init__(self)
        ScriptedLoadableModuleWidget.__init__(self, parent)  # without a parent, this calls setup()

    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        from HLFDSegmentationLib.Bench import Bench
        from HLFDSegmentationLib.Panels import panelsOf
        from HLFDSegmentationLib.SampleCts import registerSampleCts

        registerSampleCts(Path(self.resourcePath("")).parent)  # for a module that was loaded after Slicer's start
        self.logic = HLFDSegmentationLogic()
        self._widget = slicer.util.loadUI(self.resourcePath("UI/HLFDSegmentation.ui"))
        self._widget.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(self._widget)
        self.ui = slicer.util.childWidgetVariables(self._widget)
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
        """The module is unloaded or loaded anew, or Slicer closes: jobs go on, nothing of ours stays."""
        self.removeObservers()
        if self.bench is not None:
            self.bench.close()
            self.bench, self.panels = None, {}
        if self._widget is not None:
            self._widget.deleteLater()  # a reload would only hide it, and its selectors go on telling closed panels
            self._widget = None

    def onReload(self):
        """For developers: take the library and the backend's files anew as well, not only this file."""
        self.cleanup()
        for name in [one for one in sys.modules if one.split(".")[0] in ("HLFDSegmentationLib", "hlfd")]:
            del sys.modules[name]
        ScriptedLoadableModuleWidget.onReload(self)

    def enter(self):
        if self.bench is None:
            return
        if not self._hasParameterNode():
            self._takeParameterNode()
        for panel in self.panels.values():
            panel.refresh()

    def showSection(self, name):
        """Open a section, and Research if it is one of its sections."""
        if name not in SECTIONS:
            raise ValueError(f"{name}: no such section; there are {', '.join(SECTIONS)}")
        if name != "segment":
            self.ui.researchSection.collapsed = False
        section = getattr(self.ui, f"{name}Section")
        section.collapsed = False
        qt.QTimer.singleShot(0, lambda: self._bringIntoView(section))  # when it has been laid out

    def _bringIntoView(self, section):
        if self._widget is None:
            return
        above = section.parent()
        while above is not None and not above.inherits("QScrollArea"):
            above = above.parent()
        if above is not None:
            above.ensureWidgetVisible(section)

    def _hasParameterNode(self):
        """Whether that of the bench is still in the scene."""
        parameters = self.bench.parameters
        return parameters is not None and parameters.parameterNode.GetScene() is not None

    def _takeParameterNode(self):
        if self.bench is None or slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():
            return
        self.bench.useParameters(self.logic.getParameterNode())
        self.ui.researchSection.collapsed = not self.bench.parameters.isResearchOpen

    def _onResearchCollapsed(self, isCollapsed):
        if self.bench is not None and self.bench.parameters is not None:
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
