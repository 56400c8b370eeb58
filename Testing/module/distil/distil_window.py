"""The section Distil in a window of its own, and cases of a few voxels to distil from."""

import json
import shutil
from pathlib import Path

import ctk
import numpy as np
import qt
import SimpleITK
import slicer

from Testing.module import clicking

MODULE_FILE = Path(__file__).parents[3] / "HLFDSegmentation" / "HLFDSegmentation.py"
SPLITS = {"training": ["case_0", "case_1"], "validation": ["case_2"], "test": ["case_3"]}
TINY = {"steps": 6, "crop": 32, "batch": 2, "validateEvery": 2, "minutes": 0, "device": "cpu", "threads": 1}


class FewCases:
    """Stands for the section Cases: square kidneys with square tumours, written case by case."""

    summary, warnings, count = "4 cases", [], 4
    organ = task = "kidney"
    total = 4

    def __init__(self, refusal=""):
        self.refusal, self.done, self.folder = refusal, 0, None

    def plan(self):
        from HLFDSegmentationLib.Words import Refusal

        if self.refusal:
            raise Refusal(self.refusal)
        return self

    def beginExport(self, folder):
        self.done, self.folder = 0, folder
        return self

    def step(self):
        self.folder.mkdir(exist_ok=True)
        writeCase(self.folder / f"case_{self.done}", self.done)
        self.done += 1
        (self.folder / "splits.json").write_text(json.dumps(SPLITS))
        return self.done == self.total

    def cancel(self):
        shutil.rmtree(self.folder)

    def prepareSettings(self):
        splits = str(self.folder / "splits.json")
        return {"data": str(self.folder), "task": "kidney", "splits": splits, "pixel_mm": 1.0}


def writeCase(folder, number):
    folder.mkdir()
    labels = np.zeros((4, 32, 32), np.uint8)
    labels[:, 4:28, 4:28], labels[1:3, 8:20, 8 + number : 20 + number] = 1, 2
    hu = np.array([-80, 60, 160])[labels] + np.random.default_rng(number).normal(0, 15, labels.shape)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(hu.astype(np.int16)), folder / "imaging.nii.gz")
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(labels), folder / "segmentation.nii.gz")


class Window:
    """The panel alone, in a window of its own."""

    def __init__(self, desktop, cases):

        from HLFDSegmentationLib.Bench import Bench
        from HLFDSegmentationLib.Distil.DistilPanel import DistilPanel
        from HLFDSegmentationLib.ParameterNode import HLFDSegmentationParameterNode

        node = desktop.scene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "HLFDSegmentation")
        self.opened, self.used = [], []
        self.bench = Bench(lambda name: str(MODULE_FILE.parent / "Resources" / name), self.opened.append)
        self.bench.parameters = HLFDSegmentationParameterNode(node)
        self.bench.panels = {"cases": cases, "segment": self}
        self.section = ctk.ctkCollapsibleButton()
        qt.QVBoxLayout(self.section)
        self.panel = DistilPanel(self.bench, self.section)
        self.section.show()
        slicer.app.processEvents()
        self.choices, self.start = self.panel.choices.ui, self.panel.startUi
        self.list, self.view = self.panel.trainings.ui, self.panel.trainings.view.ui

    until, click, choose = map(staticmethod, (clicking.until, clicking.click, clicking.choose))
    write = staticmethod(clicking.write)

    def useModel(self, name):
        self.used.append(name)

    def chooseTiny(self, **more):
        from HLFDSegmentationLib.Distil.DistilSettings import Choices

        tiny = {"teacherWidths": (2, 2, 3, 3, 4), "studentWidths": (3, 4, 5, 6), "name": "kidney", **TINY, **more}
        self.panel.choices.write(Choices(**tiny))
        self.panel.refresh()

    def close(self):
        self.panel.close()
        self.section.hide()
        self.section.deleteLater()
