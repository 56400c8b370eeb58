"""The subject hierarchy as Slicer fills it: an item for each node that users work with, made as the node comes."""

import slicer
import vtk

SHOWN = (
    "vtkMRMLDisplayableNode",
    "vtkMRMLTableNode",
    "vtkMRMLTextNode",
    "vtkMRMLPlotChartNode",
    "vtkMRMLPlotSeriesNode",
)
LEFT_OUT = ("vtkMRMLCameraNode", "vtkMRMLAbstractViewNode", "vtkMRMLSliceLogic")


class HierarchyFiller:
    """Follows a scene until `close()`."""

    def __init__(self, scene):
        self._scene = scene
        self._tags = [
            scene.AddObserver(scene.NodeAddedEvent, self._onNodeAdded),
            scene.AddObserver(scene.NodeAboutToBeRemovedEvent, self._onNodeGoes),
            # After a batch: an imported scene brings a hierarchy of its own, and some nodes without an item.
            scene.AddObserver(scene.EndImportEvent, lambda *_: self._fill()),
            scene.AddObserver(scene.EndCloseEvent, lambda *_: self._fill()),
        ]
        self._fill()

    def close(self):
        for tag in self._tags:
            self._scene.RemoveObserver(tag)
        self._tags = []

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeAdded(self, scene, event, node):
        if not scene.IsImporting() and _isShown(node):
            self._addItem(node)

    @vtk.calldata_type(vtk.VTK_OBJECT)
    def _onNodeGoes(self, scene, event, node):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
        if scene.IsClosing() or hierarchy is None or node is hierarchy:
            return
        item = hierarchy.GetItemByDataNode(node)
        if item:
            hierarchy.RemoveItem(item, False, False)

    def _fill(self):
        for index in range(self._scene.GetNumberOfNodes()):
            node = self._scene.GetNthNode(index)
            if _isShown(node):
                self._addItem(node)

    def _addItem(self, node):
        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self._scene)
        if hierarchy is not None and not hierarchy.GetItemByDataNode(node):
            hierarchy.CreateItem(hierarchy.GetSceneItemID(), node)


def _isShown(node) -> bool:
    isKind = any(node.IsA(kind) for kind in SHOWN) and not any(node.IsA(kind) for kind in LEFT_OUT)
    return isKind and not node.GetHideFromEditors()
