"""Folders of installations: what a crash left, what is at work, and what is not ours."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from HLFDSegmentationLib.Backend import InstalledFolders
from HLFDSegmentationLib.Backend.Environment import CHOSEN, OWN
from HLFDSegmentationLib.Backend.InstallationPlans import Wish
from HLFDSegmentationLib.Words import Refusal
from Testing.slicer.installation.installing import LITTLE, install


def test_an_installation_that_a_crash_ended_is_found_told_and_removed(home):
    folder = InstalledFolders.newFolder(OWN)
    InstalledFolders.noteInstalling(None)
    assert InstalledFolders.isInstalling()
    assert InstalledFolders.leftovers() == []
    note = home / "installation" / "at-work.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "ownerMark": "of a process of before"}))
    assert InstalledFolders.wasInterrupted()
    assert InstalledFolders.leftovers() == [folder]
    InstalledFolders.removeLeftovers()
    assert not folder.exists()
    assert not InstalledFolders.wasInterrupted()


def test_what_a_crashed_slicer_left_at_work_is_ended_first(home):
    orphan = subprocess.Popen(["sleep", "600"], start_new_session=True)
    InstalledFolders.noteInstalling(orphan.pid)
    note = home / "installation" / "at-work.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "ownerMark": "of a process of before"}))
    InstalledFolders.removeLeftovers()
    assert orphan.wait(10) != 0


def test_two_installations_at_once_are_refused(home):
    InstalledFolders.noteInstalling(None)
    with pytest.raises(Refusal, match="is being installed already"):
        install(Wish(CHOSEN, LITTLE, sys.executable))


def test_a_folder_that_is_not_ours_is_never_removed(home):
    (home / "environment").mkdir(parents=True)
    (home / "environment" / "thesis.txt").write_text("years")
    assert InstalledFolders.leftovers() == []
    assert InstalledFolders.newFolder(OWN) == home / "environment-2"


def test_the_environment_is_not_removed_while_a_job_is_at_work():
    from hlfd.jobs.folder import create
    from HLFDSegmentationLib.BackendPlace import jobsFolder

    create(jobsFolder(), "segment", {"ct": "ct.nrrd"}, Path.home(), "a-long-one")
    with pytest.raises(Refusal, match="a-long-one is at work and needs the environment"):
        InstalledFolders.removeEnvironment()
