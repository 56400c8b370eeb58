"""A runner that is killed: its work ends, the job is found lost, and resumed it ends as if nothing had been."""

import os
import sys
import time

import psutil
import pytest

from hlfd.event_file import read_events
from hlfd.jobs import client, states
from hlfd.jobs.client import launch, look, resume, wait_for_end
from hlfd.jobs.process import start_mark
from hlfd.jobs.runner import EXIT_BUSY
from Testing.jobs.acting import SOON_S, until, works_for
from Testing.jobs.real import AS_OPTIONS, at_step, new_training, runner_of, started_training
from Testing.training.tiny_runs import assert_same_run

FOUND_WITHIN_S = 10


@pytest.fixture(scope="module")
def killed(a_store, tmp_path_factory):
    """A training with a worker process, whose runner was killed at step 20, and when."""
    folder = tmp_path_factory.mktemp("killed")
    job = started_training(folder / "jobs", a_store, folder / "run", workers=1)
    at_step(job, 20)
    family = works_for(job)
    assert len(family) >= 3  # the runner, the work, and who cuts its crops
    psutil.Process(runner_of(job)).kill()
    return job, family, time.monotonic()


def test_the_work_and_all_its_children_are_gone_within_ten_seconds(killed):
    _, family, when = killed
    psutil.wait_procs(family, timeout=FOUND_WITHIN_S)
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert time.monotonic() - when < FOUND_WITHIN_S


def test_it_is_found_lost_within_ten_seconds_and_says_what_to_do(killed):
    job, _, when = killed
    view = wait_for_end(job, FOUND_WITHIN_S)
    assert time.monotonic() - when < FOUND_WITHIN_S
    assert view.state == states.LOST
    assert "its process is gone, without a word, since" in view.say
    assert view.say.endswith(f"; `hlfd jobs resume {job.name}` goes on")
    assert job.status()["state"] in (states.STARTING, states.RUNNING)  # nobody writes that a job is lost


def test_resumed_it_ends_as_if_nothing_had_been(killed, undisturbed):
    job, _, _ = killed
    until(lambda: look(job).state == states.LOST)
    events = len(read_events(job.events))
    resume(job)
    assert look(job).state == states.QUEUED
    view = wait_for_end(job, SOON_S)
    assert view.state == states.DONE, view
    assert job.status()["attempt"] == 2
    started = next(event for event in read_events(job.events)[events:] if event["event"] == "started")
    assert started["at"] >= 19  # a checkpoint a step
    assert_same_run(job.folder.parents[1] / "run", undisturbed)
    assert not [path.name for path in (job.folder.parents[1] / "run").rglob(".hlfd-part-*")]


def test_a_runner_that_is_started_on_what_is_done_changes_nothing(killed):
    job, _, _ = killed
    assert wait_for_end(job, SOON_S).state == states.DONE
    before = job.status()
    assert launch(job).wait(SOON_S) == EXIT_BUSY
    assert job.status() == before
    assert job.log.read_text().endswith(f"hlfd: {job.name}: is done; `hlfd jobs resume` goes on with a job\n")


@pytest.mark.skipif(os.name == "nt", reason="a script of POSIX stands in for a Python without hlfd")
def test_a_job_whose_runner_cannot_start_is_lost_and_says_where_to_look(a_store, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "BEGINS_WITHIN_S", 0.2)
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    job = new_training(jobs, a_store, tmp_path / "run")
    assert launch(job, python=bare).wait(SOON_S) == 1
    view = until(lambda: (seen := look(job)).state == states.LOST and seen)
    assert "it did not begin within 0 s (see log.txt); `hlfd jobs resume" in view.say
    assert "No module named" in job.log.read_text()


@pytest.mark.skipif(os.name == "nt", reason="stopped and continued by signals of POSIX")
def test_two_of_everything_on_one_run_and_the_first_is_not_disturbed(a_store, jobs, tmp_path, refused, undisturbed):
    run = tmp_path / "run"
    job = started_training(jobs, a_store, run)
    at_step(job, 5)
    (work,) = [process for process in works_for(job) if "hlfd.child" in process.cmdline()]
    work.suspend()  # it holds its run, and cannot come to its end before the others have tried
    beats = job.status()["heartbeat"]

    assert launch(job).wait(SOON_S) == EXIT_BUSY
    assert job.log.read_text().endswith(f"hlfd: {job.name}: another runner is at work on it\n")
    assert "another process is at work in it; wait for its end" in refused(
        "teach", a_store, run, *AS_OPTIONS, "--resume"
    )
    assert "another process is at work in it" in refused("teach", a_store, run, *AS_OPTIONS, "--overwrite")
    assert "already exists; choose another name" in refused("teach", a_store, run, *AS_OPTIONS)
    second = started_training(jobs, a_store, run, overwrite=True)
    view = wait_for_end(second, SOON_S)
    assert view.state == states.FAILED
    assert view.say.startswith(f"{run}: another process is at work in it; wait for its end, stop it")

    until(lambda: job.status()["heartbeat"] > beats)  # a runner beats beside work that does not move
    assert look(job).state == states.RUNNING
    assert job.status()["mark"] == start_mark(runner_of(job))
    work.resume()
    assert wait_for_end(job, SOON_S).state == states.DONE
    assert_same_run(run, undisturbed)
