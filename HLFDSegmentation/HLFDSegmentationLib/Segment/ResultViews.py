"""Shows a new segmentation in the views, over its CT."""

import qt
import slicer

from ..Lesions import resultsOf


def showInViews(volumeNode, segmentationNode) -> None:
    """Bring the CT into the slice views if it is in none, and the surfaces into the middle of the 3D views.

    Earlier results of the same CT are hidden, since they would lie over this one; what people drew stays as it is.
    """
    if not _isShown(volumeNode):
        slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)
    for earlier in resultsOf(volumeNode):
        if earlier is not segmentationNode and earlier.GetDisplayNode() is not None:
            earlier.GetDisplayNode().SetVisibility(False)
    segmentationNode.GetDisplayNode().SetVisibility(True)
    qt.QTimer.singleShot(0, _centre)  # when the views have made the surfaces


def _centre() -> None:
    manager = slicer.app.layoutManager()
    for index in range(manager.threeDViewCount if manager is not None else 0):
        manager.threeDWidget(index).threeDView().resetFocalPoint()


def _isShown(volumeNode) -> bool:
    nodes = volumeNode.GetScene().GetNodesByClass("vtkMRMLSliceCompositeNode")
    views = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return any(view.GetBackgroundVolumeID() == volumeNode.GetID() for view in views)
