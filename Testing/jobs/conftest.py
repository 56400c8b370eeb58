"""Jobs for the tests: their folder, and ones that nobody has started."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hlfd.jobs import states
from hlfd.jobs.folder import Job, create
from Testing.jobs.acting import end_all
from Testing.jobs.real import AS_OPTIONS
from Testing.training.tiny_runs import hlfd, make_store


@pytest.fixture(autouse=True)
def nothing_left_at_work(tmp_path) -> Iterator[None]:
    """End what a test that failed has left at work, so that it does not disturb the others."""
    yield
    end_all(tmp_path)


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


@pytest.fixture
def written(monkeypatch) -> Callable[[Job], list[str]]:
    """Gives the states that were written for a job in this process, in order; each may follow the one before."""
    told: dict[Path, list[str]] = defaultdict(lambda: [states.QUEUED])
    write = Job.write_status

    def write_and_remember(job, state, say="", **facts):
        before = told[job.folder]
        if state != before[-1]:
            assert state in states.FOLLOWERS[before[-1]], [*before, state]
            before.append(state)
        write(job, state, say, **facts)

    monkeypatch.setattr(Job, "write_status", write_and_remember)
    return lambda job: told[job.folder]


@pytest.fixture(scope="session")
def a_store(tmp_path_factory) -> Path:
    """Four cases of squares, two of them for training; to be read only."""
    return make_store(tmp_path_factory.mktemp("read-only") / "store")


@pytest.fixture(scope="session")
def undisturbed(a_store, tmp_path_factory) -> Path:
    """The run of a training that was no job and that nobody disturbed; to be read only."""
    run = tmp_path_factory.mktemp("read-only") / "run"
    assert hlfd("teach", a_store, run, *AS_OPTIONS) == 0
    return run
