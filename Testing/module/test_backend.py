"""The section Backend, clicked: installing, cancelling, checking, removing; and what was interrupted or broken."""

import json
import sys
import zipfile
from pathlib import Path

import psutil
import pytest

MODULE = Path(__file__).parents[2] / "HLFDSegmentation"
OWN = "Its own environment (recommended)"
READY_ALREADY = "A Python environment of mine"
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


@pytest.fixture
def section(desktop):
    """Opens it, when it is called."""
    sections = []

    def opened(**how) -> Section:
        sections.append(Section(**how))
        return sections[-1]

    yield opened
    for one in sections:
        one.close()


@pytest.fixture
def backendFolders(desktop):
    """The library's words for folders, once there is a desktop."""
    from HLFDSegmentationLib.Backend import InstalledFolders

    return InstalledFolders


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


def test_without_an_environment_it_says_so_and_offers_one_for_this_computer(section, home):
    ui = section().wait().ui
    assert "Not installed yet" in ui.stateLabel.text
    assert ui.kindSelector.currentText == OWN
    assert ui.pythonSelector.count > 0
    assert ui.buildSelector.currentText == "Processor" or Path("/proc/driver/nvidia").exists()
    assert "GB of disk" in ui.spaceNote.text
    assert ui.installButton.enabled
    assert not ui.installedBox.visible
    assert not ui.wheelsBox.visible
    assert not (home / ".hlfd").exists()


def test_while_the_section_is_closed_no_python_is_looked_for(section):
    closed = section(isOpen=False)
    assert not closed.panel._choices.isSearching
    assert closed.ui.pythonSelector.count == 0
    closed.container.collapsed = False
    closed.wait()
    assert closed.ui.pythonSelector.count > 0


def test_a_python_that_has_all_is_examined_used_and_let_go_again(section, home):
    import qt

    from HLFDSegmentationLib.Words import Refusal
    from Testing.module.clicking import choose, click

    backend = section().wait()
    ui = backend.ui
    choose(ui.kindSelector, READY_ALREADY)
    assert not ui.sourceSelector.visible
    qt.answers.give(sys.executable)
    click(ui.browseButton)
    assert ui.installButton.text == "Check and use"
    click(ui.installButton)
    assert ui.runBox.visible
    backend.wait()
    assert "Ready. Computes on the" in ui.stateLabel.text
    assert not ui.messageLabel.visible
    assert ui.findingsLabel.visible
    assert "that hlfd needs are there, in versions that fit" in ui.findingsLabel.text
    assert backend.told == ["environment"]
    assert backend.bench.requireEnvironment().python == sys.executable
    assert not ui.choicesBox.visible
    click(ui.removeButton)
    backend.wait()
    assert "nothing was deleted" in ui.messageLabel.text
    assert Path(sys.executable).is_file()
    with pytest.raises(Refusal, match="is not installed yet"):
        backend.bench.requireEnvironment()


def test_a_folder_without_what_is_needed_fails_in_the_panel_and_another_try_is_offered(section, home, tmp_path):
    from Testing.module.clicking import click

    backend = section().wait()
    ui = backend.ui
    chooseOffline(ui, tmp_path / "nowhere")
    assert "Choose the folder of the downloaded packages" in ui.faultNote.text
    assert not ui.installButton.enabled
    ui.wheelsPath.currentPath = str(aWheel(tmp_path / "wheels"))
    assert "python -m pip download --dest hlfd-wheels" in ui.commandField.text
    click(ui.installButton)
    assert not ui.choicesBox.enabled
    backend.wait()
    assert "lacks some for this Python" in ui.messageLabel.text
    assert ui.installButton.enabled
    assert backend.told == []
    ui.detailsSection.collapsed = False
    assert "torch" in ui.detailsView.plainText
    assert [path.name for path in (home / ".hlfd").iterdir()] == ["installation"]


def test_cancel_ends_what_runs_and_leaves_nothing(section, home, tmp_path):
    from Testing.module.clicking import click, until

    backend = section().wait()
    chooseOffline(backend.ui, aWheel(tmp_path / "wheels"))
    click(backend.ui.installButton)
    until(lambda: backend.ui.cancelButton.visible, 60)
    pid = json.loads((home / ".hlfd" / "installation" / "at-work.json").read_text())["work"]
    click(backend.ui.cancelButton)
    backend.wait()
    assert backend.ui.messageLabel.text == "Stopped. Nothing was installed."
    assert not psutil.pid_exists(pid)
    assert [path.name for path in (home / ".hlfd").iterdir()] == ["installation"]


def test_when_slicer_closes_an_installation_ends_and_the_next_start_finds_no_environment(section, home, tmp_path):
    from Testing.module.clicking import click, until

    backend = section().wait()
    chooseOffline(backend.ui, aWheel(tmp_path / "wheels"))
    click(backend.ui.installButton)
    until(lambda: backend.ui.cancelButton.visible, 60)
    steps = backend.panel._watch._steps
    backend.panel.close()
    until(lambda: steps.look() != "at work")
    assert not (home / ".hlfd" / "environment.json").exists()
    assert "Not installed yet" in section().ui.stateLabel.text


