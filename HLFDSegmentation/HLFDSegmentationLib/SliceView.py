"""One slice of a CT with its segmentation, as Slicer's slice view draws it, into a PNG."""

from pathlib import Path

import numpy as np
import slicer
import vtk

from .Grids import arrayFromMatrix
from .Headless import displayableManagerFactories
from .OffscreenView import OffscreenView
from .ViewGeometry import bodyBox

SLICE_VIEWS = {"axial": "Red", "coronal": "Green", "sagittal": "Yellow"}
"""Orientation and the name of the view that shows it in Slicer's usual layouts."""
SLICE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
)
FRAME_MARGIN = 1.06


def renderSlice(volumeNode, orientation: str, centreRas, bodyRas: np.ndarray, size, path: Path) -> Path:
    """The slice through centreRas, zoomed so that the body, points bodyRas (n, 3), fills it."""
    factory, _ = displayableManagerFactories()
    logic = _addSliceLogic(volumeNode.GetScene(), factory.GetMRMLApplicationLogic(), SLICE_VIEWS[orientation])
    node = logic.GetSliceNode()
    node.SetOrientation(orientation.capitalize())
    node.SetOrientationMarkerType(node.OrientationMarkerTypeAxes)
    node.SetRulerType(node.RulerTypeThin)
    logic.GetSliceCompositeNode().SetBackgroundVolumeID(volumeNode.GetID())
    _frame(logic, bodyRas, np.asarray(centreRas), size)
    view = OffscreenView(size)
    try:
        view.renderer.AddViewProp(_imageActor(logic))
        view.show(node, factory, SLICE_MANAGERS)
        return view.save(path)
    finally:
        view.close()
        factory.GetMRMLApplicationLogic().GetSliceLogics().RemoveItem(logic)


def _addSliceLogic(scene, application, viewName: str):
    logic = slicer.vtkMRMLSliceLogic()
    logic.SetMRMLApplicationLogic(application)
    logic.SetMRMLScene(scene)
    application.GetSliceLogics().AddItem(logic)
    node = scene.GetSingletonNode(viewName, "vtkMRMLSliceNode")
    if node is None:
        node = logic.AddSliceNode(viewName)
    logic.SetSliceNode(node)
    node.SetLayoutLabel(viewName[0])
    node.SetLayoutColor(getattr(slicer.vtkMRMLSliceNode, f"Get{viewName}Color")())
    return logic


def _frame(logic, bodyRas: np.ndarray, centreRas: np.ndarray, size) -> None:
    node = logic.GetSliceNode()
    logic.ResizeSliceNode(*size)
    sliceToRas = arrayFromMatrix(node.GetSliceToRAS())
    middle, extent_mm = bodyBox(bodyRas, sliceToRas, centreRas)
    mmPerPixel = FRAME_MARGIN * np.max(extent_mm / np.array(size))
    node.SetFieldOfView(size[0] * mmPerPixel, size[1] * mmPerPixel, node.GetFieldOfView()[2])
    node.JumpSliceByCentering(*middle)
    logic.SetSliceOffset(float(centreRas @ sliceToRas[:3, 2]))


def _imageActor(logic):
    """The blended slice image. In the application the Qt slice view draws it, not a displayable manager.

    It has to be in the renderer before the segmentation: that is drawn with depth, and would hide it.
    """
    mapper, actor = vtk.vtkImageMapper(), vtk.vtkActor2D()
    mapper.SetColorWindow(255)
    mapper.SetColorLevel(127.5)
    mapper.SetInputConnection(logic.GetImageDataConnection())
    actor.SetMapper(mapper)
    actor.GetProperty().SetDisplayLocationToBackground()
    return actor
