"""Jobs that begin when others are done."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hlfd.errors import InputError
from hlfd.event_file import read_events
from hlfd.files import write_json
from hlfd.jobs import chain, states
from hlfd.jobs.chain import Chain, NeverBeginsError
from hlfd.jobs.client import launch, look, wait_for_end
from hlfd.jobs.folder import Job, create, delete, this_host
from hlfd.jobs.process import start_mark
from hlfd.jobs.runner import Runner
from Testing.jobs.acting import SOON_S, beside, stand_in, until

posix_only = pytest.mark.skipif(os.name == "nt", reason="stand-ins are scripts of POSIX")
ENDS_WELL = "tell_that_it_started(); tell(event='done', say='all is made')"


@pytest.fixture
def at_work():
    """Lets a job look as if this process were its runner."""

    def tell(job, state=states.RUNNING, say="Preparing", ago_s=0.0, mark=None):
        mark = mark or start_mark(os.getpid())
        who = {"pid": os.getpid(), "mark": mark, "host": this_host(), "attempt": 1}
        told = {"state": state, "say": say, "heartbeat": time.time() - ago_s, **who}
        write_json(job.folder / "status.json", told)
        return job

    return tell


@pytest.fixture
def a_pair(a_job, at_work, jobs, tmp_path, monkeypatch):
    """A job at work, and one that comes after it."""
    monkeypatch.setattr(chain, "POLL_S", 0.02)
    first = at_work(a_job("prepare", "kidney-prepare"))
    return first, create(jobs, "teach", {}, tmp_path, "kidney-teach", after=[first.name])


def waits(job):
    """Wait until a job tells that it waits."""
    return until(lambda: look(job).say.startswith("waits for kidney-prepare") and look(job))


@posix_only
def test_a_job_waits_with_a_beating_runner_until_the_other_is_done(a_pair, tmp_path, monkeypatch, written, at_work):
    first, second = a_pair
    stand_in(tmp_path, ENDS_WELL, monkeypatch)
    with beside(second) as ended:
        view = waits(second)
        assert (view.state, view.say, view.is_active) == (states.QUEUED, "waits for kidney-prepare", True)
        status = second.status()
        assert (status["pid"], status["attempt"]) == (os.getpid(), 0)
        assert not (second.folder / "settings.json").exists()
        at_work(first, states.DONE)
        assert ended.result(SOON_S) == 0
    assert [state for state in written(second) if state != states.RUNNING] == [
        states.QUEUED,
        states.STARTING,
        states.DONE,
    ]
    assert (look(second).say, second.status()["attempt"]) == ("all is made", 1)


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (states.FAILED, "did not begin: kidney-prepare failed: no case has tumour"),
        (states.CANCELLED, "did not begin: kidney-prepare was cancelled: no case has tumour"),
    ],
)
def test_a_job_whose_predecessor_ends_otherwise_is_cancelled_with_the_reason(state, told, a_pair, written, at_work):
    first, second = a_pair
    with beside(second) as ended:
        waits(second)
        at_work(first, state, "no case has tumour")
        assert ended.result(SOON_S) == 0
    assert (look(second).state, look(second).say) == (states.CANCELLED, told)
    assert written(second) == [states.QUEUED, states.CANCELLED]
    assert second.result()["attempts"] == 0 and not second.reserve.exists()
    assert [event["event"] for event in read_events(second.events)] == ["ended"]


def test_the_first_of_a_chain_is_the_reason_for_all_that_did_not_begin(a_pair, at_work):
    first, second = a_pair
    at_work(first, states.CANCELLED, "did not begin: kidney-cts failed: the disk is full")
    assert Runner(second).run() == 0
    assert look(second).say == "did not begin: kidney-cts failed: the disk is full"


def test_a_predecessor_that_is_removed_lets_nobody_wait_for_ever(a_pair):
    first, second = a_pair
    with beside(second) as ended:
        waits(second)
        delete(first)
        assert ended.result(SOON_S) == 0
    assert look(second).say == "did not begin: kidney-prepare: it was removed; start this job anew without it"


def test_a_stop_ends_the_waiting(a_pair, written):
    _, second = a_pair
    with beside(second) as ended:
        waits(second)
        second.ask_stop()
        assert ended.result(SOON_S) == 0
    assert (look(second).state, look(second).say) == (states.CANCELLED, "stopped before it began")
    assert written(second) == [states.QUEUED, states.CANCELLED]


@posix_only
def test_resumed_it_waits_again_while_its_predecessor_is_not_done(a_pair, tmp_path, monkeypatch, at_work):
    first, second = a_pair
    stand_in(tmp_path, ENDS_WELL, monkeypatch)
    at_work(first, states.FAILED, "the disk is full")
    Runner(second).run()
    assert look(second).state == states.CANCELLED
    at_work(first)  # somebody resumed it
    second.write_status(states.QUEUED, attempt=second.status()["attempt"])
    with beside(second) as ended:
        waits(second)
        at_work(first, states.DONE)
        assert ended.result(SOON_S) == 0
    assert look(second).state == states.DONE


@posix_only
def test_what_has_begun_once_asks_no_more_for_what_came_before_it(a_pair, tmp_path, monkeypatch, at_work):
    first, second = a_pair
    at_work(first, states.DONE)
    stand_in(tmp_path, "sys.exit(130)", monkeypatch)
    Runner(second).run()
    delete(first)
    second.write_status(states.QUEUED, attempt=second.status()["attempt"])
    stand_in(tmp_path, ENDS_WELL, monkeypatch)
    assert Runner(second).run() == 0
    assert (look(second).state, second.status()["attempt"]) == (states.DONE, 2)


def test_a_lost_predecessor_may_come_back_within_a_minute(a_pair, at_work):
    first, second = a_pair
    now = [0.0]
    looked = Chain(second, [first.name], clock=lambda: now[0])
    at_work(first, mark="another boot 123", ago_s=9)
    is_lost = "waits for kidney-prepare, which is lost (`hlfd jobs resume kidney-prepare` goes on)"
    assert looked.look() == is_lost
    now[0] = 59.0
    assert looked.look() == is_lost
    at_work(first)
    assert looked.look() == "waits for kidney-prepare"
    at_work(first, mark="another boot 123", ago_s=9)
    now[0] = 100.0
    assert looked.look() == is_lost  # the minute begins anew
    now[0] = 160.0
    with pytest.raises(NeverBeginsError, match="did not begin: kidney-prepare is lost: its process is gone"):
        looked.look()


def test_of_several_those_are_told_that_are_not_done_and_a_done_one_may_be_removed(a_job, at_work, jobs, tmp_path):
    one, two, three = (at_work(a_job(name=name)) for name in ("one", "two", "three"))
    last = create(jobs, "distill", {}, tmp_path, after=["one", "two", "three"])
    looked = Chain(last, last.request()["after"])
    assert looked.look() == "waits for one and two and three"
    at_work(two, states.DONE)
    assert looked.look() == "waits for one and three"
    delete(two)
    for job in (one, three):
        at_work(job, states.DONE)
    assert looked.look() == ""


def test_nobody_waits_for_a_job_that_there_is_not(a_job, jobs, tmp_path):
    with pytest.raises(InputError, match="nobody: no such job in"):
        create(jobs, "teach", {}, tmp_path, "mine", after=["nobody"])
    a_job(name="first")
    assert create(jobs, "teach", {}, tmp_path, after=["last"]).request()["after"] == ["first"]
    assert "after" not in a_job().request()
    assert not (jobs / "mine").exists()


def test_a_chain_in_a_terminal_outlives_its_starter_and_needs_no_torch(a_job, at_work, jobs, command, refused):
    options = ["--folder", jobs, "--name", "second"]
    teach = ["teach", "--steps", "1", "s", "r"]
    assert "nobody: no such job" in refused("jobs", "start", *options, "--after", "nobody", *teach)
    first, other = at_work(a_job(name="first")), at_work(a_job(name="other"))
    starting = [sys.executable, "-m", "hlfd", "jobs", "start", *options, "--after", "first,other", *teach]
    said = subprocess.run(list(map(str, starting)), capture_output=True, text=True, check=True).stdout
    assert said.startswith("second: begins after first and other; `hlfd jobs watch second` looks on")
    second = Job(jobs / "second")
    until(lambda: look(second).say == "waits for first and other")
    assert "waits for first and other" in command("jobs", "list", "--folder", jobs).out
    assert "torch" not in _loaded_by(second.status()["pid"])
    at_work(other, states.DONE)
    at_work(first, states.FAILED, "no CT")
    assert wait_for_end(second, SOON_S).say == "did not begin: first failed: no CT"


def _loaded_by(pid):
    """The libraries that a process has mapped, where the system tells."""
    try:
        return Path(f"/proc/{pid}/maps").read_text(encoding="utf-8")
    except OSError:
        return ""


def test_a_launched_runner_that_dies_while_it_waits_is_lost(a_pair):
    _, second = a_pair
    runner = launch(second)
    until(lambda: second.status().get("pid"))
    runner.kill()
    runner.wait()
    status = second.status()
    write_json(second.folder / "status.json", status | {"heartbeat": status["heartbeat"] - 9})
    assert look(second).state == states.LOST
