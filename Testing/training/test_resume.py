"""Stopped and gone on with is the same as never stopped; what cannot be gone on with is refused in a sentence."""

import json

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hlfd.data.batches import Crops
from hlfd.event_file import read_events
from Testing.training.apart import hlfd_apart, wait_for_step
from Testing.training.tiny_runs import STUDENT, TEACHER, assert_same_run, hlfd, same, steps_told

LONG = 60


def stop_at(monkeypatch, batch):
    """Let Ctrl-C come while batch `batch` (from 0) is cut."""
    cut = Crops.__getitem__

    def cut_or_stop(crops, position):
        if crops._first + position == batch:
            raise KeyboardInterrupt
        return cut(crops, position)

    monkeypatch.setattr(Crops, "__getitem__", cut_or_stop)


@pytest.mark.parametrize("batch", [4, 6, 11])
def test_a_teacher_stopped_and_resumed_equals_one_never_stopped(a_store, a_taught_run, tmp_path, monkeypatch, batch):
    run, options = tmp_path / "run", [*TEACHER, "--deterministic"]
    with monkeypatch.context() as patch:
        stop_at(patch, batch)
        assert hlfd("teach", a_store, run, *options) == 130
    assert not (run / "result.json").exists()
    assert hlfd("teach", a_store, run, *options, "--resume") == 0
    assert_same_run(run, a_taught_run)


@pytest.mark.parametrize("batch", [5, 8])
def test_a_student_stopped_and_resumed_equals_one_never_stopped(
    a_store, a_taught_run, a_distilled_run, tmp_path, monkeypatch, batch
):
    run, options = tmp_path / "run", [*STUDENT, "--teacher", a_taught_run, "--deterministic"]
    with monkeypatch.context() as patch:
        stop_at(patch, batch)
        assert hlfd("distill", a_store, run, *options) == 130
    assert hlfd("distill", a_store, run, *options, "--resume") == 0
    assert_same_run(run, a_distilled_run)


@pytest.mark.parametrize("targets", ["cached", "live"])
def test_what_the_weighing_remembers_goes_on_too(a_store, a_taught_run, tmp_path, monkeypatch, targets):
    options = [*STUDENT, "--teacher", a_taught_run, "--deterministic", "--targets", targets]
    options += ["--schedule", "fall", "--balanced", "--jitter", 0.1]
    assert hlfd("distill", a_store, tmp_path / "whole", *options) == 0
    with monkeypatch.context() as patch:
        stop_at(patch, 6)
        assert hlfd("distill", a_store, tmp_path / "half", *options) == 130
    assert hlfd("distill", a_store, tmp_path / "half", *options, "--resume") == 0
    assert_same_run(tmp_path / "half", tmp_path / "whole")


