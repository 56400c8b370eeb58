"""One training: others want its run, its runner is killed, it is found lost, and resumed it ends as if undisturbed."""

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
from Testing.jobs.acting import SOON_S, end_all, until, works_for
from Testing.jobs.real import AS_OPTIONS, at_step, new_training, runner_of, started_training
from Testing.training.tiny_runs import assert_same_run

WITHIN_S = 10
pytestmark = pytest.mark.skipif(os.name == "nt", reason="work is halted by a signal of POSIX")


@pytest.fixture(scope="module")
def halted(a_store, tmp_path_factory):
    """A training with a process that cuts its crops, halted at step 10 or a little later; its work, and its run."""
    folder = tmp_path_factory.mktemp("lost")
    job = started_training(folder / "jobs", a_store, folder / "run", workers=1)
    at_step(job, 10)
    (work,) = psutil.Process(runner_of(job)).children()
    work.suspend()
    yield job, work, folder / "run"
    end_all(folder)


@pytest.fixture(scope="module")
def killed(halted):
    """The training, which moves again, and whose runner is then killed; its processes, and when."""
    job, work, run = halted
    work.resume()
    family = works_for(job)
    assert len(family) >= 3  # the runner, the work, and who cuts its crops
    psutil.Process(runner_of(job)).kill()
    return job, family, time.monotonic(), run


def test_a_second_runner_leaves_and_changes_nothing(halted):
    job, _, _ = halted
    told, request = len(read_events(job.events)), job.request()
    assert launch(job).wait(SOON_S) == EXIT_BUSY
    assert job.log.read_text().endswith(f"hlfd: {job.name}: another runner is at work on it\n")
    assert (len(read_events(job.events)), job.request()) == (told, request)
    assert job.status()["mark"] == start_mark(runner_of(job))


def test_a_terminal_cannot_take_the_run_of_a_job(halted, a_store, refused):
    _, _, run = halted
    told = (
        "another process is at work in it; wait for its end, stop it (`hlfd jobs list` shows jobs), or choose another"
    )
    assert f"{run}: {told}" in refused("teach", a_store, run, *AS_OPTIONS, "--resume")
    assert f"{run}: {told}" in refused("teach", a_store, run, *AS_OPTIONS, "--overwrite")
    assert "already exists; choose another name" in refused("teach", a_store, run, *AS_OPTIONS)


def test_another_job_cannot_take_it_either_and_says_so_in_one_sentence(halted, a_store):
    job, _, run = halted
    second = started_training(job.folder.parent, a_store, run, overwrite=True)
    view = wait_for_end(second, SOON_S)
    assert view.state == states.FAILED
    assert view.say.startswith(f"{run}: another process is at work in it; wait for its end, stop it")


def test_the_first_is_at_work_all_the_while_and_its_runner_beats(halted):
    job, _, _ = halted
    beat = job.status()["heartbeat"]
    until(lambda: job.status()["heartbeat"] > beat, 5)
    assert look(job).state == states.RUNNING


def test_when_the_runner_is_killed_the_work_and_all_its_children_are_gone_within_ten_seconds(killed):
    _, family, when, _ = killed
    psutil.wait_procs(family, timeout=WITHIN_S)
    assert not [process for process in family if process.is_running() and process.status() != psutil.STATUS_ZOMBIE]
    assert time.monotonic() - when < WITHIN_S


def test_it_is_found_lost_within_ten_seconds_and_says_what_to_do(killed):
    job, _, when, _ = killed
    view = wait_for_end(job, WITHIN_S)
    assert time.monotonic() - when < WITHIN_S
    assert view.state == states.LOST
    assert "its process is gone, without a word, since" in view.say
    assert view.say.endswith(f"; `hlfd jobs resume {job.name}` goes on")
    assert job.status()["state"] == states.RUNNING  # nobody writes that a job is lost


def test_resumed_it_ends_as_if_nothing_had_been(killed, undisturbed):
    job, _, _, run = killed
    until(lambda: look(job).state == states.LOST)
    events = len(read_events(job.events))
    resume(job)
    assert look(job).state == states.QUEUED
    view = wait_for_end(job, SOON_S)
    assert view.state == states.DONE, view
    assert job.status()["attempt"] == 2
    started = next(event for event in read_events(job.events)[events:] if event["event"] == "started")
    assert started["at"] >= 9  # there is a checkpoint a step
    assert_same_run(run, undisturbed)
    assert list(run.rglob(".hlfd-part-*")) == []


def test_a_runner_that_is_started_on_what_is_done_changes_nothing(killed):
    job, _, _, _ = killed
    assert wait_for_end(job, SOON_S).state == states.DONE
    before = job.status()
    assert launch(job).wait(SOON_S) == EXIT_BUSY
    assert job.status() == before
    assert job.log.read_text().endswith(f"hlfd: {job.name}: is done; `hlfd jobs resume` goes on with a job\n")


def test_a_job_whose_runner_cannot_start_is_lost_and_says_where_to_look(a_store, jobs, tmp_path, monkeypatch):
    monkeypatch.setattr(client, "LOST_AFTER_S", 0.2)
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -I -S "$@"\n')
    bare.chmod(0o755)
    job = new_training(jobs, a_store, tmp_path / "run")
    assert launch(job, python=bare).wait(SOON_S) == 1
    view = until(lambda: (seen := look(job)).state == states.LOST and seen)
    assert view.say == f"it did not begin (see {job.log}); `hlfd jobs resume {job.name}` goes on"
    assert "No module named" in job.log.read_text()
