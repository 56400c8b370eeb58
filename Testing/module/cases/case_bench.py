"""A bench with the section Cases alone, and CTs with labels to put on its list."""

from pathlib import Path

import numpy as np
import slicer

MODULE = Path(__file__).parents[3] / "HLFDSegmentation"
SHAPE = (6, 14, 16)
SPACING = np.diag((0.8, 0.8, 3.0, 1.0))


class CaseBench:
    """The section in a window of its own.

    Attributes:
        panel: CasesPanel.
        table: of the cases of the scene, by the panel's room for it.
        opened: sections that were asked for.
    """

    def __init__(self, parameters=None):
        import qt

        from HLFDSegmentationLib.Bench import Bench
        from HLFDSegmentationLib.Cases.CasesPanel import CasesPanel

        self.opened = []
        self.window = qt.QWidget()
        qt.QVBoxLayout(self.window)
        self.bench = Bench(lambda name: str(MODULE / "Resources" / name), self.opened.append)
        self.bench.useParameters(parameters or newParameters())
        self.panel = CasesPanel(self.bench, self.window)
        self.table = self.panel.scene.ui.caseTable
        self.window.show()

    def close(self):
        self.panel.close()
        self.window.close()
        self.window.delete()

    def rows(self) -> list[list[str]]:
        """Texts of the table of cases."""
        return [[self.table.item(row, column).text() for column in range(5)] for row in range(self.table.rowCount)]

    def state(self, row: int = 0) -> str:
        return self.rows()[row][4]

    def said(self) -> list[str]:
        """The sentences about the selected case."""
        lines = self.panel.scene.details._lines
        return [label.text for line, label, _button in lines if line.isVisible()]

    def fixButton(self, index: int = 0):
        return self.panel.scene.details._lines[index][2]

    def choiceOf(self, segment: int):
        """The box that says what a segment of the selected case is."""
        return self.panel.scene.details.ui.meaningsTable.cellWidget(segment, 1)


def newParameters():
    """A parameter node of its own."""
    from HLFDSegmentationLib.ParameterNode import HLFDSegmentationParameterNode

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode", "HLFDSegmentation")
    return HLFDSegmentationParameterNode(node)


def organMask(shape=SHAPE) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[1:5, 3:9, 4:12] = True
    return mask


def tumourMask(shape=SHAPE) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[2:4, 6:11, 6:9] = True
    return mask


def addCt(name: str = "CT", seed: int = 0, ijkToRas=SPACING, shape=SHAPE):
    """A CT in the scene."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    array = np.random.default_rng(seed).integers(-900, 900, shape).astype(np.int16)
    slicer.util.updateVolumeFromArray(node, array)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijkToRas))
    node.CreateDefaultDisplayNodes()
    return node


def addLabels(ct, names=("kidney", "tumour"), name: str = "labels", gridOf=None):
    """A segmentation of a CT with an organ and a tumour, which overlap."""
    from HLFDSegmentationLib.SegmentationNodes import LABELMAP, orientedImageLike

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    node.GetSegmentation().SetSourceRepresentationName(LABELMAP)
    shape = ct.GetImageData().GetDimensions()[::-1]
    for one, mask in zip(names, (organMask(shape), tumourMask(shape)), strict=False):
        segment = slicer.vtkSegment()
        segment.SetName(one)
        segment.SetLabelValue(1)
        segment.AddRepresentation(LABELMAP, orientedImageLike(gridOf or ct, mask.astype(np.uint8)))
        node.GetSegmentation().AddSegment(segment)
    return node
