"""A loss that is no number: back to the last checkpoint with half the learning rate, and an end in words."""

import math
import time

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torch import nn

from hlfd.bundle import load_bundle
from hlfd.errors import InputError, Stopped
from hlfd.event_file import read_events
from hlfd.training.objectives import Supervised
from hlfd.training.runs import RunFolder
from Testing.training.bare_loop import a_network, all_numbers, checkpoint, job, run_loop
from Testing.training.tiny_runs import TEACHER, hlfd, same, steps_told

STEPS = 12


class TooFast(nn.Module):
    """Supervised, whose loss is no number after some steps for as long as the learning rate is above a bound."""

    def __init__(self, steps, bound, pause=0.0):
        super().__init__()
        self.network, self.pause = a_network(), pause
        self.supervised, self.steps, self.bound, self.rates = Supervised(self.network), steps, bound, []

    def watch(self, training):
        self.optimizer = training.optimizer

    def forward(self, images, labels, targets=None):
        parts = self.supervised(images, labels)
        self.rates.append(self.optimizer.param_groups[0]["lr"])
        is_wild = len(self.rates) > self.steps and self.rates[-1] > self.bound
        time.sleep(self.pause if is_wild else 0)
        return {**parts, "loss": parts["loss"] * math.nan} if is_wild else parts

    def step_done(self):
        """Nothing goes on from step to step."""


class Poisoned(nn.Module):
    """Supervised, whose gradient is no number from a step on, though its loss still is one."""

    def __init__(self, steps, at_poison=lambda: None):
        super().__init__()
        self.network, self.left, self.at_poison = a_network(), steps, at_poison
        self.supervised = Supervised(self.network)

    def forward(self, images, labels, targets=None):
        parts = self.supervised(images, labels)
        self.left -= 1
        if self.left >= 0:
            return parts
        self.at_poison()
        zero = sum((value - value.detach()).abs().sqrt().sum() for value in self.network.parameters())
        return {**parts, "loss": parts["loss"] + zero}

    def step_done(self):
        """Nothing goes on from step to step."""


def cosine(step):
    return 1e-6 + (1e-3 - 1e-6) * (1 + math.cos(math.pi * step / STEPS)) / 2


def halved(step, times=1):
    """The rate at a step, where that of the checkpoint of step 4 was halved: the curve's height is, not its end."""
    return 1e-6 + (cosine(4) * 0.5**times - 1e-6) * (cosine(step) - 1e-6) / (cosine(4) - 1e-6)


def went_back(run):
    return [event for event in read_events(run / "events.jsonl") if event["event"] == "went_back"]


def test_a_loss_that_is_no_number_goes_back_and_trains_to_the_end_with_half_the_rate(a_store, tmp_path):
    # The fifth step is wild at the full rate (0.00075) and at half of it, and not at a quarter.
    objective = TooFast(steps=4, bound=cosine(4) / 3)
    progress = run_loop(objective, a_store, tmp_path / "run", steps=STEPS)
    assert (progress.step, progress.lowered, progress.ended) == (STEPS, 2, "all steps are done")
    told = went_back(tmp_path / "run")
    how = "went back to step 4 with half the learning rate"
    assert [event["say"] for event in told] == [
        f"step 6: weights are no longer numbers: {how}, for the {time}. of 3 times" for time in (1, 2)
    ]
    assert objective.rates[:5] == pytest.approx([cosine(step) for step in range(5)])
    assert objective.rates[6:8] == pytest.approx([halved(4), halved(5)])
    assert objective.rates[8:] == pytest.approx([halved(step, 2) for step in range(4, STEPS)])
    assert all_numbers(checkpoint(tmp_path / "run"))
    assert all_numbers(load_file(tmp_path / "run" / "best.safetensors"))
    told = steps_told(tmp_path / "run")
    assert all(value == value for event in told for value in event.values())
    assert [event["step"] for event in told if event["event"] == "validated"] == [2, 4, 6, 8, 10, 12]


def test_half_the_rate_survives_a_stop(a_store, tmp_path, monkeypatch):
    bound = cosine(4) / 3
    whole = TooFast(steps=4, bound=bound)
    run_loop(whole, a_store, tmp_path / "whole", steps=STEPS)
    # The same in two sittings: stopped after it went back twice, between two validations.
    run, first = tmp_path / "run", TooFast(steps=4, bound=bound)
    with job(tmp_path / "job", monkeypatch) as stop:
        first.register_forward_hook(lambda *_: stop.touch() if len(first.rates) == 9 else None)
        with pytest.raises(Stopped, match="stopped at step 5 of 12; the model of step 2 is kept"):
            run_loop(first, a_store, run, steps=STEPS)
    assert checkpoint(run)["progress"]["lowered"] == 2
    second = TooFast(steps=100, bound=bound)
    progress = run_loop(second, a_store, run, steps=STEPS, resume=True)
    assert second.rates == pytest.approx([halved(step, 2) for step in range(5, STEPS)])
    assert progress.lowered == 2
    assert same(checkpoint(run), checkpoint(tmp_path / "whole"))


