"""Shows a new segmentation in the views, over its CT."""

import slicer


def showInViews(volumeNode, segmentationNode) -> None:
    """Bring the CT into the slice views if it is in none, and the surfaces into the middle of the 3D views."""
    if not _isShown(volumeNode):
        slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    segmentationNode.GetDisplayNode().SetVisibility(True)
    manager = slicer.app.layoutManager()
    for index in range(manager.threeDViewCount if manager is not None else 0):
        manager.threeDWidget(index).threeDView().resetFocalPoint()


def _isShown(volumeNode) -> bool:
    nodes = volumeNode.GetScene().GetNodesByClass("vtkMRMLSliceCompositeNode")
    views = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return any(view.GetBackgroundVolumeID() == volumeNode.GetID() for view in views)
