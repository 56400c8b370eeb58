"""Distillations for the tests, in an empty home."""

import os
import sys

import pytest

from Testing.slicer.distillation.jobs_by_hand import aJob


@pytest.fixture
def home(tmp_path, monkeypatch):
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("USERPROFILE", str(folder))
    return folder


@pytest.fixture
def here():
    """An environment: this Python."""
    from HLFDSegmentationLib.BackendCalls import PlainEnvironment

    return PlainEnvironment(sys.executable, dict(os.environ))


@pytest.fixture
def aDistillation(home):
    """Makes one; its stages are in the states that are given, the rest has no jobs."""
    from HLFDSegmentationLib.Distil.Distillation import record
    from HLFDSegmentationLib.Distil.DistillationFolders import makeFolder
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    def make(name="kidney", choices=None, **states):
        folder = makeFolder(name)
        made = record(folder, choices or Choices(name=name), {"data": str(home / "nothing"), "task": "kidney"})
        for stage in made.stages:
            if stage.command in states:
                aJob(stage, **{"state": states[stage.command]})
        return made

    return make
