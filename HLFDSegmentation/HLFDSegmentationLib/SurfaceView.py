"""The closed surfaces of a segmentation, as Slicer's 3D view draws them, into a PNG."""

from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from .Headless import displayableManagerFactories
from .OffscreenView import OffscreenView
from .SegmentationNodes import segmentsOf
from .ViewGeometry import cameraDistance

SURFACE_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
)
VIEW_NAME = "1"
FLOOR, SKY = (0.78, 0.81, 0.85), (1.0, 1.0, 1.0)
TO_CAMERA = np.array([0.35, 0.9, 0.2])
"""Right or left, anterior, superior: from the front, a little to the side and above."""
FRAME_MARGIN = 1.12


def renderSurfaces(frameNode, centreRas, size, path: Path) -> Path:
    """All visible surfaces, from the front and above, on the side where centreRas lies, framed on frameNode's."""
    _, factory = displayableManagerFactories()
    view = OffscreenView(size)
    try:
        view.show(_plainView(_viewNodeOf(frameNode.GetScene())), factory, SURFACE_MANAGERS)
        _aimCamera(view.renderer, _surfacePoints(frameNode), np.asarray(centreRas), size)
        return view.save(path)
    finally:
        view.close()


def _viewNodeOf(scene):
    """The node of the view that Slicer's usual layouts show in 3D."""
    node = scene.GetSingletonNode(VIEW_NAME, "vtkMRMLViewNode")
    if node is None:
        node = slicer.vtkMRMLViewNode()
        node.SetName(f"View{VIEW_NAME}")
        node.SetLayoutName(VIEW_NAME)
        node.SetLayoutLabel(VIEW_NAME)
        node.SetSingletonTag(VIEW_NAME)
        node = scene.AddNode(node)
    return node


def _plainView(viewNode):
    viewNode.SetBackgroundColor(*FLOOR)
    viewNode.SetBackgroundColor2(*SKY)
    viewNode.SetBoxVisible(False)
    viewNode.SetAxisLabelsVisible(False)
    viewNode.SetOrientationMarkerType(viewNode.OrientationMarkerTypeAxes)
    viewNode.SetUseDepthPeeling(True)
    return viewNode


def _surfacePoints(segmentationNode) -> np.ndarray:
    """RAS (n, 3) of all surface points, with the parent transform."""
    points, parent = [np.zeros((0, 3))], segmentationNode.GetParentTransformNode()
    toWorld = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(parent, None, toWorld)
    for segmentId, _ in segmentsOf(segmentationNode):
        surface, moved = vtk.vtkPolyData(), vtk.vtkPoints()
        segmentationNode.GetClosedSurfaceRepresentation(segmentId, surface)
        if surface.GetNumberOfPoints():
            toWorld.TransformPoints(surface.GetPoints(), moved)
            points.append(vtk_to_numpy(moved.GetData()))
    return np.concatenate(points)


def _aimCamera(renderer, points: np.ndarray, centreRas: np.ndarray, size) -> None:
    if not len(points):
        return
    focus = (points.min(0) + points.max(0)) / 2
    toCamera = TO_CAMERA * (1 if centreRas[0] >= focus[0] else -1, 1, 1)
    toCamera /= np.linalg.norm(toCamera)
    camera = renderer.GetActiveCamera()
    distance_mm = FRAME_MARGIN * cameraDistance(points - focus, toCamera, size, camera.GetViewAngle())
    camera.SetFocalPoint(focus)
    camera.SetPosition(focus + distance_mm * toCamera)
    camera.SetViewUp(0, 0, 1)
    renderer.ResetCameraClippingRange()
