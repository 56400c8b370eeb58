"""A Slicer desktop for each test of the module, and what it must not have left behind."""

from pathlib import Path

import pytest

from Testing.module.leftovers import leftBehind

MODULE_FILE = Path(__file__).parents[2] / "HLFDSegmentation" / "HLFDSegmentation.py"


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    """An empty home folder: no environment, no models, no jobs yet."""
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    for name in ("HLFD_JOB", "HLFD_PACKAGES"):
        monkeypatch.delenv(name, raising=False)
    return folder


@pytest.fixture
def desktop(home):
    """A desktop of its own. At the end the module is unloaded; what complained, or still listens, fails the test."""
    from Testing.desktop import start

    desktop = start()
    try:
        import qt

        yield desktop
        desktop.unloadModules()
        left, answers = leftBehind(desktop.scene, MODULE_FILE.parent), qt.answers.left()
        assert not qt.complaints, "\n".join(qt.complaints)
        assert not answers, f"nothing asked for these answers: {answers}"
        assert not left, f"still at work after the module was unloaded: {', '.join(sorted(left))}"
    finally:
        desktop.close()


@pytest.fixture
def module(desktop):
    """The widget of HLFD Segmentation, open in the window."""
    return desktop.loadModule(MODULE_FILE)
