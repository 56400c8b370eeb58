"""A disk that takes no more: the job fails with that sentence, nothing is broken, and it goes on when there is room."""

import contextlib
import os
import subprocess
import sys

import pytest

from hlfd.jobs import states
from hlfd.jobs.client import look, resume, wait_for_end
from hlfd.jobs.folder import create
from Testing.jobs.acting import SOON_S, beside, stand_in, until, works_for
from Testing.jobs.real import at_step, started_training
from Testing.training.tiny_runs import assert_same_run

PAGE_BYTES = 4096
LARGEST_BYTES = 64 * 1024
MAY_MOUNT = sys.platform == "linux" and os.geteuid() == 0
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs limits, or disks, of POSIX")


@pytest.fixture
def disk(tmp_path):
    """A disk of 3 MB."""
    if not MAY_MOUNT:
        pytest.skip("needs to mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=3m", "tmpfs", folder], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"cannot mount here: {mounted.stderr.decode()}")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)


def fill(disk):
    """Write until the disk takes no more."""
    ballast = disk / "ballast"
    with contextlib.suppress(OSError), ballast.open("wb", buffering=0) as stream:
        while True:
            stream.write(bytes(4096))
    return ballast


def test_a_disk_that_is_full_is_the_reason_of_the_failure_and_room_is_all_that_it_takes(disk, a_store, undisturbed):
    job = started_training(disk / "jobs", a_store, disk / "run")
    at_step(job, 20)
    ballast = fill(disk)
    view = wait_for_end(job, SOON_S)
    assert view.state == states.FAILED, view
    assert "the disk is full; free some space" in view.say
    assert job.result()["say"] == view.say
    assert not job.reserve.exists()
    until(lambda: not works_for(job), 5)
    ballast.unlink()
    resume(job)
    assert wait_for_end(job, SOON_S).state == states.DONE, look(job)
    assert_same_run(disk / "run", undisturbed)


def test_where_not_even_the_last_words_of_the_work_fit_the_runner_knows_why(disk, tmp_path, monkeypatch):
    job = create(disk / "jobs", "teach", {}, tmp_path)
    talks = "while True:\n    tell(event='step', step=1, note='x' * 1000)\n    time.sleep(0.01)"
    stand_in(tmp_path, f"tell_that_it_started()\n{talks}", monkeypatch)
    job.log.write_text("x" * PAGE_BYTES)  # the next line needs a page that the disk has not
    with beside(job) as ended:
        until(lambda: look(job).state == states.RUNNING)
        fill(disk)
        assert ended.result(SOON_S) == 1
    view = look(job)
    assert (view.state, view.say) == (
        states.FAILED,
        f"{job.folder}: the disk is full; free some space, then resume the job",
    )
    assert job.result()["say"] == view.say


def test_a_disk_that_is_full_from_the_start_is_told_by_whoever_asks(disk, command, a_store):
    ballast = fill(disk)
    answer = command("jobs", "start", "--folder", disk / "jobs", "teach", a_store, disk / "run")
    assert answer.status == 2
    assert "the disk is full" in answer.error and answer.error.count("\n") == 1
    ballast.unlink()
    assert not list((disk / "jobs").glob("[!.]*"))


@pytest.mark.skipif(MAY_MOUNT, reason="a small disk shows more")
def test_files_that_may_not_grow_are_a_full_disk_too(jobs, a_store, tmp_path, undisturbed):
    import resource

    usual = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LARGEST_BYTES, usual[1]))
    try:
        job = started_training(jobs, a_store, tmp_path / "run")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, usual)
    view = wait_for_end(job, SOON_S)
    assert view.state == states.FAILED, view
    assert "the disk is full; free some space" in view.say
    resume(job)
    assert wait_for_end(job, SOON_S).state == states.DONE, look(job)
    assert_same_run(tmp_path / "run", undisturbed)
