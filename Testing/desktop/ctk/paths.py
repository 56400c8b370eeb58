"""Fields for files and folders."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from Testing.desktop.ctk.collapsible import take_arguments
from Testing.desktop.pythonqt import Property, Signal, native, qt

HISTORY_LENGTH = 5
BROWSE = "\N{HORIZONTAL ELLIPSIS}"


@native
class ctkPathLineEdit(qt.QWidget):
    """An editable path with a history and a button to browse; `filters` says what may be chosen."""

    currentPathChanged = Signal(str)
    validInputChanged = Signal(bool)

    Dirs, Files, Drives, NoSymLinks = 0x001, 0x002, 0x004, 0x008
    AllEntries = Dirs | Files | Drives
    Readable, Writable, Executable, Hidden = 0x010, 0x020, 0x040, 0x100
    NoDot, NoDotDot, NoDotAndDotDot = 0x2000, 0x4000, 0x6000

    def __init__(self, *arguments: Any) -> None:
        text, parent = take_arguments(arguments)
        super().__init__(parent)
        self._filters, self._nameFilters, self._settingKey, self._label = self.AllEntries, [], "", text
        self._valid, self._path = False, ""
        self._box, self._browser = qt.QComboBox(), qt.QToolButton()
        self._box.editable, self._box.insertPolicy = True, qt.QComboBox.NoInsert
        self._box.setSizePolicy(qt.QSizePolicy.Expanding, qt.QSizePolicy.Fixed)
        self._box.currentIndex = -1
        self._browser.text = BROWSE
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        layout.addWidget(self._browser)
        self._browser.connect("clicked()", self.browse)
        self._box.connect("editTextChanged(QString)", self._edited)

    def _edited(self, text: str) -> None:
        valid = self._is_valid(text)
        if text != self._path:
            self._path = text
            self.currentPathChanged.emit(text)
        if valid != self._valid:
            self._valid = valid
            self.validInputChanged.emit(valid)

    def _is_valid(self, text: str) -> bool:
        """Tell whether a path may be chosen: it exists, or is to be written in a folder that exists."""
        if not text:
            return False
        path = Path(text)
        if self._filters & self.Writable and self._filters & self.Files and not path.exists():
            return path.parent.is_dir()
        return bool((self._filters & self.Files and path.is_file()) or (self._filters & self.Dirs and path.is_dir()))

    def setCurrentPath(self, path: str) -> None:
        """Take a path, with forward slashes."""
        self._box.setEditText(qt.QDir.cleanPath(path) if path else "")

    def setNameFilters(self, filters: Any) -> None:
        """Take the patterns that the file dialog offers, such as `CT (*.nii *.nii.gz)`."""
        self._nameFilters = list(filters)

    def setFilters(self, filters: int) -> None:
        """Take what may be chosen."""
        self._filters = int(filters)
        self._edited(self._box.currentText)

    def setSettingKey(self, key: str) -> None:
        """Take the settings' key under which the history is kept, and read it."""
        self._settingKey = key
        self.retrieveHistory()

    def _set_label(self, text: str) -> None:
        self._label = text

    def _show_browser(self, shown: bool) -> None:
        self._browser.setVisible(shown)

    def _show_history(self, shown: bool) -> None:
        self._box.setStyleSheet("" if shown else "QComboBox::drop-down { width: 0px; }")

    currentPath = Property(str, lambda self: self._path, setCurrentPath)
    filters = Property(int, lambda self: self._filters, setFilters)
    nameFilters = Property("QStringList", lambda self: self._nameFilters, setNameFilters)
    settingKey = Property(str, lambda self: self._settingKey, setSettingKey)
    label = Property(str, lambda self: self._label, _set_label)
    validInput = Property(bool, lambda self: self._valid)
    showBrowseButton = Property(bool, lambda self: not self._browser.isHidden(), _show_browser)
    showHistoryButton = Property(bool, lambda self: not self._box.styleSheet, _show_history)

    def retrieveHistory(self) -> None:
        """Read the history from the settings, and take its newest path."""
        paths = qt.QSettings().value(f"{self._settingKey}/history" if self._settingKey else "", [])
        paths = [paths] if isinstance(paths, str) else list(paths or [])
        self._box.blockSignals(True)
        self._box.clear()
        self._box.addItems(paths)
        self._box.blockSignals(False)
        self._edited(self._box.currentText)

    def addCurrentPathToHistory(self) -> None:
        """Put the path at the top of the history, and keep that in the settings."""
        if not self._path:
            return
        older = [self._box.itemText(index) for index in range(self._box.count)]
        paths = [self._path, *(path for path in older if path != self._path)][:HISTORY_LENGTH]
        self._box.blockSignals(True)
        self._box.clear()
        self._box.addItems(paths)
        self._box.blockSignals(False)
        if self._settingKey:
            qt.QSettings().setValue(f"{self._settingKey}/history", paths)

    def browse(self) -> None:
        """Ask for a path in a dialog."""
        title = self._label or "Select a file to open"
        if not self._filters & self.Files:
            path = qt.QFileDialog.getExistingDirectory(self, self._label or "Select a directory...", self._path)
        elif self._filters & self.Writable:
            path = qt.QFileDialog.getSaveFileName(self, title, self._path, ";;".join(self._nameFilters))
        else:
            path = qt.QFileDialog.getOpenFileName(self, title, self._path, ";;".join(self._nameFilters))
        if path:
            self.setCurrentPath(path)


@native
class ctkDirectoryButton(qt.QWidget):
    """A button that shows a folder, and asks for another when it is pressed."""

    directoryChanged = Signal(str)
    directorySelected = Signal(str)

    def __init__(self, *arguments: Any) -> None:
        text, parent = take_arguments(arguments)
        super().__init__(parent)
        self._folder, self._caption = text or qt.QDir.currentPath(), ""
        self._button = qt.QPushButton(self._folder)
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)
        self._button.connect("clicked()", self.browse)

    def setDirectory(self, folder: str) -> None:
        """Take a folder."""
        folder = qt.QDir(folder).absolutePath()
        if folder != self._folder:
            self._folder = self._button.text = folder
            self.directoryChanged.emit(folder)

    def _set_caption(self, text: str) -> None:
        self._caption = text

    directory = Property(str, lambda self: self._folder, setDirectory)
    caption = Property(str, lambda self: self._caption, _set_caption)

    def browse(self) -> None:
        """Ask for a folder in a dialog."""
        folder = qt.QFileDialog.getExistingDirectory(self, self._caption, self._folder)
        if folder:
            self.setDirectory(folder)
            self.directorySelected.emit(folder)
