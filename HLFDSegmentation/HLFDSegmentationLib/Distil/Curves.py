"""The curves of a training as nodes of the scene: tables, and two charts over them.

They are ours alone: not saved with the scene, for they come again from the training's events.
"""

import numpy as np
import slicer

from ..Words import tr as _

MARK = "HLFDSegmentation.curves"
"""Attribute of every node of ours."""
STEP = "Step"
COLORS = {"teacher": (0.85, 0.45, 0.1), "student": (0.1, 0.45, 0.8)}


class Curves:
    """Makes the nodes when it is first asked to draw, and updates them in place.

    Args:
        scene: that the nodes are in.
        title: name of the training, for the charts.
    """

    def __init__(self, scene, title: str):
        self._scene, self.title = scene, title
        self._ids: dict[tuple[str, str], str] = {}
        self._chartIds: dict[str, str] = {}

    def draw(self, kind: str, who: str, steps, values) -> None:
        """Let a chart show these points.

        Args:
            kind: "loss" or "dice".
            who: "teacher" or "student".
            steps, values: arrays of one length; without points there is no chart of them yet.
        """
        if not len(steps):
            return
        if len(steps) == 1:
            steps, values = np.repeat(steps, 2), np.repeat(values, 2)  # a line of one point is an error to VTK
        table = self._table(kind, who)
        wasModifying = table.StartModify()
        slicer.util.updateTableFromArray(table, [np.asarray(steps), np.asarray(values)], [STEP, self._valueName(kind)])
        table.EndModify(wasModifying)

    def chartId(self, kind: str) -> str:
        """Id of the chart "loss" or "dice", which is made if need be."""
        node = self._scene.GetNodeByID(self._chartIds.get(kind, ""))
        if node is None:
            node = self._new("vtkMRMLPlotChartNode", f"{self.title}: {self._valueName(kind)}")
            node.SetTitle(f"{self.title}: {self._valueName(kind)}")
            node.SetXAxisTitle(_("Step"))
            node.SetYAxisTitle(self._valueName(kind))
            node.SetLegendVisibility(True)
            self._chartIds[kind] = node.GetID()
            if kind == "dice":
                node.SetYAxisRangeAuto(False)
                node.SetYAxisRange(0.0, 1.0)
        return node.GetID()

    def chartIds(self) -> dict[str, str]:
        """ "loss" and "dice" -> id of the chart, of those that have something to show."""
        return dict(self._chartIds)

    def isThere(self) -> bool:
        """Whether the scene still has the charts; one that was closed has not."""
        return all(self._scene.GetNodeByID(nodeId) for nodeId in self._chartIds.values())

    def remove(self) -> None:
        """Take the nodes out of the scene."""
        removeCurves(self._scene)
        self._ids, self._chartIds = {}, {}

    def _table(self, kind: str, who: str):
        table = self._scene.GetNodeByID(self._ids.get((kind, who), ""))
        if table is None:
            name = f"{_('Teacher') if who == 'teacher' else _('Student')}, {self._valueName(kind)}"
            table = self._new("vtkMRMLTableNode", f"{self.title}: {name}")
            table.SetHideFromEditors(True)
            slicer.util.updateTableFromArray(table, [np.zeros(0), np.zeros(0)], [STEP, self._valueName(kind)])
            self._ids[kind, who] = table.GetID()
            self._addSeries(kind, who, table)
        return table

    def _addSeries(self, kind: str, who: str, table) -> None:
        series = self._new("vtkMRMLPlotSeriesNode", _("Teacher") if who == "teacher" else _("Student"))
        series.SetAndObserveTableNodeID(table.GetID())
        series.SetXColumnName(STEP)
        series.SetYColumnName(self._valueName(kind))
        series.SetPlotType(series.PlotTypeScatter)
        series.SetColor(*COLORS[who])
        isSparse = kind == "dice"
        series.SetMarkerStyle(series.MarkerStyleCircle if isSparse else series.MarkerStyleNone)
        self._scene.GetNodeByID(self.chartId(kind)).AddAndObservePlotSeriesNodeID(series.GetID())

    def _new(self, className: str, name: str):
        node = self._scene.AddNewNodeByClass(className, name)
        node.SetSaveWithScene(False)
        node.SetAttribute(MARK, self.title)
        return node

    def _valueName(self, kind: str) -> str:
        return _("Loss") if kind == "loss" else _("Tumour Dice (validation)")


def removeCurves(scene) -> None:
    """Take every node of curves out of a scene, whoever made them."""
    ours = [scene.GetNthNode(number) for number in range(scene.GetNumberOfNodes())]
    for node in ours:
        if node.GetAttribute(MARK):
            scene.RemoveNode(node)
