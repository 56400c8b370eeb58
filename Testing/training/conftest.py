"""Stores and runs that the tests of training share."""

import shutil
from pathlib import Path

import pytest

from Testing.training.tiny_runs import STUDENT, TEACHER, hlfd, make_store


@pytest.fixture(scope="session")
def a_store(tmp_path_factory):
    """Four cases, two of them for training; to be read only."""
    return make_store(tmp_path_factory.mktemp("read-only") / "store")


@pytest.fixture(scope="session")
def a_taught_run(a_store, tmp_path_factory):
    """A run of `hlfd teach` of 12 steps; to be read only."""
    run = tmp_path_factory.mktemp("read-only") / "teacher"
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic") == 0
    return run


@pytest.fixture(scope="session")
def a_distilled_run(a_store, a_taught_run, tmp_path_factory):
    """A run of `hlfd distill` of 12 steps; to be read only."""
    run = tmp_path_factory.mktemp("read-only") / "student"
    assert hlfd("distill", a_store, run, "--teacher", a_taught_run, *STUDENT, "--deterministic") == 0
    return run


@pytest.fixture
def a_copy(tmp_path):
    """Copies a folder, so that it may be changed."""

    def copy(folder: Path, name: str) -> Path:
        return Path(shutil.copytree(folder, tmp_path / name))

    return copy
