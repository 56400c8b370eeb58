"""A plot chart node as a picture: what Slicer's plot view draws, from the real nodes and tables."""

import numpy as np
import vtk

from .viewPictures import drawingPicture


def plotPicture(chartNode, size: tuple[int, int]) -> np.ndarray:
    """The chart with its series, title, axes and legend: uint8 (height, width, 3); white without a chart node."""
    return drawingPicture(chartOf(chartNode), size)


def chartOf(chartNode):
    """The vtkChartXY of a plot chart node; an empty one for None."""
    chart = vtk.vtkChartXY()
    if chartNode is None:
        return chart
    for index in range(chartNode.GetNumberOfPlotSeriesNodes()):
        _addSeries(chart, chartNode.GetNthPlotSeriesNode(index))
    if chartNode.GetTitleVisibility():
        chart.SetTitle(chartNode.GetTitle() or "")
    x, y = chart.GetAxis(vtk.vtkAxis.BOTTOM), chart.GetAxis(vtk.vtkAxis.LEFT)
    _setAxis(x, chartNode.GetXAxisTitle(), chartNode.GetXAxisRangeAuto(), chartNode.GetXAxisRange())
    _setAxis(y, chartNode.GetYAxisTitle(), chartNode.GetYAxisRangeAuto(), chartNode.GetYAxisRange())
    chart.SetShowLegend(bool(chartNode.GetLegendVisibility()))
    return chart


def _addSeries(chart, series):
    """A series whose table or columns are missing is left out, as Slicer does."""
    table = series.GetTableNode() and series.GetTableNode().GetTable()
    y = table and table.GetColumnByName(series.GetYColumnName() or "")
    if not y or not y.GetNumberOfTuples():
        return
    plot = chart.AddPlot(_kindOf(series))
    x = table.GetColumnByName(series.GetXColumnName() or "")
    columns = [table.GetColumnName(index) for index in range(table.GetNumberOfColumns())]
    if x and series.IsXColumnRequired():
        plot.SetInputData(table, columns.index(x.GetName()), columns.index(y.GetName()))
    else:
        plot.SetInputData(table, 0, columns.index(y.GetName()))
        plot.SetUseIndexForXSeries(True)
    plot.SetLabel(series.GetName())
    plot.SetColorF(*series.GetColor())
    plot.SetWidth(series.GetLineWidth())
    if hasattr(plot, "SetMarkerStyle"):
        plot.SetMarkerStyle(series.GetMarkerStyle())
        plot.SetMarkerSize(series.GetMarkerSize())


def _kindOf(series) -> int:
    if series.GetPlotType() in (series.PlotTypeBar, series.PlotTypeScatterBar):
        return vtk.vtkChart.BAR
    return vtk.vtkChart.POINTS if series.GetLineStyle() == series.LineStyleNone else vtk.vtkChart.LINE


def _setAxis(axis, title, isAuto, limits):
    axis.SetTitle(title or "")
    if not isAuto:
        axis.SetBehavior(vtk.vtkAxis.FIXED)
        axis.SetRange(*limits)
