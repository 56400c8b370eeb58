"""How a runner brings a job to its end, and says how it ended."""

import json
import os

import pytest

from hlfd import machine
from hlfd.event_file import read_events
from hlfd.files import UNFINISHED
from hlfd.jobs import runner, states
from hlfd.jobs.client import look
from hlfd.jobs.folder import create
from hlfd.jobs.runner import Runner
from Testing.jobs.acting import beside, stand_in, until

REFUSED = {"store": "s", "run": "r", "steps": 0}
"""Settings that `hlfd teach` refuses at once, without loading torch."""
pytestmark = pytest.mark.usefixtures("written")
posix_only = pytest.mark.skipif(os.name == "nt", reason="stand-ins are scripts of POSIX")


def test_a_setting_that_the_command_refuses_is_the_reason_in_its_own_words(a_job, written):
    job = a_job(**REFUSED)
    assert Runner(job).run() == 1
    assert written(job) == [states.QUEUED, states.STARTING, states.FAILED]
    say = "--steps: Input should be greater than 0, found 0; see `hlfd teach --help`"
    assert look(job).say == say
    result = job.result()
    assert result == {"state": "failed", "say": say, "seconds": result["seconds"], "attempts": 1, "outputs": []}
    (ended,) = read_events(job.events)
    assert (ended["event"], ended["state"], ended["say"]) == ("ended", "failed", say)
    assert not job.reserve.exists()
    assert json.loads((job.folder / "settings.json").read_text()) == REFUSED


def test_a_stop_before_the_runner_begins_is_a_stop_without_any_work(a_job, written):
    job = a_job(**REFUSED)
    job.ask_stop()
    assert Runner(job).run() == 0
    assert written(job) == [states.QUEUED, states.STARTING, states.CANCELLED]
    assert look(job).say == "stopped before it began"
    assert not (job.folder / "settings.json").exists()


def test_the_folder_that_relative_paths_start_at_has_to_be_there(jobs, tmp_path):
    (tmp_path / "where").mkdir()
    job = create(jobs, "teach", REFUSED, tmp_path / "where")
    (tmp_path / "where").rmdir()
    assert Runner(job).run() == 1
    view = look(job)
    assert view.state == states.FAILED
    assert view.say == f"{tmp_path / 'where'}: the folder that the job was started in is gone; start the job anew"


@posix_only
@pytest.mark.parametrize(
    ("body", "say"),
    [
        ("raise ZeroDivisionError", "the work failed by a fault of its own (ZeroDivisionError)"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "the work crashed inside a library (a bad memory access)"),
        ("print('hlfd: a.nii: no CT'); sys.exit(2)", "a.nii: no CT"),
        ("print('hlfd: one'); print('hlfd: two'); print('more'); sys.exit(2)", "two"),
        ("sys.exit(77)", "the work ended with status 77"),
    ],
)
def test_a_failure_is_told_in_the_words_of_the_work_or_of_the_system(body, say, a_job, tmp_path, monkeypatch):
    stand_in(tmp_path, body, monkeypatch)
    job = a_job()
    job.log.write_text("hlfd: what an earlier attempt said\n")
    assert Runner(job).run() == 1
    assert look(job).state == states.FAILED
    assert look(job).say.startswith(say)


@posix_only
def test_what_an_earlier_attempt_told_is_not_told_again(a_job, tmp_path, monkeypatch):
    job = a_job()
    stand_in(tmp_path, "tell_that_it_started(); tell(event='step', step=7, say='seven'); sys.exit(2)", monkeypatch)
    Runner(job).run()
    assert (look(job).step, look(job).of) == (7, 9)
    stand_in(tmp_path, "sys.exit(130)", monkeypatch)
    job.write_status(states.QUEUED, attempt=job.status()["attempt"])
    Runner(job).run()
    view = look(job)
    assert (view.state, view.say, view.step, job.status()["attempt"]) == (states.CANCELLED, "stopped", None, 2)


@posix_only
def test_what_a_command_does_in_turn_is_told_as_it_does_it(a_job, tmp_path, monkeypatch, written):
    body = "tell(event='started', what='Asking the teacher', of=2); time.sleep(0.5); tell_that_it_started(); {}"
    stand_in(tmp_path, body.format("sys.stdin.read()"), monkeypatch)
    job, seen = a_job(), []
    with beside(job) as ended:
        until(lambda: seen.append(look(job).say) or seen[-1] == "Standing in")
        monkeypatch.setattr(runner, "GRACE_S", 0)
        job.ask_stop()
        assert ended.result(10) == 0
    assert "Asking the teacher" in seen
    assert written(job).count(states.RUNNING) == 1


@posix_only
@pytest.mark.parametrize(
    ("last", "say"),
    [
        ("print('hlfd: stopped; --resume goes on')", "stopped; --resume goes on"),
        ("tell(event='stopped', say='stopped at step 3'); print('hlfd: run: stopped at step 3')", "stopped at step 3"),
    ],
)
def test_a_stopped_work_s_own_sentence_is_told_and_not_what_it_said_before(last, say, a_job, tmp_path, monkeypatch):
    body = f"tell_that_it_started(); tell(event='told', say='teacher: done'); {last}; sys.exit(130)"
    stand_in(tmp_path, body, monkeypatch)
    job = a_job()
    assert Runner(job).run() == 0
    assert (look(job).state, look(job).say) == (states.CANCELLED, say)


@posix_only
def test_a_request_that_becomes_unreadable_on_the_way_is_told_too(a_job, tmp_path, monkeypatch):
    stand_in(tmp_path, "(job / 'request.json').write_text('{'); sys.exit(77)", monkeypatch)
    job = a_job()
    assert Runner(job).run() == 1
    assert job.status()["state"] == states.FAILED == job.result()["state"]


def test_what_a_killed_runner_left_half_written_is_swept_up(a_job):
    job = a_job(**REFUSED)
    left = job.folder / f"{UNFINISHED}status.json"
    left.write_text("half")
    os.utime(left, (0, 0))
    Runner(job).run()
    assert not left.exists()


@posix_only
def test_a_job_at_work_is_told_with_its_number_of_steps_and_beats_every_two_seconds(
    a_job, tmp_path, monkeypatch, written
):
    stand_in(tmp_path, "tell_that_it_started(); sys.stdin.read()", monkeypatch)
    job, beats = a_job(), set()
    with beside(job) as ended:
        until(lambda: look(job).state == states.RUNNING)
        assert (look(job).say, look(job).step, look(job).of) == ("Standing in", 0, 9)
        until(lambda: beats.add(job.status()["heartbeat"]) or len(beats) == 2)
        assert 1.9 < max(beats) - min(beats) < 4
        assert job.reserve.stat().st_size == runner.RESERVE_BYTES
        monkeypatch.setattr(runner, "GRACE_S", 0)
        job.ask_stop()
        assert ended.result(10) == 0
    assert written(job) == [states.QUEUED, states.STARTING, states.RUNNING, states.STOPPING, states.CANCELLED]


@posix_only
def test_a_fault_of_the_runner_itself_is_told_too(a_job, monkeypatch, capsys):
    def broken():
        raise ZeroDivisionError("seven")

    for module in (runner, machine):
        monkeypatch.setattr(module, "oom_kills", broken)
    job = a_job(**REFUSED)
    assert Runner(job).run() == 1
    assert look(job).state == states.FAILED
    assert "fault of its own (ZeroDivisionError('seven'))" in look(job).say
    assert "Traceback" in capsys.readouterr().err