def test_time_spent_in_vain_is_time_spent(a_store, tmp_path):
    # Two steps are wild before it is noticed, twice.
    progress = run_loop(TooFast(4, cosine(4) / 3, pause=0.5), a_store, tmp_path / "run", steps=STEPS)
    assert progress.lowered == 2 and progress.seconds >= 4 * 0.5


def test_three_times_are_counted_over_all_sittings(a_store, tmp_path, monkeypatch):
    run = tmp_path / "run"
    with job(tmp_path / "job", monkeypatch) as stop, pytest.raises(Stopped):
        first = TooFast(steps=4, bound=cosine(4) / 3)
        first.register_forward_hook(lambda *_: stop.touch() if len(first.rates) == 9 else None)
        run_loop(first, a_store, run, steps=STEPS)
    with pytest.raises(InputError, match="the training has diverged"):
        run_loop(Poisoned(steps=0), a_store, run, steps=STEPS, resume=True)
    assert [event["say"][-13:] for event in went_back(run)] == ["1. of 3 times", "2. of 3 times", "3. of 3 times"]


def test_weights_that_are_no_numbers_are_never_saved_and_after_three_times_it_is_said(a_store, tmp_path):
    # The loss of step 5 is a number, its gradient is not: the checkpoint of step 6 would be of no use.
    run = tmp_path / "run"
    with pytest.raises(InputError, match=r"^step 6: the loss is nan; the training has diverged: start"):
        run_loop(Poisoned(steps=4), a_store, run)
    assert [event["step"] for event in went_back(run)] == [4, 4, 4]
    content = checkpoint(run)
    assert content["progress"]["step"] == 4
    assert all_numbers(content)
    assert all_numbers(load_file(run / "best.safetensors"))


def test_poison_just_before_a_checkpoint_is_noticed(a_store, tmp_path):
    # Step 4 tells no loss (every tenth does), changes the weights to no numbers, and would save them at once.
    with pytest.raises(InputError, match=r"^step 4: weights are no longer numbers"):
        run_loop(Poisoned(steps=3), a_store, tmp_path / "run")
    assert checkpoint(tmp_path / "run")["progress"]["step"] == 2


def test_back_at_the_start_nothing_is_forgotten_but_steps_that_come_again(a_store, tmp_path):
    run = tmp_path / "run"
    with pytest.raises(InputError, match=r"^step 2: weights are no longer numbers"):
        run_loop(Poisoned(steps=1), a_store, run)
    assert [event["step"] for event in went_back(run)] == [0, 0, 0]
    assert [event["step"] for event in steps_told(run)] == [1]
    curves = EventAccumulator(str(run / "tensorboard")).Reload()
    assert [scalar.step for scalar in curves.Scalars("step/loss")] == [1]


def test_poison_just_before_a_stop_makes_no_model_of_it(a_store, tmp_path, monkeypatch):
    run = tmp_path / "run"
    with job(tmp_path / "job", monkeypatch) as stop, pytest.raises(Stopped, match=r"at step 0 .* no model yet"):
        run_loop(Poisoned(steps=0, at_poison=stop.touch), a_store, run)
    assert not RunFolder(run).best.exists()
    assert all_numbers(checkpoint(run))


def test_a_training_that_diverges_ends_in_a_sentence_and_keeps_what_was_good(a_store, tmp_path, capsys):
    run = tmp_path / "run"
    options = [*TEACHER, "--learning-rate", 1e30, "--validate-every", 1]
    assert hlfd("teach", a_store, run, *options) == 2
    said = capsys.readouterr().err
    assert "the training has diverged: start a new run with a lower --learning-rate" in said
    assert "Traceback" not in said
    assert len(went_back(run)) == 3
    kept = torch.load(run / "last.ckpt", weights_only=True)["objective"]
    assert all_numbers(kept)
    if (run / "bundle").exists():
        _, network = load_bundle(run / "bundle")
        assert all_numbers(network.state_dict())
        assert all_numbers(load_file(run / "best.safetensors"))
