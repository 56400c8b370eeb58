"""Work that does not end when it is asked to, and what is left of it: nothing."""

import os
import time
from contextlib import ExitStack

import pytest

from hlfd.event_file import read_events
from hlfd.jobs import states
from hlfd.jobs.client import look, wait_for_end
from hlfd.jobs.runner import GRACE_S, TERMINATE_S
from hlfd.jobs.states import CANCELLED, RUNNING
from Testing.jobs.acting import SOON_S, beside, stand_in, until, works_for

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="stand-ins are scripts of POSIX"),
    pytest.mark.usefixtures("written"),
]

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
LOADED_S = 15
"""What a busy computer may take beyond that."""
ENDED_IN_TIME = "did not finish its step in time and was ended; "
KEPT = {"teach": "nothing was written", "segment-folder": "what was saved before is kept"}


def family_of(job):
    """The work and all that it started, when they are there."""
    (work,) = until(lambda: [one for one in works_for(job) if "hlfd.child" in one.cmdline()])
    return [work, *until(lambda: len(there := work.children(recursive=True)) == 3 and there)]


def test_work_that_ignores_a_stop_is_asked_to_end_and_then_killed_with_all_that_it_started(
    a_job, tmp_path, monkeypatch
):
    mannerly, deaf = a_job(name="mannerly"), a_job("segment-folder", "deaf")
    bodies = [WITH_CHILDREN.format(how=how) for how in ("SIG_DFL", "SIG_IGN")]
    with ExitStack() as stack:
        for job, body in zip((mannerly, deaf), bodies, strict=True):
            stand_in(tmp_path, body, monkeypatch)
            stack.enter_context(beside(job))
            until(lambda job=job: look(job).state == RUNNING)
        families = [family_of(job) for job in (mannerly, deaf)]
        time.sleep(1.5)  # a runner looks every second who has come to work
        began = time.monotonic()
        mannerly.ask_stop(), deaf.ask_stop()
        for job, family, after_s in zip((mannerly, deaf), families, (GRACE_S, GRACE_S + TERMINATE_S), strict=True):
            view = wait_for_end(job, SOON_S)
            assert after_s <= time.monotonic() - began < after_s + LOADED_S
            assert (view.state, view.say) == (CANCELLED, ENDED_IN_TIME + KEPT[view.command])
            assert not [process for process in family if process.is_running()]
            assert read_events(job.events)[-1]["say"] == view.say


def test_what_the_work_leaves_behind_is_ended_when_it_ends(a_job, tmp_path, monkeypatch):
    body = WITH_CHILDREN.format(how="SIG_IGN").replace("time.sleep(600)\n", "time.sleep(1.5); sys.exit(2)\n")
    stand_in(tmp_path, body, monkeypatch)
    job = a_job()
    with beside(job) as ended:
        until(lambda: look(job).state == RUNNING)
        family = family_of(job)
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


def test_work_that_the_system_ends_before_it_could_listen_was_stopped(a_job, tmp_path, monkeypatch):
    stand_in(tmp_path, "(job / 'stop').touch(); os.kill(os.getpid(), signal.SIGTERM)", monkeypatch)
    job = a_job()
    with beside(job) as ended:
        assert ended.result(10) == 0
    assert (look(job).state, look(job).say) == (CANCELLED, "stopped before it began")
