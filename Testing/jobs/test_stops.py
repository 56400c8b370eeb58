"""Stop pressed at moments drawn at random: every time the job explains itself, nothing is left, and it goes on.

The drill in Testing/benchmarks presses a hundred times.
"""

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
from Testing.jobs.real import as_options, started_training
from Testing.training.tiny_runs import assert_same_run, hlfd

STEPS, TIMES, SEED = 150, 3, 0
SLACK_S = 2


def press(job, draw):
    """Ask for a stop in one of the ways that there are: the file, a queue's time limit, a log-out."""
    runner = job.status().get("pid")
    way = draw.choice(["file", "file", "limit", "log-out"]) if runner else "file"
    if way == "file":
        ask_stop(job)
    elif way == "limit":
        os.kill(runner, signal.SIGTERM)
    else:  # as systemd does it
        os.killpg(runner, signal.SIGTERM)
        os.killpg(runner, signal.SIGHUP)


def stop_somewhere(job, draw):
    """Stop a job that starts or runs; give the seconds that it took."""
    if draw.random() < 0.6:
        until(lambda: look(job).state not in (states.QUEUED, states.STARTING))
        time.sleep(draw.uniform(0, 0.5))
    else:
        time.sleep(draw.uniform(0, 4))
    press(job, draw)
    began = time.monotonic()
    view = wait_for_end(job, SOON_S)
    seconds = time.monotonic() - began
    assert view.state == states.CANCELLED, view
    assert seconds < GRACE_S + TERMINATE_S + SLACK_S
    until(lambda: not works_for(job), 5)
    return seconds


def assert_explains_itself(job):
    view = look(job)
    assert view.say == job.result()["say"] == read_events(job.events)[-1]["say"] != ""
    assert list(job.folder.glob(f"{UNFINISHED}*")) == []
    assert not view.step or (job.folder.parents[1] / job.name / "bundle" / "weights.safetensors").exists()


@pytest.mark.skipif(os.name == "nt", reason="stops by signals of POSIX, too")
def test_a_training_stopped_three_times_ends_as_if_never_stopped(a_store, tmp_path, record_property):
    draw, run = random.Random(SEED), tmp_path / "run"
    job = started_training(tmp_path / "jobs", a_store, run, "run", steps=STEPS)
    took, reached = [], []
    for attempt in range(1, TIMES + 1):
        took.append(round(stop_somewhere(job, draw), 2))
        assert_explains_itself(job)
        assert job.status()["attempt"] == attempt
        reached.append(look(job).step)
        resume(job)
    assert hlfd("teach", a_store, tmp_path / "undisturbed", *as_options(steps=STEPS)) == 0
    view = wait_for_end(job, SOON_S)
    assert view.state == states.DONE, view
    assert_same_run(run, tmp_path / "undisturbed")
    record_property("seconds from stop to end", took)
    record_property("at step", reached)
