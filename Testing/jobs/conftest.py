"""Jobs for the tests: their folder, and ones that nobody has started."""

from collections.abc import Callable
from pathlib import Path

import pytest

from hlfd.jobs.folder import Job, create


@pytest.fixture
def jobs(tmp_path) -> Path:
    """Folder of jobs, not there yet."""
    return tmp_path / "jobs"


@pytest.fixture
def a_job(jobs, tmp_path) -> Callable[..., Job]:
    """Makes a job that waits for its start."""

    def make(command: str = "teach", name: str = "", **settings) -> Job:
        return create(jobs, command, settings, tmp_path, name)

    return make
