"""`slicer.app`: what a module asks of the application; what it has not here is refused."""

import qt
import slicer
from PySide6.QtCore import Signal

from .files import CoreIOManager
from .layoutManager import LayoutManager
from .moduleManager import ModuleManager
from .pythonqt import native


@native
class Application(qt.QObject):
    """qSlicerApplication, of one desktop. The QApplication behind it is one for the whole process, and stays."""

    startupCompleted = Signal()

    applicationName = "Slicer"
    applicationVersion = "5.12.3"
    majorVersion, minorVersion, revision = 5, 12, "34567"
    documentationBaseUrl = "https://slicer.readthedocs.io/"

    def __init__(self, scene, applicationLogic, temporaryPath: str):
        super().__init__()
        self._scene, self._logic, self._temporaryPath = scene, applicationLogic, temporaryPath
        self._isTesting = False
        self._layoutManager = LayoutManager(scene, applicationLogic)
        self._moduleManager = ModuleManager()
        self._ioManager = CoreIOManager()

    def close(self):
        self._layoutManager.close()

    @property
    def temporaryPath(self) -> str:
        return self._temporaryPath

    def mrmlScene(self):
        return self._scene

    def applicationLogic(self):
        return self._logic

    def layoutManager(self):
        return self._layoutManager

    def moduleManager(self):
        return self._moduleManager

    def coreIOManager(self):
        return self._ioManager

    def ioManager(self):
        return self._ioManager

    def settings(self):
        return qt.QSettings()

    def userSettings(self):
        return qt.QSettings()

    def revisionUserSettings(self):
        return qt.QSettings()

    def testingEnabled(self) -> bool:
        """Not as Slicer's own tests: message boxes are shown, and a test answers them."""
        return self._isTesting

    def setTestingEnabled(self, isTesting: bool) -> None:
        """For a test that runs a module's self test, as Slicer does without a person at the window."""
        self._isTesting = isTesting

    def commandOptions(self):
        return _CommandOptions()

    def startupEnvironment(self):
        return qt.QProcessEnvironment.systemEnvironment()

    def pauseRender(self):
        """Nothing is drawn before a picture is asked for."""

    resumeRender = pauseRender

    def translate(self, context: str, text: str) -> str:
        return slicer.i18n.translate(context, text)

    def processEvents(self, *arguments):
        qt.QApplication.processEvents(*arguments)

    def topLevelWidgets(self):
        return qt.QApplication.topLevelWidgets()

    def setOverrideCursor(self, cursor):
        qt.QApplication.setOverrideCursor(cursor)

    def restoreOverrideCursor(self):
        qt.QApplication.restoreOverrideCursor()

    def clipboard(self):
        return qt.QApplication.clipboard()

    def activeModalWidget(self):
        return qt.QApplication.activeModalWidget()


class _CommandOptions:
    noMainWindow = False
    testingEnabled = False
