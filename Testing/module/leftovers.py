"""What a module that was unloaded has left behind: observers that still call it, timers that still run."""

import gc
import sys
from pathlib import Path

import shiboken6
from PySide6.QtCore import QTimer

from Testing.desktop.pythonqt import signals

CHANGES = ("StartCloseEvent", "EndCloseEvent", "StartImportEvent", "EndImportEvent")


def leftBehind(scene, folder: Path) -> set[str]:
    """Functions, from source files within the folder, that a change of the scene or a timer would still call."""
    left = calledByChanges(scene, folder) | calledByTimers(folder)
    if left:
        gc.collect()  # what only a circle of references keeps alive would go in time; looking for it is slow
        left = calledByChanges(scene, folder) | calledByTimers(folder)
    return left


def calledByChanges(scene, folder: Path) -> set[str]:
    """Change the scene in every way, and see what is called."""
    called = set()

    def hear(frame, event, _):
        if event == "call" and _isWithin(frame.f_code, folder):
            called.add(_named(frame.f_code))

    sys.setprofile(hear)
    try:
        for kind in ("vtkMRMLScalarVolumeNode", "vtkMRMLSegmentationNode"):
            scene.RemoveNode(scene.AddNewNodeByClass(kind))
        for index in range(scene.GetNumberOfNodes()):
            scene.GetNthNode(index).Modified()
        for event in CHANGES:
            scene.InvokeEvent(getattr(scene, event))
    finally:
        sys.setprofile(None)
    return called


def calledByTimers(folder: Path) -> set[str]:
    """What running timers are connected to."""
    called = set()
    for address, connections in list(signals._connections.items()):
        for signature, slot, _ in connections:
            code = getattr(slot, "__code__", None)  # of a function, or of a method's function
            isOurs = signature == "timeout()" and code is not None and _isWithin(code, folder)
            if isOurs and shiboken6.wrapInstance(address, QTimer).active:
                called.add(_named(code))
    return called


def _isWithin(code, folder: Path) -> bool:
    return code.co_filename.startswith(str(folder))


def _named(code) -> str:
    return f"{Path(code.co_filename).name}: {code.co_qualname}"
