"""A run that is asked to stop: it ends soon, keeps everything, has a model, and goes on bit for bit."""

import json
import signal
import sys
import time

import pytest

from hlfd.attached import identity
from hlfd.bundle import load_bundle
from hlfd.data.batches import Crops
from hlfd.event_file import read_events
from hlfd.training import validation
from Testing.training.apart import hlfd_apart, said, wait_for_step
from Testing.training.bare_loop import checkpoint, job
from Testing.training.tiny_runs import TEACHER, assert_same_run, hlfd, steps_told

SOON_S = 5
LONG = [*TEACHER, "--deterministic", "--steps", 60, "--validate-every", 30]
SHORT = [*TEACHER, "--deterministic"]


@pytest.fixture(scope="module")
def a_long_run(a_store, tmp_path_factory):
    """A run of 60 steps that was never disturbed."""
    run = tmp_path_factory.mktemp("read-only") / "long"
    assert hlfd("teach", a_store, run, *LONG) == 0
    return run


def stop_while_cutting(monkeypatch, batch, stop):
    """Ask for a stop while batch `batch` (from 0) is cut."""
    cut = Crops.__getitem__

    def cut_and_ask(crops, position):
        if crops._first + position == batch:
            stop.touch()
        return cut(crops, position)

    monkeypatch.setattr(Crops, "__getitem__", cut_and_ask)


def stopped_at(run):
    """The step at which a run says that it was stopped; nothing came after that."""
    last = read_events(run / "events.jsonl")[-1]
    assert last["event"] == "stopped"
    return last["step"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals for other processes")
@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_a_run_soon_and_loses_nothing(a_store, a_long_run, tmp_path, asked):
    run = tmp_path / "run"
    with hlfd_apart("teach", a_store, run, *LONG) as process:
        wait_for_step(process, run, 10)
        sent = time.time()
        process.send_signal(asked)
        status, lines = said(process)
    assert status == 130
    assert read_events(run / "events.jsonl")[-1]["time"] - sent < SOON_S
    step, kept = stopped_at(run), checkpoint(run)["progress"]["best_step"]
    assert 10 <= step < 60 and checkpoint(run)["progress"]["step"] == step
    model = f"the model of step {kept} is kept, and --resume goes on"
    assert [line for line in lines if "stopped" in line] == [f"hlfd: {run}: stopped at step {step} of 60; {model}"]
    manifest, _ = load_bundle(run / "bundle")
    assert manifest.training["best_step"] == kept == (30 if step >= 30 else step)
    assert not (run / "result.json").exists()
    assert hlfd("teach", a_store, run, *LONG, "--resume") == 0
    assert_same_run(run, a_long_run)


@pytest.mark.parametrize("batch", [0, 5, 8])
def test_the_stop_file_of_a_job_ends_its_run_after_the_step(
    a_store, a_taught_run, tmp_path, monkeypatch, capsys, batch
):
    run = tmp_path / "run"
    with job(tmp_path / "job", monkeypatch) as stop, monkeypatch.context() as patch:
        stop_while_cutting(patch, batch, stop)
        assert hlfd("teach", a_store, run, *SHORT, "--no-preflight") == 130
        assert json.loads((run / "origin.json").read_text())["job"] == identity(tmp_path / "job")
    step, kept = batch + 1, {0: 1, 5: 4, 8: 8}[batch]
    assert stopped_at(run) == stopped_at(tmp_path / "job") == checkpoint(run)["progress"]["step"] == step
    said = f"hlfd: {run}: stopped at step {step} of 12; the model of step {kept} is kept, and --resume goes on\n"
    assert capsys.readouterr().err.endswith(said)
    load_bundle(run / "bundle")
    assert hlfd("teach", a_store, run, *SHORT, "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_a_stop_when_a_validation_is_due_leaves_it_due(a_store, a_taught_run, tmp_path, monkeypatch):
    run = tmp_path / "run"
    with job(tmp_path / "job", monkeypatch) as stop, monkeypatch.context() as patch:
        stop_while_cutting(patch, 7, stop)
        assert hlfd("teach", a_store, run, *SHORT, "--no-preflight") == 130
    assert stopped_at(run) == 8
    assert checkpoint(run)["progress"]["validated"] == 4
    assert hlfd("teach", a_store, run, *SHORT, "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_a_stop_between_two_cases_of_a_validation_leaves_all_of_it_due(a_store, a_copy, tmp_path, monkeypatch):
    store = a_copy(a_store, "store")
    splits = json.loads((store / "splits.json").read_text())
    (store / "splits.json").write_text(json.dumps({**splits, "training": ["a"], "validation": ["b", "c"]}))
    assert hlfd("teach", store, tmp_path / "whole", *SHORT) == 0
    run, predict, looks = tmp_path / "run", validation.predict_slices, []
    with job(tmp_path / "job", monkeypatch) as stop, monkeypatch.context() as patch:

        def predict_and_ask(*arguments):
            looks.append(len(looks))
            if len(looks) == 3:  # the first case of the second validation
                stop.touch()
            return predict(*arguments)

        patch.setattr(validation, "predict_slices", predict_and_ask)
        assert hlfd("teach", store, run, *SHORT, "--no-preflight") == 130
    assert len(looks) == 3
    assert stopped_at(run) == 8 and checkpoint(run)["progress"]["validated"] == 4
    assert [event["step"] for event in steps_told(run) if event["event"] == "validated"] == [4]
    assert hlfd("teach", store, run, *SHORT, "--resume") == 0
    assert_same_run(run, tmp_path / "whole")


def test_a_stop_before_the_first_step_says_that_there_is_no_model(a_store, a_taught_run, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    with job(tmp_path / "job", monkeypatch) as stop:
        stop.touch()
        assert hlfd("teach", a_store, run, *SHORT) == 130
    said = f"hlfd: {run}: stopped at step 0 of 12; there is no model yet, and --resume goes on\n"
    assert capsys.readouterr().err.endswith(said)
    assert not (run / "bundle").exists()
    assert hlfd("teach", a_store, run, *SHORT, "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_a_stop_while_the_teacher_is_asked(a_store, a_copy, a_taught_run, tmp_path, monkeypatch, capsys):
    store, run = a_copy(a_store, "store"), tmp_path / "run"
    options = ["--teacher", a_taught_run, "--steps", 2, "--crop", 64, "--batch", 2, "--widths", "3,4,5,6"]
    with job(tmp_path / "job", monkeypatch) as stop:
        stop.touch()
        assert hlfd("distill", store, run, *options) == 130
    assert "stopped while the teacher was asked; --resume goes on" in capsys.readouterr().err
    assert hlfd("distill", store, run, *options, "--resume") == 0
