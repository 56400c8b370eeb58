"""Starting and closing a desktop: everything that is put in place is taken back."""

import shutil
import sys
import tempfile
import types
from contextlib import ExitStack, contextmanager
from pathlib import Path

import slicer

from HLFDSegmentationLib.Headless import headlessScene

from . import i18n, pythonqt

LIBRARY = "HLFDSegmentationLib"
MODULE_NAMES = ("Volumes", "Segmentations", "SubjectHierarchy", "Units")
OTHER_LOGICS = {"Colors": "vtkMRMLColorLogic", "Plots": "vtkSlicerPlotsLogic"}


def start() -> "Desktop":
    """Make a new desktop, which `slicer.app`, `slicer.mrmlScene` and the modules `qt` and `ctk` then are.

    Raises:
        RuntimeError: there is one already, or this is Slicer itself.
    """
    return Desktop()


class Desktop:
    """One session of the application."""

    def __init__(self):
        self._undo = ExitStack()
        try:
            self._start()
        except BaseException:
            self._undo.close()
            raise

    def _start(self):
        self.folder = Path(tempfile.mkdtemp(prefix="hlfd-desktop-"))
        self._undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
        self.scene = self._undo.enter_context(headlessScene())
        self._undo.enter_context(pythonqt.started(self.folder))
        self._undo.enter_context(_libraryOfDesktops())
        i18n.seen.clear()
        self._provide()
        self._startApplication()

    def _provide(self):
        """Slicer's Python modules and classes that slicer-core has not."""
        from . import sampleData, scriptedModule  # these need qt
        from .moduleManager import qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
        from .mrmlWidgets import qMRMLWidget, qSlicerWidget
        from .nodeComboBox import qMRMLNodeComboBox

        widgets = (qMRMLWidget, qSlicerWidget, qMRMLNodeComboBox)
        for kind in (*widgets, qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget):
            self._setOnSlicer(kind.__name__, kind)
        pythonqt.register_widgets({kind.__name__: kind for kind in widgets})
        self._setOnSlicer("selfTests", {})
        self._setModule("slicer.modules", types.ModuleType("slicer.modules"))
        self._setModule("slicer.i18n", i18n)
        self._setModule("slicer.ScriptedLoadableModule", scriptedModule)
        self._setModule("SampleData", sampleData)
        from . import parameterNodeWrapper  # its connectors need the widgets

        self._setModule("slicer.parameterNodeWrapper", parameterNodeWrapper)

    def _startApplication(self):
        from .application import Application
        from .hierarchy import HierarchyFiller
        from .mainWindow import qSlicerMainWindow
        from .moduleManager import LogicModule

        logic = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance().GetMRMLApplicationLogic()
        app = Application(self.scene, logic, str(self.folder))
        self._setOnSlicer("app", app)
        self._undo.callback(app.close)
        for name, module in _logics(self.scene, logic).items():
            app.moduleManager().add(LogicModule(name, module))
        filler = HierarchyFiller(self.scene)
        self._undo.callback(filler.close)
        self.window = qSlicerMainWindow()
        self._undo.callback(self._closeWindow)
        self.window.show()

    def loadModule(self, path):
        """Load a scripted module from its .py file, and open it; gives its widget (XWidget)."""
        self.registerModule(path)
        return self.openModule(Path(path).stem)

    def registerModule(self, path) -> None:
        """What Slicer does as it starts: the module's source is run, its X is made, then start-up is complete."""
        from .moduleManager import qSlicerScriptedLoadableModule

        slicer.app.moduleManager().add(qSlicerScriptedLoadableModule(path))
        slicer.app.startupCompleted.emit()

    def openModule(self, name: str):
        """What a user does by the selector of modules; gives the module's widget (XWidget)."""
        slicer.util.selectModule(name)
        return slicer.util.getModuleWidget(name)

    def leaveModule(self) -> None:
        """What happens to the open module as a user chooses another."""
        self.window.moduleSelector().leave()

    def reloadModule(self, name: str):
        """What the developer's button Reload does; gives the new widget."""
        slicer.util.reloadScriptedModule(name)
        return slicer.util.getModuleWidget(name)

    def unloadModules(self) -> None:
        """What Slicer does as it ends: scripted modules clean up, their widgets go. `close` does it too."""
        self.leaveModule()
        manager = slicer.app.moduleManager()
        for name in manager.modulesNames():
            if isinstance(manager.module(name), slicer.qSlicerScriptedLoadableModule):
                manager.unload(name)
        slicer.app.processEvents()

    def savePicture(self, path, size=(1400, 900)) -> Path:
        """The whole window as a PNG of width x height pixels."""
        from .windowPicture import arrayImage

        self.window.resize(*size)
        slicer.app.processEvents()
        if not arrayImage(self.window.picture()).save(str(path)):
            raise OSError(f"the picture {path} could not be written")
        return Path(path)

    def close(self) -> None:
        """End the session; Python is as before `start`."""
        self._undo.close()

    def _closeWindow(self):
        self.unloadModules()
        self.window.delete()

    def _setOnSlicer(self, name, value):
        self._undo.callback(delattr, slicer, name)
        setattr(slicer, name, value)

    def _setModule(self, name, module):
        before = sys.modules.get(name)
        self._undo.callback(_putBack, name, before)
        sys.modules[name] = module
        if name.startswith("slicer."):
            self._setOnSlicer(name.removeprefix("slicer."), module)


def _putBack(name, before):
    if before is None:
        sys.modules.pop(name, None)
    else:
        sys.modules[name] = before


def _logics(scene, application) -> dict:
    logics = {name: application.GetModuleLogic(name) for name in MODULE_NAMES}
    for name, className in OTHER_LOGICS.items():
        logic = application.GetColorLogic() if name == "Colors" else getattr(slicer, className)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        logics[name] = logic
    return logics


def _takeLibrary() -> dict:
    """Take the module's library out of Python, as it is imported now."""
    names = [name for name in sys.modules if name.partition(".")[0] == LIBRARY]
    return {name: sys.modules.pop(name) for name in names}


@contextmanager
def _libraryOfDesktops():
    """In a desktop the library has qt and translated texts, outside it has not: two imports, each kept whole."""
    outside = _takeLibrary()
    sys.modules.update(_inside)
    try:
        yield
    finally:
        _inside.clear()
        _inside.update(_takeLibrary())
        sys.modules.update(outside)


_inside: dict = {}
