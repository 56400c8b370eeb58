"""Stop pressed at ten moments drawn at random: every time the job explains itself, nothing is left, and it goes on."""

import os
import random
import signal
import time

import pytest

from hlfd.event_file import read_events
from hlfd.files import UNFINISHED
from hlfd.jobs import states
from hlfd.jobs.client import ask_stop, look, resume, wait_for_end
from hlfd.jobs.runner import GRACE_S, TERMINATE_S
from Testing.jobs.acting import SOON_S, until, works_for
from Testing.jobs.real import SETTINGS, started_training
from Testing.training.tiny_runs import assert_same_run, hlfd

TIMES, STEPS = 10, 200
SLACK_S = 2


@pytest.fixture(scope="module")
def long_undisturbed(a_store, tmp_path_factory):
    """The run of as many steps, in one sitting."""
    run = tmp_path_factory.mktemp("long") / "run"
    options = [
        word
        for name, value in {**SETTINGS, "steps": STEPS}.items()
        if name not in ("deterministic", "widths")
        for word in (f"--{name.replace('_', '-')}", value)
    ]
    assert hlfd("teach", a_store, run, *options, "--widths", "2,2,3,3,4", "--deterministic") == 0
    return run


def press(job, draw):
    """Ask for a stop in one of the ways that there are."""
    if os.name == "posix" and (pid := job.status().get("pid")) and draw.random() < 0.3:
        os.kill(pid, signal.SIGTERM)
    else:
        ask_stop(job)


def test_stopped_ten_times_and_resumed_each_time_it_ends_as_if_never_stopped(
    a_store, jobs, tmp_path, long_undisturbed, record_property
):
    draw, run = random.Random(7), tmp_path / "run"
    job = started_training(jobs, a_store, run, steps=STEPS)
    took, reached = [], []
    for time_number in range(1, TIMES + 1):
        if draw.random() < 0.6:
            until(lambda: look(job).state not in (states.QUEUED, states.STARTING))
            time.sleep(draw.uniform(0, 0.5))
        else:
            time.sleep(draw.uniform(0, 4))
        if not look(job).is_active:
            break
        press(job, draw)
        began = time.monotonic()
        view = wait_for_end(job, SOON_S)
        took.append(time.monotonic() - began)
        assert took[-1] < GRACE_S + TERMINATE_S + SLACK_S
        assert view.state in (states.CANCELLED, states.DONE), view
        assert view.say
        until(lambda: not works_for(job), 5)
        assert read_events(job.events)[-1]["event"] == "ended"
        assert job.result()["say"] == view.say
        assert sorted(path.name for path in job.folder.glob(f"{UNFINISHED}*")) == []
        if view.step:
            assert (run / "bundle" / "weights.safetensors").exists()
        reached.append(view.step)
        if view.state == states.DONE:
            break
        assert job.status()["attempt"] == time_number
        resume(job)
    record_property("seconds from stop to end", [round(seconds, 2) for seconds in took])
    record_property("at step", reached)
    view = wait_for_end(job, SOON_S)
    assert view.state == states.DONE, view
    assert_same_run(run, long_undisturbed)
