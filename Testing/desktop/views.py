"""The widgets of the views, as scripts reach them through the layout manager. None of them draws before `picture()`."""

import numpy as np
import slicer

from .plotPicture import plotPicture
from .viewPictures import slicePicture, surfacePicture


class SliceWidget:
    """qMRMLSliceWidget, with its controller and its view in one."""

    __slots__ = ("_logic", "_node")

    def __init__(self, node, application, size):
        self._node, self._logic = node, slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(application)
        self._logic.SetMRMLScene(node.GetScene())
        application.GetSliceLogics().AddItem(self._logic)
        self._logic.SetSliceNode(node)
        self._logic.ResizeSliceNode(*size)

    def close(self):
        self._logic.GetMRMLApplicationLogic().GetSliceLogics().RemoveItem(self._logic)
        self._logic.SetMRMLScene(None)

    def viewNode(self):
        return self._node

    def mrmlSliceNode(self):
        return self._node

    def sliceLogic(self):
        return self._logic

    def sliceController(self):
        return self

    def sliceView(self):
        return self

    def fitSliceToBackground(self):
        self._logic.FitSliceToBackground()

    def setSliceVisible(self, isVisible):
        self._node.SetSliceVisible(isVisible)

    def scheduleRender(self):
        """Nothing is drawn before a picture is asked for."""

    forceRender = scheduleRender

    def picture(self, size) -> np.ndarray:
        return slicePicture(self._logic, size)


class ThreeDWidget:
    """qMRMLThreeDWidget and its view in one."""

    __slots__ = ("_isCameraReset", "_logic", "_node")

    def __init__(self, node, application, size):
        self._node, self._isCameraReset = node, False
        self._logic = slicer.vtkMRMLViewLogic()
        self._logic.SetMRMLApplicationLogic(application)
        self._logic.SetMRMLScene(node.GetScene())
        application.GetViewLogics().AddItem(self._logic)
        self._logic.AddViewNode(node.GetLayoutName())

    def close(self):
        self._logic.GetMRMLApplicationLogic().GetViewLogics().RemoveItem(self._logic)
        self._logic.SetMRMLScene(None)

    def viewNode(self):
        return self._node

    def mrmlViewNode(self):
        return self._node

    def viewLogic(self):
        return self._logic

    def threeDView(self):
        return self

    def threeDController(self):
        return self

    def resetFocalPoint(self):
        self._isCameraReset = True

    def resetCamera(self, *_):
        self._isCameraReset = True

    def scheduleRender(self):
        """Nothing is drawn before a picture is asked for."""

    forceRender = scheduleRender

    def picture(self, size) -> np.ndarray:
        picture = surfacePicture(self._node, size, self._isCameraReset)
        self._isCameraReset = False
        return picture


class PlotWidget:
    """qMRMLPlotWidget and its view in one."""

    __slots__ = ("_node",)

    def __init__(self, node, application, size):
        self._node = node

    def close(self):
        self._node = None

    def viewNode(self):
        return self._node

    def mrmlPlotViewNode(self):
        return self._node

    def plotView(self):
        return self

    def fitToContent(self):
        """Axes fit their series in every picture."""

    def picture(self, size) -> np.ndarray:
        return plotPicture(self._node.GetPlotChartNode(), size)
