"""Slicer's layout manager: the real layout logic, view nodes and slice logics, with views that draw only when asked."""

from xml.etree import ElementTree

import slicer

from .views import PlotWidget, SliceWidget, ThreeDWidget

VIEW_SIZE = (400, 400)
"""Pixels of a slice view before a picture is taken; fields of view depend on it."""


class LayoutManager:
    """Slicer opens with three slice views and a 3D view (four-up)."""

    __slots__ = ("_application", "_logic", "_scene", "_widgets")

    def __init__(self, scene, application):
        self._scene, self._application, self._widgets = scene, application, {}
        self._logic = slicer.vtkMRMLLayoutLogic()
        self._logic.SetMRMLApplicationLogic(application)
        self._logic.SetMRMLScene(scene)
        self.setLayout(slicer.vtkMRMLLayoutNode.SlicerLayoutFourUpView)

    def close(self):
        for widget in self._widgets.values():
            widget.close()
        self._widgets.clear()
        self._logic.SetMRMLScene(None)

    @property
    def layout(self) -> int:
        return self._logic.GetLayoutNode().GetViewArrangement()

    @layout.setter
    def layout(self, layout):
        self.setLayout(layout)

    def setLayout(self, layout: int) -> None:
        self._logic.GetLayoutNode().SetViewArrangement(layout)
        self._shown()

    def layoutLogic(self):
        return self._logic

    def mrmlScene(self):
        return self._scene

    def sliceViewNames(self) -> tuple:
        return tuple(node.GetLayoutName() for node in self._nodes("vtkMRMLSliceNode"))

    def sliceWidget(self, name: str):
        """The widget of a slice view, or None: also of one that an earlier layout showed."""
        return next((one for one in self._all(SliceWidget) if one.mrmlSliceNode().GetLayoutName() == name), None)

    def mrmlSliceLogics(self):
        return self._application.GetSliceLogics()

    @property
    def threeDViewCount(self) -> int:
        return len(self._shown(ThreeDWidget))

    def threeDWidget(self, index: int):
        return _at(self._shown(ThreeDWidget), index)

    @property
    def plotViewCount(self) -> int:
        return len(self._shown(PlotWidget))

    def plotWidget(self, index: int):
        return _at(self._shown(PlotWidget), index)

    def resetSliceViews(self) -> None:
        self._application.FitSliceToBackground(False)

    def resetThreeDViews(self) -> None:
        for widget in self._shown(ThreeDWidget):
            widget.threeDView().resetFocalPoint()

    def rows(self) -> list:
        """The widgets of the current layout as they stand in the window: a list of rows, each a list of widgets."""
        node = self._logic.GetLayoutNode()
        description = ElementTree.fromstring(node.GetLayoutDescription(self.layout))
        isRows = description.get("type") == "vertical"
        parts = [item for item in description.findall("item")] if isRows else [description]
        return [self._widgetsIn(part) for part in parts]

    def _widgetsIn(self, element) -> list:
        self._shown()
        tags = [view.get("singletontag") for view in element.iter("view")]
        return [one for tag in tags for one in self._widgets.values() if one.viewNode().GetLayoutName() == tag]

    def _nodes(self, className):
        collection = self._logic.GetViewNodes()
        nodes = [collection.GetItemAsObject(index) for index in range(collection.GetNumberOfItems())]
        return [node for node in nodes if node.IsA(className)]

    def _shown(self, kind=None) -> list:
        """Widgets of the views in the current layout, made for those that are new."""
        kinds = {"vtkMRMLSliceNode": SliceWidget, "vtkMRMLViewNode": ThreeDWidget, "vtkMRMLPlotViewNode": PlotWidget}
        shown = []
        for className, widgetKind in kinds.items():
            for node in self._nodes(className):
                if node.GetID() not in self._widgets:
                    self._widgets[node.GetID()] = widgetKind(node, self._application, VIEW_SIZE)
                shown.append(self._widgets[node.GetID()])
        return [one for one in shown if kind is None or type(one) is kind]

    def _all(self, kind):
        self._shown()
        return [one for one in self._widgets.values() if type(one) is kind]


def _at(widgets, index):
    return widgets[index] if 0 <= index < len(widgets) else None
