"""How a job looks to whoever has only its folder: who is at work, who is lost, and what may be done."""

import os
import subprocess
import sys
import time

import psutil
import pytest

from hlfd.errors import InputError
from hlfd.jobs import client, states
from hlfd.jobs.client import ask_stop, launch, look, look_at_all, outputs, remove, resume, wait_for_end
from hlfd.jobs.folder import this_host
from hlfd.jobs.process import start_mark

AGO_S = 3600


@pytest.fixture
def told(a_job):
    """Makes a job with a status that a runner could have written, `ago_s` seconds ago."""

    def make(state=states.RUNNING, ago_s=0.0, **facts):
        job = a_job()
        own = {"pid": os.getpid(), "mark": start_mark(os.getpid()), "host": this_host(), "attempt": 1}
        job.write_status(state, "Teaching", **{**own, **facts})
        status = job.folder / "status.json"
        beat = job.status()["heartbeat"]
        status.write_text(status.read_text().replace(str(beat), str(round(beat - ago_s, 3))))
        return job

    return make


@pytest.fixture
def gone():
    """A process that has ended: its id and mark."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        mark = start_mark(process.pid)
        assert mark
    return process.pid, mark


def test_who_is_at_work_is_told_with_how_far_he_is(told):
    view = look(told(step=30, of=200, left_s=12.5))
    assert (view.command, view.state, view.say) == ("teach", "running", "Teaching")
    assert (view.step, view.of, view.left_s, view.is_active) == (30, 200, 12.5, True)


def test_a_process_that_is_gone_is_lost_after_eight_seconds_of_silence(told, gone):
    pid, mark = gone
    assert look(told(pid=pid, mark=mark, ago_s=7)).state == states.RUNNING
    job = told(pid=pid, mark=mark, ago_s=9)
    view = look(job)
    assert view.state == states.LOST and not view.is_active
    since = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(job.status()["heartbeat"]))
    assert view.say == f"its process is gone, without a word, since {since}; `hlfd jobs resume {job.name}` goes on"


def test_another_process_with_the_same_number_is_not_the_runner(told):
    assert look(told(mark="another boot 123", ago_s=9)).state == states.LOST


def test_a_laptop_that_slept_for_an_hour_has_lost_nothing(told):
    assert look(told(ago_s=AGO_S)).state == states.RUNNING


def test_a_clock_that_was_put_back_hides_no_lost_job(told, gone):
    pid, mark = gone
    assert look(told(pid=pid, mark=mark, ago_s=-AGO_S)).state == states.LOST
    assert look(told(ago_s=-AGO_S)).state == states.RUNNING


def test_another_computer_is_lost_after_a_minute_of_silence(told):
    assert look(told(host="elsewhere", mark="theirs", ago_s=50)).state == states.RUNNING
    view = look(told(host="elsewhere", mark="theirs", ago_s=70))
    assert view.state == states.LOST
    assert view.say.startswith("silent for 70 s on elsewhere; `hlfd jobs resume ")


@pytest.mark.parametrize("state", [states.STARTING, states.RUNNING, states.STOPPING])
def test_every_active_state_can_be_lost(state, told):
    assert look(told(state, mark="another boot 123", ago_s=9)).state == states.LOST


@pytest.mark.parametrize("state", [states.DONE, states.FAILED, states.CANCELLED])
def test_what_has_ended_is_never_lost(state, told):
    assert look(told(state, mark="another boot 123", ago_s=AGO_S)).state == state


def test_a_job_that_nobody_began_within_thirty_seconds_is_lost(told):
    assert look(told(states.QUEUED, pid=None, ago_s=29)).state == states.QUEUED
    job = told(states.QUEUED, pid=None, ago_s=31)
    view = look(job)
    assert (view.state, view.say.partition(";")[0]) == (states.LOST, f"it did not begin within 30 s (see {job.log})")


def test_a_runner_that_ended_before_its_first_word_is_told_earlier(told, gone):
    job = told(states.QUEUED, pid=None, mark=None, ago_s=9)
    pid, mark = gone
    job.write_launched({"pid": pid, "mark": mark, "host": this_host()})
    assert (look(job).state, look(job).say.partition(";")[0]) == (states.LOST, f"it did not begin (see {job.log})")
    job.write_launched({"pid": os.getpid(), "mark": start_mark(os.getpid()), "host": this_host()})
    assert look(job).state == states.QUEUED


@pytest.mark.parametrize("content", [None, "", "{", "[]", '"running"', '{"say": "hello"}', "\x00\x00", "{}"])
def test_a_job_whose_status_is_gone_or_broken_can_be_resumed(content, a_job):
    job = a_job()
    status = job.folder / "status.json"
    status.unlink() if content is None else status.write_text(content)
    view = look(job)
    assert view.state == states.LOST and "did not begin" in view.say


def test_a_broken_job_does_not_hide_the_others(a_job, jobs):
    broken, good = a_job(), a_job()
    (broken.folder / "request.json").write_text("{")
    (jobs / "no job").mkdir()
    views = {view.name: view for view in look_at_all(jobs)}
    assert views.keys() == {broken.name, good.name}
    assert views[good.name].state == states.QUEUED
    assert views[broken.name].state == states.LOST
    assert "not readable as the request of a job" in views[broken.name].say


def test_only_what_somebody_is_at_work_on_is_stopped(told):
    job = told()
    ask_stop(job)
    assert job.stop_file.exists()
    ended = told(states.DONE)
    with pytest.raises(InputError, match=f"^{ended.name}: is done; there is nothing to stop$"):
        ask_stop(ended)
    assert not ended.stop_file.exists()


@pytest.mark.parametrize("state", states.ACTIVE)
def test_a_job_at_work_is_neither_removed_nor_resumed(state, told):
    job = told(state)
    with pytest.raises(InputError, match=rf"is {state}; stop it first \(hlfd jobs stop {job.name}\)"):
        remove(job)
    with pytest.raises(InputError, match=f"{job.name}: cannot be resumed: it is {state}"):
        resume(job)
    assert job.status()["state"] == state


def test_what_is_done_is_not_resumed_and_is_removed(told):
    job = told(states.DONE)
    with pytest.raises(InputError, match="cannot be resumed: it is done"):
        resume(job)
    remove(job)
    assert not job.folder.exists()


def test_waiting_for_the_end_gives_up_in_time(told):
    began = time.monotonic()
    assert wait_for_end(told(), timeout_s=0.3).state == states.RUNNING
    assert 0.3 <= time.monotonic() - began < 2
    assert wait_for_end(told(states.DONE), timeout_s=60).state == states.DONE


def test_folders_that_the_environment_names_mean_the_same_to_a_runner_that_begins_elsewhere(
    a_job, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    given = []
    monkeypatch.setattr(client, "_of_its_own", lambda _command, env, **_how: given.append(env) or psutil.Process())
    launch(a_job(), environment={"PYTHONPATH": f"lib{os.pathsep}{os.pathsep}more", "HLFD_PACKAGES": "own"})
    assert given[0]["PYTHONPATH"] == os.pathsep.join(str(tmp_path / name) for name in ("lib", "more"))
    assert given[0]["HLFD_PACKAGES"] == str(tmp_path / "own")


def test_outputs_are_where_the_command_leaves_them(tmp_path):
    where = str(tmp_path)
    assert outputs({"where": where, "settings": {"run": "runs/a", "store": "s"}}) == [tmp_path / "runs" / "a"]
    absolute = str(tmp_path / "x.nrrd")
    assert outputs({"where": "/elsewhere", "settings": {"out": absolute}}) == [tmp_path / "x.nrrd"]
    assert outputs({"where": where, "settings": {}}) == []
    both = {"out": "x.seg.nrrd", "report": "x.json", "ct": "ct.nrrd"}
    assert outputs({"where": where, "settings": both}) == [tmp_path / "x.seg.nrrd", tmp_path / "x.json"]
    prepared = {"command": "prepare", "where": where, "settings": {"data": "cts", "store": "store"}}
    assert outputs(prepared) == [tmp_path / "store"]
