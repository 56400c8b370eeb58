"""What a run is expected to take: measured without a trace, refused in time, and held against what it took."""

import json
import math

import pytest
import torch

from hlfd.event_file import read_events
from hlfd.models.registry import Architecture, build
from hlfd.training import checkpoint, preflight
from Testing.training.tiny_runs import SMALL, STUDENT, TEACHER, assert_same_run, hlfd

BATCH_NORM = ["teach", *TEACHER, "--norm", "batch"]


def told(run, name):
    return [event for event in read_events(run / "events.jsonl") if event["event"] == name]


def result(run):
    return json.loads((run / "result.json").read_text())


def size(run):
    return sum(file.stat().st_size for file in run.rglob("*") if file.is_file())


@pytest.mark.parametrize("options", [BATCH_NORM, ["distill", *STUDENT, "--balanced", "--schedule", "fall"]])
def test_measuring_first_changes_nothing_of_the_result(a_store, a_taught_run, tmp_path, options):
    command, *options = options
    options += ["--deterministic", *(["--teacher", a_taught_run] if command == "distill" else [])]
    assert hlfd(command, a_store, tmp_path / "measured", *options) == 0
    assert hlfd(command, a_store, tmp_path / "blind", *options, "--no-preflight") == 0
    assert told(tmp_path / "measured", "forecast") and not told(tmp_path / "blind", "forecast")
    assert_same_run(tmp_path / "measured", tmp_path / "blind")


def test_a_forecast_tells_time_memory_and_disk(a_taught_run):
    (event,) = told(a_taught_run, "forecast")
    numbers = {name: value for name, value in event.items() if name not in ("event", "time", "say")}
    assert numbers.keys() == {"step_s", "seconds", "memory_bytes", "memory_free_bytes", "disk_bytes", "disk_free_bytes"}
    assert all(value > 0 and math.isfinite(value) for value in numbers.values())
    assert numbers["seconds"] >= 12 * numbers["step_s"]
    assert event["say"].startswith("12 steps of ") and "of memory" in event["say"] and "of disk" in event["say"]


def test_a_result_holds_what_was_expected_against_what_it_took(a_taught_run):
    expected, actual = result(a_taught_run)["expected"], result(a_taught_run)["actual"]
    assert expected.keys() == actual.keys() == {"seconds", "memory_bytes", "disk_bytes"}
    assert all(value > 0 for value in (*expected.values(), *actual.values()))
    assert actual["disk_bytes"] <= size(a_taught_run) < actual["disk_bytes"] + 4096  # the result itself came later


def test_what_was_expected_first_is_what_counts_in_the_end(a_store, a_taught_run, tmp_path):
    run = tmp_path / "run"
    assert hlfd("teach", a_store, run, *TEACHER, "--minutes", 1e-6) == 0
    first = result(run)["expected"]
    assert hlfd("teach", a_store, run, *TEACHER, "--resume") == 0
    assert len(told(run, "forecast")) == 2
    assert result(run)["expected"] == first


def test_a_run_of_few_steps_is_not_measured(a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--steps", 2) == 0
    assert not told(tmp_path / "run", "forecast")
    assert result(tmp_path / "run")["expected"] is None


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(a_store, tmp_path, monkeypatch, capsys):
    run = tmp_path / "run"
    monkeypatch.setattr(preflight, "disk_free", lambda _path: 1000)
    assert hlfd("teach", a_store, run, *TEACHER) == 2
    sentence = capsys.readouterr().err
    assert sentence.startswith(f"hlfd: {run}: the run writes up to ") and sentence.count("\n") == 1
    assert "and 1 kB are free there; free some space or choose another disk" in sentence
    assert list(tmp_path.iterdir()) == []
    assert hlfd("teach", a_store, run, *TEACHER, "--no-preflight", "--minutes", 1e-6) == 0
    assert hlfd("teach", a_store, run, *TEACHER, "--resume") == 0  # a run that is there already has its room


def test_a_time_that_is_too_short_for_the_steps_is_said_with_a_number_of_steps_that_fits(a_store, tmp_path):
    run = tmp_path / "run"
    options = [*TEACHER, "--steps", 100000, "--validate-every", 50000, "--minutes", 0.01]
    assert hlfd("teach", a_store, run, *options) == 0
    (warning,) = told(run, "warning")
    (forecast,) = told(run, "forecast")
    steps = int(100000 * 0.6 / forecast["seconds"])
    assert warning["say"] == (
        "--minutes 0.01 are too short for --steps 100000: the learning rate will not come down before the end; "
        f"--steps {max(steps, 1)} would use the time better"
    )
    assert steps < 1000


def test_a_time_that_suffices_is_no_warning(a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--minutes", 1000) == 0
    assert not told(tmp_path / "run", "warning")


@pytest.mark.parametrize("widths", [(2, 2, 3, 3, 4), (8, 16, 32, 32, 32)])
def test_the_disk_that_is_asked_for_is_enough_and_not_much_more(a_store, tmp_path, monkeypatch, widths):
    run, save, held = tmp_path / "run", torch.save, []

    def save_and_weigh(what, file):  # when the new checkpoint is whole and the old one is still there
        save(what, file)
        held.append(size(run))

    monkeypatch.setattr(checkpoint.torch, "save", save_and_weigh)
    assert hlfd("teach", a_store, run, *SMALL, "--widths", ",".join(map(str, widths)), "--norm", "batch") == 0
    architecture = Architecture(network="unetpp", classes=3, settings={"widths": widths, "norm": "batch"})
    needed = preflight.disk_needed(build(architecture), 12)
    assert max(held) <= needed <= 3 * size(run)
    assert result(run)["expected"]["disk_bytes"] == needed
