"""Modules as the application holds them: `slicer.modules.<name>`, its widget, and the manager that unloads them."""

import importlib.util
import sys
from pathlib import Path

import qt
import slicer
from PySide6.QtCore import Signal

from .mrmlWidgets import qMRMLWidget
from .pythonqt import native

TOLD = {
    "title": str, "categories": list, "dependencies": list, "contributors": list, "helpText": str,
    "acknowledgementText": str, "icon": qt.QIcon, "hidden": bool, "index": int, "associatedNodeTypes": list,
    "widgetRepresentationCreationEnabled": bool,
}  # fmt: skip
"""What a module can tell of itself, and of which type it is."""


@native
class ModuleManager(qt.QObject):
    """The modules of one desktop by name."""

    moduleLoaded = Signal(str)
    moduleAboutToBeUnloaded = Signal(str)

    def __init__(self):
        super().__init__()
        self._modules = {}

    def add(self, module) -> None:
        self._modules[module.name] = module
        setattr(slicer.modules, module.name.lower(), module)

    def module(self, name: str):
        return self._modules.get(name)

    def modulesNames(self) -> list:
        return list(self._modules)

    def factoryManager(self):
        return self

    def loadedModuleNames(self) -> list:
        return list(self._modules)

    def unload(self, name: str) -> None:
        """As at the end of Slicer: the module cleans up, then its widget goes."""
        module = self._modules.pop(name)
        self.moduleAboutToBeUnloaded.emit(name)
        module.close()


class LogicModule:
    """A module of Slicer's own, of which only the logic is here."""

    def __init__(self, name: str, logic):
        self.name, self.path, self._logic = name, "", logic

    def logic(self):
        return self._logic

    def widgetRepresentation(self):
        return None

    def close(self):
        self._logic = None


class qSlicerScriptedLoadableModule:
    """A module written in Python: what its class X gets as `parent`. It takes no attribute that Slicer has not."""

    def __init__(self, path):
        own = self.__dict__
        own["path"], own["name"] = str(path), Path(path).stem
        own["icon"], own["_widget"] = qt.QIcon(), None
        _load(self)

    def __setattr__(self, attribute, value):
        if attribute not in TOLD:
            raise AttributeError(f"a module has no {attribute}; it can tell {', '.join(TOLD)}")
        if not isinstance(value, TOLD[attribute]):
            raise TypeError(f"{attribute} is {value!r}; Slicer needs {TOLD[attribute].__name__}")
        self.__dict__[attribute] = value

    def widgetRepresentation(self):
        """The widget, made and set up when it is first asked for."""
        if self._widget is None:
            self.__dict__["_widget"] = qSlicerScriptedLoadableModuleWidget(self)
            self._widget.reload()
        return self._widget

    def close(self):
        if self._widget is not None:
            self._widget.close()
            self._widget.setParent(None)
            self._widget.deleteLater()
        self.__dict__["_widget"] = None
        for attribute in (f"{self.name}Instance", f"{self.name}Widget", self.name.lower()):
            if hasattr(slicer.modules, attribute):
                delattr(slicer.modules, attribute)
        slicer.selfTests.pop(self.name, None)
        sys.modules.pop(self.name, None)


@native
class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):
    """The widget's frame: what XWidget gets as `parent`."""

    def __init__(self, module):
        super().__init__()
        self._module, self._python, self._isEntered = module, None, False
        self.setLayout(qt.QVBoxLayout())
        self.setMRMLScene(slicer.mrmlScene)

    def self(self):
        """The module's own XWidget."""
        return self._python

    def reload(self) -> None:
        """Make XWidget from the module's source as it was last loaded, and set it up."""
        kind = getattr(sys.modules[self._module.name], f"{self._module.name}Widget")
        self._python = kind(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._python)
        self._python.setup()
        if self._isEntered:
            self._call("enter")

    def enter(self) -> None:
        if not self._isEntered:
            self._isEntered = True
            self._call("enter")

    def exit(self) -> None:
        if self._isEntered:
            self._isEntered = False
            self._call("exit")

    def _call(self, name):
        getattr(self._python, name, lambda: None)()


def _load(module) -> None:
    """Run the module's source and make its X, as Slicer does at its start."""
    folder = str(Path(module.path).parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    spec = importlib.util.spec_from_file_location(module.name, module.path)
    source = importlib.util.module_from_spec(spec)
    sys.modules[module.name] = source
    spec.loader.exec_module(source)
    setattr(slicer.modules, f"{module.name}Instance", getattr(source, module.name)(module))
