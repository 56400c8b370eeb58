"""Work that is killed for lack of memory goes on by itself with less at once; killed by somebody, it does not."""

import os

import pytest

from hlfd import machine
from hlfd.event_file import read_events
from hlfd.jobs import runner, states
from hlfd.jobs.client import look
from hlfd.jobs.runner import Runner
from Testing.jobs.acting import stand_in, works_for

pytestmark = [
    pytest.mark.skipif(os.name == "nt", reason="stand-ins are scripts of POSIX"),
    pytest.mark.usefixtures("written"),
]

FALLS = """
make_run()
tell_that_it_started()
with (job / "started").open("a") as stream:
    stream.write(f"{settings.get('accumulate', 1)} {settings.get('resume', False)}\\n")
"""
KILLED = FALLS + "os.kill(os.getpid(), 9)"
SAYS_SO = FALLS + "print('hlfd: memory is short'); sys.exit(12)"


@pytest.fixture
def kernel(monkeypatch):
    """Sets what the kernel counts: nothing, or so many kills more each time that it is asked."""

    def counts(more):
        kills = iter(range(0, 1000, more or 1)) if more is not None else None
        for module in (runner, machine):
            monkeypatch.setattr(module, "oom_kills", lambda: None if kills is None else (next(kills) if more else 3))

    return counts


def starts(job):
    return [line.split() for line in (job.folder / "started").read_text().splitlines()]


@pytest.mark.parametrize("counted", [None, 1], ids=["nobody counts", "the kernel counts it"])
def test_killed_work_goes_on_in_twice_the_parts_three_times(counted, a_job, tmp_path, monkeypatch, kernel):
    kernel(counted)
    stand_in(tmp_path, KILLED, monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=32, accumulate=2)
    assert Runner(job).run() == 1
    assert starts(job) == [["2", "False"], ["4", "True"], ["8", "True"], ["16", "True"]]
    why = "killed by the system because memory ran out" if counted else "killed by the system or by somebody, most"
    assert why in look(job).say and look(job).state == states.FAILED
    told = [event["say"] for event in read_events(job.events) if event["event"] == "smaller"]
    assert [say.rpartition("; ")[2] for say in told] == [f"it goes on in {parts} parts a step" for parts in (4, 8, 16)]
    assert job.status()["attempt"] == job.result()["attempts"] == 4
    assert not works_for(job)


def test_work_that_is_killed_before_it_tells_its_parts_has_those_that_were_asked_for(
    a_job, tmp_path, monkeypatch, kernel
):
    kernel(None)
    stand_in(tmp_path, KILLED.replace("tell_that_it_started()", ""), monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=16, accumulate=4)
    Runner(job).run()
    assert [parts for parts, _ in starts(job)] == ["4", "8", "16"]


def test_a_job_that_tells_no_batch_has_the_usual_one(a_job, tmp_path, monkeypatch, kernel):
    kernel(None)
    stand_in(tmp_path, KILLED, monkeypatch)
    job = a_job(run=str(tmp_path / "run"))
    Runner(job).run()
    assert [parts for parts, _ in starts(job)] == ["1", "2", "4", "8"]


@pytest.mark.parametrize(("batch", "devices", "parts"), [(1, 1, "1"), (2, 1, "12"), (6, 1, "1246"), (8, 4, "12")])
def test_there_are_never_more_parts_than_a_device_has_crops(
    batch, devices, parts, a_job, tmp_path, monkeypatch, kernel
):
    kernel(None)
    stand_in(tmp_path, KILLED, monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=batch, devices=devices)
    Runner(job).run()
    assert "".join(parts for parts, _ in starts(job)) == parts


def test_an_arena_whose_events_tell_no_parts_is_given_more_each_time_too(a_job, tmp_path, monkeypatch, kernel):
    kernel(None)
    stand_in(tmp_path, KILLED.replace("tell_that_it_started()", "tell(event='started', what='Comparing')"), monkeypatch)
    job = a_job("arena", run=str(tmp_path / "run"), batch=8)
    Runner(job).run()
    assert [parts for parts, _ in starts(job)] == ["1", "2", "4", "8"]


def test_work_that_says_itself_that_memory_is_short_goes_on_in_parts(a_job, tmp_path, monkeypatch, kernel):
    kernel(0)
    stand_in(tmp_path, SAYS_SO, monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=2)
    assert Runner(job).run() == 1
    assert [parts for parts, _ in starts(job)] == ["1", "2"]
    assert look(job).say == "memory is short"


def test_work_that_somebody_killed_has_failed_and_can_be_resumed(a_job, tmp_path, monkeypatch, kernel):
    kernel(0)
    stand_in(tmp_path, KILLED, monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=8)
    assert Runner(job).run() == 1
    assert starts(job) == [["1", "False"]]
    assert look(job).state == states.FAILED
    assert look(job).say.startswith("the work was killed by somebody, not for lack of memory")
    job.write_status(states.QUEUED)
    stand_in(tmp_path, FALLS, monkeypatch)
    assert Runner(job).run() == 0
    assert starts(job)[-1] == ["1", "True"]


def test_what_cannot_be_gone_on_with_is_not_started_again(a_job, tmp_path, monkeypatch, kernel):
    kernel(None)
    stand_in(tmp_path, KILLED.replace("make_run()", ""), monkeypatch)  # killed before there was a run
    job = a_job(run=str(tmp_path / "run"), batch=8)
    assert Runner(job).run() == 1
    assert len(starts(job)) == 1


def test_a_job_that_resumes_a_run_of_before_goes_on_too(a_job, tmp_path, monkeypatch, kernel):
    kernel(None)
    stand_in(tmp_path, KILLED.replace("make_run()", ""), monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=2, resume=True)
    assert Runner(job).run() == 1
    assert starts(job) == [["1", "True"], ["2", "True"]]


def test_a_run_of_somebody_else_is_not_gone_on_with(a_job, tmp_path, monkeypatch, kernel):
    kernel(None)
    stand_in(tmp_path, KILLED.replace("request.json", "settings.json"), monkeypatch)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "origin.json").write_text('{"job": "another"}')
    stand_in(tmp_path, KILLED.replace("make_run()", ""), monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=8, overwrite=True)
    Runner(job).run()
    assert starts(job) == [["1", "False"]]


def test_a_stop_is_stronger_than_a_lack_of_memory(a_job, tmp_path, monkeypatch, kernel):
    kernel(None)
    stand_in(tmp_path, FALLS + "(job / 'stop').touch(); time.sleep(0.5); os.kill(os.getpid(), 9)", monkeypatch)
    job = a_job(run=str(tmp_path / "run"), batch=8)
    Runner(job).run()
    assert len(starts(job)) == 1
    assert look(job).state == states.CANCELLED
