"""Pictures of slice views and 3D views, by Slicer's own displayable managers, off screen, each when it is asked for."""

import numpy as np
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from HLFDSegmentationLib.Headless import displayableManagerFactories
from HLFDSegmentationLib.OffscreenView import OffscreenView

SLICE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLCrosshairDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
)
SURFACE_MANAGERS = (
    "vtkMRMLCameraDisplayableManager",
    "vtkMRMLViewDisplayableManager",
    "vtkMRMLModelDisplayableManager",
    "vtkMRMLOrientationMarkerDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager3D",
)


def slicePicture(logic, size: tuple[int, int]) -> np.ndarray:
    """What a slice view of width x height pixels shows: uint8 (height, width, 3), row 0 at the top.

    The slice stays as large in millimetres along its shorter side, as when a user resizes Slicer's window.
    """
    factory, _ = displayableManagerFactories()
    logic.ResizeSliceNode(*size)
    return _drawn(size, lambda view: _showSlice(view, logic, factory))


def _showSlice(view, logic, factory):
    logic.UpdatePipeline()
    image = logic.GetImageDataConnection()
    if image is not None:
        # Before the segmentation, which is drawn with depth and would hide it.
        mapper, actor = vtk.vtkImageMapper(), vtk.vtkActor2D()
        mapper.SetColorWindow(255)
        mapper.SetColorLevel(127.5)
        mapper.SetInputConnection(image)
        actor.SetMapper(mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        view.renderer.AddViewProp(actor)
    view.show(logic.GetSliceNode(), factory, SLICE_MANAGERS)


def surfacePicture(viewNode, size: tuple[int, int], isCameraReset: bool) -> np.ndarray:
    """What a 3D view shows: uint8 (height, width, 3). With `isCameraReset`, its camera is first moved to see it all."""
    _, factory = displayableManagerFactories()

    def show(view):
        view.show(viewNode, factory, SURFACE_MANAGERS)
        if isCameraReset:
            view.renderer.ResetCamera()
        view.renderer.ResetCameraClippingRange()

    return _drawn(size, show)


def drawingPicture(contextItem, size: tuple[int, int]) -> np.ndarray:
    """What a VTK chart or other 2D drawing shows: uint8 (height, width, 3)."""

    def show(view):
        view.renderer.SetBackground(1, 1, 1)
        actor = vtk.vtkContextActor()
        actor.GetScene().AddItem(contextItem)
        actor.GetScene().SetRenderer(view.renderer)
        view.renderer.AddViewProp(actor)

    return _drawn(size, show)


def _drawn(size, show) -> np.ndarray:
    view = OffscreenView(size)
    try:
        show(view)
        view.window.Render()
        pixels = vtk.vtkUnsignedCharArray()
        view.window.GetPixelData(0, 0, size[0] - 1, size[1] - 1, 0, pixels, 0)
        return vtk_to_numpy(pixels).reshape(size[1], size[0], 3)[::-1].copy()
    finally:
        view.close()
