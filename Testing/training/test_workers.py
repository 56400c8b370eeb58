"""Processes that cut crops ahead of time: the same run with them, without them, and when they are lost."""

import psutil
import pytest

from hlfd.event_file import read_events
from hlfd.training.objectives import Supervised
from Testing.training.tiny_runs import TEACHER, assert_same_run, hlfd

OPTIONS = [*TEACHER, "--deterministic", "--no-preflight"]


def workers():
    """The processes that cut crops for this one."""
    children = psutil.Process().children()
    return [child for child in children if "--multiprocessing-fork" in child.cmdline()]


def notes(run):
    return [event["say"] for event in read_events(run / "events.jsonl") if event["event"] == "note"]


@pytest.fixture
def after_some_steps(monkeypatch):
    """Does something in the middle of step 6."""

    def do(what):
        forward, calls = Supervised.forward, []

        def forward_and_do(objective, *arguments):
            calls.append(len(calls))
            if len(calls) == 6:
                what()
            return forward(objective, *arguments)

        monkeypatch.setattr(Supervised, "forward", forward_and_do)

    return do


def test_two_workers_give_the_run_of_none_and_end_with_it(a_store, a_taught_run, tmp_path, after_some_steps):
    seen = []
    after_some_steps(lambda: seen.extend(workers()))
    assert hlfd("teach", a_store, tmp_path / "run", *OPTIONS, "--workers", 2) == 0
    assert_same_run(tmp_path / "run", a_taught_run)
    assert len(seen) == 2 and notes(tmp_path / "run") == []
    assert not psutil.wait_procs(seen, timeout=20)[1]


def test_workers_that_are_killed_in_the_middle_of_a_step_are_done_without(
    a_store, a_taught_run, tmp_path, after_some_steps
):
    def kill():
        for worker in workers():
            worker.kill()
            worker.wait()

    after_some_steps(kill)
    assert hlfd("teach", a_store, tmp_path / "run", *OPTIONS, "--workers", 1) == 0
    assert_same_run(tmp_path / "run", a_taught_run)
    (note,) = notes(tmp_path / "run")
    assert note.startswith("crops are now cut without --workers, which do not work here (")


def test_workers_that_cannot_be_started_are_done_without(a_store, a_taught_run, tmp_path, monkeypatch):
    def refuse(*_arguments):
        raise OSError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", refuse)
    assert hlfd("teach", a_store, tmp_path / "run", *OPTIONS, "--workers", 2) == 0
    assert_same_run(tmp_path / "run", a_taught_run)
    assert len(notes(tmp_path / "run")) == 1


def test_what_is_wrong_with_the_data_is_still_one_sentence(a_store, a_copy, tmp_path, capfd):
    store = a_copy(a_store, "store")
    file = store / "cases" / "a" / "hu.npy"
    file.unlink()
    assert hlfd("teach", store, tmp_path / "run", *OPTIONS, "--workers", 1) == 2
    assert capfd.readouterr().err == f"hlfd: {file}: missing from the store; run `hlfd prepare` again\n"
