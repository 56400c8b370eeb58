"""Slicer's widgets that know a scene: the plain frame. The selector of nodes has a file of its own."""

from typing import ClassVar

import qt
from PySide6.QtCore import Signal

from .pythonqt import native


@native
class qMRMLWidget(qt.QWidget):
    """A frame that tells its children of the scene, by the connections of the .ui file."""

    mrmlSceneChanged = Signal(object)
    qtSignatures: ClassVar = {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged(PyObject)"}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._scene = None

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene) -> None:
        if scene is not self._scene:
            self._scene = scene
            self.mrmlSceneChanged.emit(scene)


@native
class qSlicerWidget(qMRMLWidget):
    """The same in Slicer's own modules."""
