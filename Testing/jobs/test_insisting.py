"""Work that does not end when it is asked to, and what is left of it: nothing."""

import os
import time

import psutil
import pytest

from hlfd.event_file import read_events
from hlfd.jobs import states
from hlfd.jobs.client import look
from hlfd.jobs.runner import GRACE_S, TERMINATE_S
from hlfd.jobs.states import CANCELLED, RUNNING
from Testing.jobs.acting import beside, stand_in, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="stand-ins are scripts of POSIX")

WITH_CHILDREN = """
ignores = "import signal, time; signal.signal(signal.SIGTERM, signal.{how}); print(1, flush=True); time.sleep(600)"
grandchild = "import subprocess, sys; subprocess.run([sys.executable, '-c', " + repr(ignores) + "])"
children = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) for code in (ignores, grandchild)]
for child in children:
    child.stdout.readline()
signal.signal(signal.SIGTERM, signal.{how})
tell_that_it_started()
time.sleep(600)
"""
ENDED_IN_TIME = "did not finish its step in time and was ended; checkpoint and best model are kept"


def pressed(job, ended):
    """Ask for a stop; give the seconds until its end, and the processes that worked before."""
    until(lambda: look(job).state == RUNNING)
    time.sleep(1.5)  # the runner looks every second who has come to work
    family = psutil.Process().children(recursive=True)
    assert len(family) == 4
    began = time.monotonic()
    job.ask_stop()
    until(lambda: look(job).state == states.STOPPING, 5)
    ended.result(60)
    return time.monotonic() - began, family


@pytest.mark.parametrize(
    ("how", "after_s"), [("SIG_DFL", GRACE_S), ("SIG_IGN", GRACE_S + TERMINATE_S)], ids=["is asked", "is killed"]
)
def test_work_that_ignores_a_stop_is_ended_with_all_that_it_started(how, after_s, a_job, tmp_path, monkeypatch):
    stand_in(tmp_path, WITH_CHILDREN.format(how=how), monkeypatch)
    job = a_job()
    with beside(job) as ended:
        seconds, family = pressed(job, ended)
    assert after_s <= seconds < after_s + 2
    assert not [process for process in family if process.is_running()]
    assert look(job).state == CANCELLED
    assert look(job).say == ENDED_IN_TIME
    assert read_events(job.events)[-1]["say"] == ENDED_IN_TIME


def test_what_the_work_leaves_behind_is_ended_when_it_ends(a_job, tmp_path, monkeypatch):
    body = WITH_CHILDREN.format(how="SIG_IGN").replace("time.sleep(600)\n", "time.sleep(1.5); sys.exit(2)\n")
    stand_in(tmp_path, body, monkeypatch)
    job = a_job()
    with beside(job) as ended:
        until(lambda: look(job).state == RUNNING)
        family = until(lambda: len(there := psutil.Process().children(recursive=True)) == 4 and there)
        ended.result(60)
    assert not [process for process in family if process.is_running()]


def test_a_fault_while_it_stops_is_no_stop(a_job, tmp_path, monkeypatch):
    body = "tell_that_it_started()\nwhile not (job / 'stop').exists(): time.sleep(0.01)\ntime.sleep(0.3); 1 / 0"
    stand_in(tmp_path, body, monkeypatch)
    job = a_job()
    with beside(job) as ended:
        until(lambda: look(job).state == RUNNING)
        job.ask_stop()
        assert ended.result(10) == 1
    assert look(job).state == states.FAILED
    assert look(job).say.startswith("the work failed by a fault of its own (ZeroDivisionError: division by zero)")


def test_work_that_comes_to_its_end_while_it_stops_is_done(a_job, tmp_path, monkeypatch):
    body = "tell_that_it_started()\nwhile not (job / 'stop').exists(): time.sleep(0.01)\ntime.sleep(0.3)"
    stand_in(tmp_path, body, monkeypatch)
    job = a_job()
    with beside(job) as ended:
        until(lambda: look(job).state == RUNNING)
        job.ask_stop()
        assert ended.result(10) == 0
    assert look(job).state == states.DONE
