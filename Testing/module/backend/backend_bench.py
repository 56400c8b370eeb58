"""A bench with the section Backend alone, and packages to install from that lack all that is needed."""

import sys
import zipfile
from pathlib import Path

MODULE = Path(__file__).parents[3] / "HLFDSegmentation"
OWN = "Its own environment (recommended)"
FROM_A_FOLDER = "From downloaded packages (no internet)"


class Section:
    """Backend alone in a window, as it is where it is open."""

    def __init__(self, isOpen: bool = True):
        import ctk
        import qt

        from HLFDSegmentationLib.Backend.BackendPanel import BackendPanel
        from HLFDSegmentationLib.Bench import ENVIRONMENT, Bench

        self.told = []
        self.window = qt.QWidget()
        qt.QVBoxLayout(self.window)
        self.container = ctk.ctkCollapsibleButton()
        qt.QVBoxLayout(self.container)
        self.container.collapsed = not isOpen
        self.window.layout().addWidget(self.container)
        self.bench = Bench(lambda name: str(MODULE / "Resources" / name), lambda section: None)
        self.window.layout().addStretch(1)
        self.window.resize(420, 800)
        self.window.show()
        self.panel = BackendPanel(self.bench, self.container)
        self.bench.listen(ENVIRONMENT, lambda: self.told.append(ENVIRONMENT))
        self.ui = self.panel.ui

    def wait(self) -> "Section":
        """Until no Python is looked for and nothing is at work."""
        from Testing.module.clicking import until

        until(lambda: not self.panel._choices.isSearching and not self.panel._isBusy(), 180)
        return self

    def close(self):
        self.panel.close()
        self.window.delete()


def aWheel(folder: Path) -> Path:
    """A folder with one wheel, of nothing that is needed."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "nothing-1.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("nothing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: nothing\nVersion: 1.0\n")
    return folder


def chooseOffline(ui, wheels: Path) -> None:
    """An environment of its own, made with this Python out of a folder."""
    import qt

    from Testing.module.clicking import choose, click

    choose(ui.kindSelector, OWN)
    qt.answers.give(sys.executable)
    click(ui.browseButton)
    choose(ui.sourceSelector, FROM_A_FOLDER)
    ui.wheelsPath.currentPath = str(wheels)
