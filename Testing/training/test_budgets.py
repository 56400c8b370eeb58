"""How a run may end before its steps are done: its time is over, or it gets no better."""

import json

import pytest

from hlfd.bundle import load_bundle
from Testing.training.bare_loop import checkpoint
from Testing.training.tiny_runs import TEACHER, hlfd, same, steps_told

AT_ONCE = 1e-6
"""Minutes that are over after the first step, and not before it."""


def result(run):
    return json.loads((run / "result.json").read_text())


def validated(run):
    return [event["step"] for event in steps_told(run) if event["event"] == "validated"]


def taught(store, run, *options):
    assert hlfd("teach", store, run, *TEACHER, "--deterministic", *options) == 0


def test_when_the_time_is_over_the_last_step_is_judged_and_kept(a_store, tmp_path, capsys):
    run = tmp_path / "run"
    taught(a_store, run, "--minutes", AT_ONCE)
    assert result(run)["ended"] == "the 1e-06 minutes are over at step 1 of 12"
    assert (result(run)["steps"], result(run)["best_step"], validated(run)) == (1, 1, [1])
    assert "the 1e-06 minutes are over at step 1 of 12; kept the weights of step 1" in capsys.readouterr().err
    manifest, _ = load_bundle(run / "bundle")
    assert manifest.training["best_step"] == 1


def test_time_is_kept_to_about_a_step(a_store, tmp_path):
    run = tmp_path / "run"
    taught(a_store, run, "--minutes", 0.02, "--steps", 100000, "--validate-every", 100000)
    told = result(run)
    assert 1.2 <= told["seconds"] < 12  # a step takes far less than a second, also on a machine that is busy
    assert told["ended"] == f"the 0.02 minutes are over at step {told['steps']} of 100000"
    assert 1 <= told["steps"] < 2000
    assert validated(run) == [told["steps"]]


def test_the_same_time_again_is_over_at_once(a_store, tmp_path):
    run = tmp_path / "run"
    taught(a_store, run, "--minutes", AT_ONCE)
    before = checkpoint(run)
    taught(a_store, run, "--minutes", AT_ONCE, "--resume")
    assert same(checkpoint(run), before) and validated(run) == [1]


def test_with_more_time_a_run_goes_on_as_if_it_had_never_ended(a_store, a_taught_run, tmp_path):
    run = tmp_path / "run"
    taught(a_store, run, "--minutes", AT_ONCE)
    taught(a_store, run, "--minutes", 1000, "--resume")
    assert result(run)["ended"] == "all steps are done"
    assert validated(run) == [1, 4, 8, 12]
    for part in ("objective", "optimizer", "scheduler", "random"):
        assert same(checkpoint(run)[part], checkpoint(a_taught_run)[part])
    steps = [[event for event in steps_told(one) if event["event"] == "step"] for one in (run, a_taught_run)]
    assert steps[0] == steps[1]


def test_a_run_that_ends_of_itself_says_so(a_taught_run):
    assert result(a_taught_run)["ended"] == "all steps are done"


STILL = ["--learning-rate", 1e-12, "--final-learning-rate", 0, "--steps", 40, "--validate-every", 2]
"""Weights that do not move: every validation has the score of the first, and that is not better."""


def test_patience_counts_validations_without_a_better_score(a_store, tmp_path):
    run = tmp_path / "run"
    taught(a_store, run, *STILL, "--patience", 2)
    assert result(run)["ended"] == "no better score in 2 validations, at step 6 of 40"
    assert validated(run) == [2, 4, 6]
    assert len({event["tumor_dice"] for event in steps_told(run) if event["event"] == "validated"}) == 1
    assert result(run)["best_step"] == 6  # of equal ones the latest


def test_more_patience_goes_on_from_there(a_store, tmp_path):
    run = tmp_path / "run"
    taught(a_store, run, *STILL, "--patience", 2)
    taught(a_store, run, *STILL, "--patience", 4, "--resume")
    assert result(run)["ended"] == "no better score in 4 validations, at step 10 of 40"
    assert validated(run) == [2, 4, 6, 8, 10]


def test_a_validation_at_the_end_of_the_time_counts_as_one(a_store, tmp_path):
    run = tmp_path / "run"
    taught(a_store, run, *STILL, "--minutes", AT_ONCE)
    taught(a_store, run, *STILL, "--patience", 2, "--resume")
    assert validated(run) == [1, 2, 4]


COUNTED = [([0.1, 0.3, 0.2, 0.3, 0.25], 10, 8), ([0.3, 0.1, 0.4, 0.2], 12, 6)]


@pytest.mark.parametrize(("scores", "ends", "best"), COUNTED)
def test_a_better_score_begins_the_count_anew(a_store, tmp_path, monkeypatch, scores, ends, best):
    coming = iter([*scores, 0, 0, 0])
    monkeypatch.setattr("hlfd.training.loop.validate", lambda *_: next(coming))
    taught(a_store, tmp_path / "run", *STILL, "--patience", 3, "--no-preflight")
    told = result(tmp_path / "run")
    assert told["ended"] == f"no better score in 3 validations, at step {ends} of 40"
    assert told["best_step"] == best


def test_without_patience_a_run_never_ends_early(a_store, tmp_path):
    taught(a_store, tmp_path / "run", *STILL[:4], "--steps", 12, "--validate-every", 1)
    assert validated(tmp_path / "run") == [*range(1, 13)]


def test_without_cases_to_judge_by_patience_does_nothing(a_store, a_copy, tmp_path):
    store = a_copy(a_store, "store")
    splits = json.loads((store / "splits.json").read_text())
    (store / "splits.json").write_text(json.dumps({**splits, "validation": [], "test": ["c", "d"]}))
    taught(store, tmp_path / "run", *STILL[:4], "--steps", 12, "--validate-every", 2, "--patience", 1)
    assert result(tmp_path / "run")["ended"] == "all steps are done"
