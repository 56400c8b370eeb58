"""A training that is killed for lack of memory goes on by itself, in twice the parts."""

import json

from hlfd import machine
from hlfd.event_file import read_events
from hlfd.jobs import runner, states
from hlfd.jobs.client import look
from Testing.jobs.acting import SOON_S, beside, until, works_for
from Testing.jobs.real import at_step, new_training


def test_a_training_that_the_kernel_killed_for_memory_goes_on_in_two_parts(
    a_store, jobs, tmp_path, monkeypatch, written
):
    counted = [0]
    for module in (runner, machine):
        monkeypatch.setattr(module, "oom_kills", lambda: counted[0])
    run = tmp_path / "run"
    job, seen = new_training(jobs, a_store, run), []
    with beside(job) as ended:
        at_step(job, 20)
        (work,) = works_for(job)
        counted[0] = 1
        work.kill()  # as the kernel does it
        until(lambda: seen.append(look(job).state) or seen[-1] == states.STARTING)
        assert look(job).say == "the work was killed by the system because memory ran out; it goes on in 2 parts a step"
        assert ended.result(SOON_S) == 0
    once = [states.STARTING, states.RUNNING]
    assert written(job) == [states.QUEUED, *once, *once, states.DONE]
    assert job.result()["attempts"] == 2
    events = read_events(job.events)
    starts = [(event["at"], event["parts"]) for event in events if event["event"] == "started"]
    assert [parts for _, parts in starts] == [1, 2]
    assert starts[0][0] == 0 and starts[1][0] >= 19
    assert [event["event"] for event in events].count("smaller") == 1
    assert json.loads((run / "result.json").read_text())["best_step"] > 0