def test_stopped_twice_is_no_different(a_store, a_taught_run, tmp_path, monkeypatch):
    run, options = tmp_path / "run", [*TEACHER, "--deterministic"]
    for batch, resume in ((5, []), (10, ["--resume"])):
        with monkeypatch.context() as patch:
            stop_at(patch, batch)
            assert hlfd("teach", a_store, run, *options, *resume) == 130
    assert hlfd("teach", a_store, run, *options, "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_a_killed_process_is_gone_on_with_as_if_nothing_had_been(a_store, tmp_path):
    options = [*TEACHER, "--deterministic", "--steps", LONG, "--validate-every", 10]
    assert hlfd("teach", a_store, tmp_path / "whole", *options) == 0
    run = tmp_path / "killed"
    with hlfd_apart("teach", a_store, run, *options) as process:
        wait_for_step(process, run, 10)
        process.kill()
    assert not (run / "result.json").exists()
    assert hlfd("teach", a_store, run, *options, "--resume") == 0
    assert_same_run(run, tmp_path / "whole")


def test_curves_have_no_echo_of_steps_that_were_done_twice(a_store, a_taught_run, tmp_path, monkeypatch):
    # Stopped after step 10 was told, with a checkpoint of step 8: step 10 comes again.
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(patch, 11)
        hlfd("teach", a_store, run, *TEACHER)
    assert [event["step"] for event in steps_told(run)][-1] == 10
    assert hlfd("teach", a_store, run, *TEACHER, "--resume") == 0
    told = [(event["event"], event["step"]) for event in steps_told(run)]
    assert told == [(event["event"], event["step"]) for event in steps_told(a_taught_run)]
    curves = EventAccumulator(str(run / "tensorboard")).Reload()
    assert [scalar.step for scalar in curves.Scalars("step/loss")] == [1, 10, 12]
    assert [scalar.step for scalar in curves.Scalars("validated/tumor_dice")] == [4, 8, 12]


def test_the_settings_of_a_run_are_all_that_resuming_needs(a_store, a_taught_run, tmp_path, monkeypatch):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(patch, 6)
        hlfd("teach", a_store, run, *TEACHER, "--deterministic")
    assert hlfd("teach", "--settings", run / "settings.json", "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_a_run_that_replaced_another_resumes_from_its_settings_too(a_store, a_taught_run, a_copy, monkeypatch):
    run = a_copy(a_taught_run, "run")
    with monkeypatch.context() as patch:
        stop_at(patch, 6)
        assert hlfd("teach", a_store, run, *TEACHER, "--overwrite") == 130
    assert hlfd("teach", "--settings", run / "settings.json", "--resume") == 0
    assert (run / "result.json").exists()


def test_a_finished_run_exports_its_bundle_again(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    weights = (run / "bundle" / "weights.safetensors").read_bytes()
    for file in (run / "bundle").iterdir():
        file.unlink()
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 0
    assert (run / "bundle" / "weights.safetensors").read_bytes() == weights
    assert steps_told(run) == steps_told(a_taught_run)


def test_time_is_counted_over_all_sittings(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    content = torch.load(run / "last.ckpt", weights_only=True)
    content["progress"]["seconds"] = 1000.0
    torch.save(content, run / "last.ckpt")
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 0
    assert json.loads((run / "result.json").read_text())["seconds"] >= 1000


def test_a_moved_run_store_and_other_workers_may_be_resumed(a_store, a_taught_run, a_copy):
    run, store = a_copy(a_taught_run, "moved"), a_copy(a_store, "moved-store")
    assert hlfd("teach", store, run, *TEACHER, "--deterministic", "--workers", 1, "--resume") == 0


def test_a_setting_that_came_with_a_later_version_counts_as_its_default(a_store, a_taught_run, a_copy, capsys):
    run = a_copy(a_taught_run, "run")
    recorded = json.loads((run / "settings.json").read_text())
    del recorded["validation_slices"]
    (run / "settings.json").write_text(json.dumps(recorded))
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 0
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume", "--validation-slices", 1) == 2
    assert "was started with validation_slices 0, found 1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        (["--steps", "13"], "was started with steps 12, found 13"),
        (["--seed", "1"], "was started with seed 0, found 1"),
        (["--learning-rate", "0.1"], "was started with learning_rate 0.001, found 0.1"),
        (["--no-augment"], "was started with augment True, found False"),
    ],
)
def test_other_settings_are_another_experiment(a_store, a_taught_run, capsys, changed, sentence):
    assert hlfd("teach", a_store, a_taught_run, *TEACHER, "--deterministic", *changed, "--resume") == 2
    said = capsys.readouterr().err
    assert f"{a_taught_run}: {sentence}; resume with --settings" in said


def test_no_run_is_not_resumed(a_store, tmp_path, capsys):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--resume") == 2
    assert "no run to resume; start it without --resume" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("gone", ["nothing", "checkpoint"])
def test_a_run_that_was_stopped_before_its_first_checkpoint_begins_anew(
    a_store, a_taught_run, tmp_path, monkeypatch, gone
):
    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        stop_at(patch, 2)
        hlfd("teach", a_store, run, *TEACHER, "--deterministic")
    if gone == "checkpoint":
        (run / "last.ckpt").unlink()
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_resuming_adds_a_start_and_no_step_to_the_events(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume")
    starts = [event["at"] for event in read_events(run / "events.jsonl") if event["event"] == "started"]
    assert starts == [0, 12]
    assert same(steps_told(run), steps_told(a_taught_run))
