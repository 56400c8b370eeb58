"""The section Backend, clicked: installing, cancelling, and what was interrupted."""

import json
from pathlib import Path

import psutil

from Testing.module.backend.backend_bench import OWN, aWheel, chooseOffline


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
