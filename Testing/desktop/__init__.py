"""The Slicer desktop's stand-in: what the panel of a scripted module needs, over Slicer's real MRML core.

    desktop = start()
    widget = desktop.loadModule(path)      # as Slicer does: import, make, set up, enter
    desktop.savePicture("window.png")
    desktop.close()

Real are the scene, its nodes and logics, `slicer.util`, the displayable managers, and Qt. Rebuilt, and stricter than
Slicer, are what connects them: `qt` and `ctk` (pythonqt), the application, the selector of nodes, parameter nodes. What
runs here has good prospects in Slicer; it has not run there.
"""

from Testing.desktop.startup import Desktop, start

__all__ = ["Desktop", "start"]
