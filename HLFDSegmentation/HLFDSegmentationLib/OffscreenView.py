"""A render window without a screen, drawn into by Slicer's displayable managers."""

import os
import sys
from pathlib import Path

import slicer
import vtk

SAMPLES_PER_PIXEL = 8


class OffscreenView:
    """A renderer in a window that is never shown."""

    def __init__(self, size: tuple[int, int]):
        self.renderer = vtk.vtkRenderer()
        self.window = newRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(SAMPLES_PER_PIXEL)
        self.window.SetSize(*size)
        self.window.AddRenderer(self.renderer)
        self.interactor = vtk.vtkRenderWindowInteractor()
        self.interactor.SetRenderWindow(self.window)
        self.interactor.Initialize()
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()

    def show(self, viewNode, factory, managerNames) -> None:
        """Let displayable managers draw what the view node shows, over what the renderer holds already."""
        for name in managerNames:
            if not factory.IsDisplayableManagerRegistered(name):
                factory.RegisterDisplayableManager(name)
        self.managers.SetRenderer(self.renderer)
        self.managers.Initialize(factory, self.renderer)
        self.managers.SetMRMLDisplayableNode(viewNode)

    def save(self, path: Path) -> Path:
        """Render and write a PNG."""
        self.window.Render()
        capture = vtk.vtkWindowToImageFilter()
        capture.SetInput(self.window)
        capture.ReadFrontBufferOff()
        writer = vtk.vtkPNGWriter()
        writer.SetFileName(str(path))
        writer.SetInputConnection(capture.GetOutputPort())
        writer.Write()
        if writer.GetErrorCode():
            raise OSError(f"the picture {path} could not be written")
        return path

    def close(self) -> None:
        """Let go of the scene; a view that still observes it would draw again as nodes go."""
        self.managers.SetMRMLDisplayableNode(None)
        self.window.Finalize()


def newRenderWindow():
    """A window that needs no screen. Where there is none, VTK's own search warns before it takes EGL."""
    isScreenless = sys.platform.startswith("linux") and not os.environ.get("DISPLAY")
    useEgl = isScreenless and hasattr(vtk, "vtkEGLRenderWindow")
    return vtk.vtkEGLRenderWindow() if useEgl else vtk.vtkRenderWindow()
