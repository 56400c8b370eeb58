"""PythonQt's manners on PySide6, strict: what module code does wrong in Slicer's Python, Qt 5 or Qt 6, fails here too.

Slicer's desktop cannot run where the tests run, so these tests need a stand-in for its modules `qt` and `ctk`. PySide6
has the real Qt, with real widgets, signals and events; the way in which Python reaches them differs, and this package
makes up for the difference (see `objects.py`, `signals.py`). Importing it changes PySide6 for the whole process.

    from Testing.desktop import pythonqt
    with pythonqt.started(folder_for_settings):      # the modules qt and ctk can be imported now
        ...
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

os.environ.setdefault("PYSIDE6_OPTION_PYTHON_ENUM", "2")  # enumerations are numbers, as in PythonQt
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

from PySide6 import QtCore, QtGui, QtWidgets

from Testing.desktop.pythonqt import dialogs, enums, objects, timers, versions
from Testing.desktop.pythonqt.answers import answers
from Testing.desktop.pythonqt.complaints import complain, complaints, heard
from Testing.desktop.pythonqt.fonts import use_one_font
from Testing.desktop.pythonqt.namespace import qt
from Testing.desktop.pythonqt.objects import native
from Testing.desktop.pythonqt.signals import forget_all
from Testing.desktop.pythonqt.uiloader import register_widgets

MODULES = (QtCore, QtGui, QtWidgets)
enums.flatten_enums(MODULES)
objects.install(MODULES)
dialogs.install()
timers.install()
versions.install()

Property, Signal = QtCore.Property, QtCore.Signal

__all__ = [
    "Property",
    "Signal",
    "answers",
    "complain",
    "complaints",
    "heard",
    "make_application",
    "native",
    "qt",
    "register_widgets",
    "started",
    "use_one_font",
]


def make_application(kind: type = QtWidgets.QApplication) -> QtWidgets.QApplication:
    """Give the process's one application; make it (of that class) with a readable font where there is none."""
    application = QtWidgets.QApplication.instance()
    if application is None:
        application = kind(["Slicer"])
        application.setStyle("Fusion")
        use_one_font()
    return application


@contextmanager
def started(settings: Path) -> Iterator[object]:
    """Make `qt` and `ctk` importable, keep settings in a folder, hear complaints; undo all that at the end."""
    sys.modules["qt"] = qt
    from Testing.desktop import ctk  # its classes are made of what is installed above

    application = make_application()
    application.organizationName, application.applicationName = "NA-MIC", "Slicer"
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.IniFormat)
    QtCore.QSettings.setPath(QtCore.QSettings.IniFormat, QtCore.QSettings.UserScope, str(settings))
    sys.modules["ctk"] = ctk
    register_widgets({name: kind for name, kind in vars(ctk).items() if name.startswith("ctk")})
    answers.clear()
    try:
        with heard():
            yield qt
    finally:
        forget_all()
        for name in ("qt", "ctk"):
            sys.modules.pop(name, None)
