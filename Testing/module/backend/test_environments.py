"""The section Backend with an environment: checking, using, removing it; and one that is broken."""

import sys
from pathlib import Path

import pytest

READY_ALREADY = "A Python environment of mine"


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
