"""Slicer's main window: the module's panel at the left, the views at the right, and a picture of it all."""

import ctk
import numpy as np
import qt
import slicer

from .pythonqt import native
from .windowPicture import paintViews

PANEL_WIDTH = 520


@native
class qSlicerMainWindow(qt.QMainWindow):
    """What `slicer.util.mainWindow()` finds."""

    def __init__(self):
        super().__init__()
        self.objectName = "qSlicerMainWindow"
        self.windowTitle = "3D Slicer"
        self._views = qt.QWidget()
        self._views.objectName = "CentralWidget"
        self.setCentralWidget(self._views)
        self._panel = ModulePanel()
        dock = qt.QDockWidget("Module", self)
        dock.objectName = "PanelDockWidget"
        dock.setWidget(self._panel)
        dock.setMinimumWidth(PANEL_WIDTH)
        self.addDockWidget(qt.Qt.LeftDockWidgetArea, dock)
        self.statusBar()
        self.resize(1400, 900)

    def moduleSelector(self):
        return self._panel

    def picture(self) -> np.ndarray:
        """The window as it is now, the views drawn into it: uint8 (height, width, 3)."""
        slicer.app.processEvents()
        window = self.grab().toImage().convertToFormat(qt.QImage.Format_RGB888)
        corner = self._views.mapTo(self, qt.QPoint(0, 0))
        paintViews(window, qt.QRect(corner, self._views.size), slicer.app.layoutManager().rows())
        return imageArray(window)


@native
class ModulePanel(qt.QScrollArea):
    """The panel that shows one module, and the selector that chooses it."""

    def __init__(self):
        super().__init__()
        self.objectName = "ScrollArea"
        self.widgetResizable = True
        self._selected = None

    @property
    def selectedModule(self) -> str:
        return self._selected.name if self._selected else ""

    def selectModule(self, name: str) -> None:
        """As a user chooses a module: the one before is left, this one is set up if it is new, then entered."""
        module = slicer.util.getModule(name)
        if module is self._selected:
            return
        self.leave()
        self._selected = module
        widget = module.widgetRepresentation()
        frame = qt.QWidget()
        layout = qt.QVBoxLayout(frame)
        layout.addWidget(_helpSection(module))
        layout.addWidget(widget)
        self.setWidget(frame)
        widget.show()
        widget.enter()

    def leave(self) -> None:
        """No module is shown."""
        if self._selected is not None:
            widget, self._selected = self._selected.widgetRepresentation(), None
            widget.exit()
            widget.hide()
            widget.setParent(None)
            self.takeWidget().delete()


def _helpSection(module):
    """The section that Slicer puts over every module, closed."""
    section = ctk.ctkCollapsibleButton()
    section.text = "Help & Acknowledgement"
    section.collapsed = True
    text = qt.QLabel(f"{module.helpText}<hr>{module.acknowledgementText}")
    text.wordWrap = True
    qt.QVBoxLayout(section).addWidget(text)
    return section


def imageArray(image) -> np.ndarray:
    """The pixels of a QImage of format RGB888: uint8 (height, width, 3)."""
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : 3 * image.width()].reshape(image.height(), image.width(), 3).copy()