def test_an_interrupted_installation_is_told_and_its_rest_removed_at_a_click(section, home, backendFolders):
    folder = backendFolders.newFolder("own")
    backendFolders.noteInstalling(None)
    note = home / ".hlfd" / "installation" / "at-work.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "ownerMark": "of a Slicer of before"}))
    backend = section().wait()
    assert "The last installation was interrupted" in backend.ui.messageLabel.text
    assert "Not installed yet" in backend.ui.stateLabel.text
    backend.ui.messageLabel.linkActivated.emit("tidy")
    backend.wait()
    assert backend.ui.messageLabel.text == "What was left is removed."
    assert not folder.exists()


def test_while_another_slicer_installs_nothing_is_begun(section, backendFolders):
    backendFolders.noteInstalling(None)  # alive, and none of this panel's
    ui = section().wait().ui
    assert "is installing the backend" in ui.messageLabel.text
    assert not ui.installButton.enabled


@pytest.mark.parametrize("record", ["{", '{"format": 1, "kind": "own", "python": "/gone/python"}'])
def test_a_broken_environment_is_told_and_another_offered(section, home, record):
    (home / ".hlfd").mkdir()
    (home / ".hlfd" / "environment.json").write_text(record)
    ui = section().wait().ui
    assert "install" in ui.stateLabel.text
    assert ui.installButton.enabled
    assert ui.removeButton.visible
    assert not ui.checkButton.visible


def test_what_a_broken_record_named_is_deleted_only_by_those_who_are_sure(section, home, backendFolders):
    import qt

    from Testing.module.clicking import click

    folder = backendFolders.newFolder("own")
    (home / ".hlfd" / "environment.json").write_text("{")
    backend = section().wait()
    qt.answers.give(qt.QMessageBox.No)
    click(backend.ui.removeButton)
    backend.wait()
    assert folder.exists()


@pytest.mark.parametrize("isSure", [False, True])
def test_an_environment_of_ours_is_deleted_by_those_who_are_sure(section, home, backendFolders, isSure):
    import qt

    from HLFDSegmentationLib.Backend.Environment import Environment, writeEnvironment
    from Testing.module.clicking import click

    folder = backendFolders.newFolder("slicer")
    (folder / "torch.bin").write_bytes(bytes(300_000_000 // 1000))
    writeEnvironment(Environment("slicer", sys.executable, str(folder), "2.13.0", "cpu"))
    backend = section().wait()
    qt.answers.give(qt.QMessageBox.Yes if isSure else qt.QMessageBox.No)
    click(backend.ui.removeButton)
    backend.wait()
    assert "Models and trainings stay" in qt.answers.asked[-1].text
    assert folder.exists() != isSure
    assert (backend.bench.environment() is None) == isSure
    assert backend.told == (["environment"] if isSure else [])


def test_an_environment_with_a_job_at_work_is_not_deleted(section, home, backendFolders):
    import qt

    from HLFDSegmentationLib.Backend.Environment import Environment, writeEnvironment
    from HLFDSegmentationLib.BackendPlace import jobsFolder
    from Testing.module.clicking import click

    folder = backendFolders.newFolder("slicer")
    writeEnvironment(Environment("slicer", sys.executable, str(folder), "2.13.0", "cpu"))
    backend = section().wait()
    jobs = jobsFolder()
    from hlfd.jobs.folder import create

    create(jobs, "segment", {"ct": "ct.nrrd"}, home, "a-long-one")
    qt.answers.give(qt.QMessageBox.Yes)
    click(backend.ui.removeButton)
    backend.wait()
    assert "a-long-one is at work and needs the environment" in backend.ui.messageLabel.text
    assert folder.exists()


def test_the_present_environment_stays_when_another_is_looked_at(section, home):
    from HLFDSegmentationLib.Backend.Environment import Environment, writeEnvironment
    from Testing.module.clicking import click

    writeEnvironment(Environment("chosen", sys.executable, "", "2.13.0", "cpu"))
    backend = section().wait()
    assert not backend.ui.choicesBox.visible
    click(backend.ui.changeButton)
    backend.wait()
    assert backend.ui.choicesBox.visible
    assert backend.ui.installButton.enabled
    assert backend.bench.requireEnvironment().torch == "2.13.0"


def test_commands_of_the_doctor_are_shown_only_on_demand(desktop):
    from HLFDSegmentationLib.Backend.Findings import asRichText

    findings = [
        {"topic": "packages", "verdict": "warning", "say": "psutil is old.", "do": "Run: python -m pip install psutil"},
        {"topic": "disk", "verdict": "warning", "say": "2 GB are free.", "do": "Make room there."},
    ]
    shown, whole = asRichText(findings), asRichText(findings, areCommandsShown=True)
    assert "psutil is old." in shown and "Make room there." in shown
    assert "pip install" not in shown and 'href="commands"' in shown
    assert "pip install psutil" in whole and "href" not in whole
    assert "href" not in asRichText(findings[1:])
