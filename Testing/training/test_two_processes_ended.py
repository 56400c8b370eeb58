"""Two processes that are asked to stop, or that find a fault of which only one knows."""

import contextlib
import signal
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from safetensors.torch import load_file

from hlfd.data.batches import Crops, CropSettings
from hlfd.data.store import Store
from hlfd.event_file import read_events
from hlfd.training.launch import Failure, _first
from Testing.training.apart import hlfd_apart, said, wait_for_step
from Testing.training.bare_loop import checkpoint
from Testing.training.tiny_runs import TEACHER, hlfd, steps_told

OPTIONS = [*TEACHER, "--norm", "batch", "--batch", 4, "--steps", 60, "--validate-every", 30, "--threads", 1]


@contextlib.contextmanager
def nohup():
    """Let processes that are started here ignore that a terminal is closed."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGHUP, before)


def test_torchrun_with_another_number_of_processes_is_refused(a_store, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "a")
    monkeypatch.setenv("WORLD_SIZE", "4")
    assert hlfd("teach", a_store, tmp_path / "run", *OPTIONS) == 2
    told = "devices: torchrun has started 4 processes, and --devices times --nodes is 1; let both say the same"
    assert told in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no signals for other processes")
def test_two_that_are_asked_to_stop_keep_everything_and_one_goes_on_with_it(a_store, tmp_path):
    whole, run = tmp_path / "whole", tmp_path / "run"
    assert hlfd("teach", a_store, whole, *OPTIONS) == 0
    with nohup(), hlfd_apart("teach", a_store, run, *OPTIONS, "--devices", 2) as process:
        wait_for_step(process, run, 1)
        process.send_signal(signal.SIGHUP)
        wait_for_step(process, run, 10)
        process.send_signal(signal.SIGTERM)
        status, lines = said(process)
    step = checkpoint(run)["progress"]["step"]
    assert status == 130 and 10 <= step < 60
    (sentence,) = [line for line in lines if line.startswith("hlfd: ")]
    assert sentence.startswith(f"hlfd: {run}: stopped at step {step} of 60; the model of step")
    assert hlfd("teach", a_store, run, *OPTIONS, "--resume") == 0
    told, expected = steps_told(run), steps_told(whole)
    assert [(event["event"], event["step"]) for event in told] == [(one["event"], one["step"]) for one in expected]
    losses = [[event["loss"] for event in events if event["event"] == "step"] for events in (told, expected)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-2)  # rounding grows over 60 steps of Adam
    starts = [event["at"] for event in read_events(run / "events.jsonl") if event["event"] == "started"]
    assert starts == [0, step]
    one, other = (load_file(folder / "best.safetensors") for folder in (run, whole))
    assert all(np.isclose(one[name], other[name], rtol=0.05, atol=0.01).all() for name in one)
    # What the first finds wrong before anything is trained is told once as well.
    with hlfd_apart("teach", a_store, run, *OPTIONS, "--devices", 2) as process:
        sentence = f"hlfd: {run}: already exists; choose another name or add --overwrite"
        assert said(process) == (2, [sentence])


@pytest.mark.parametrize(
    ("statuses", "times", "culprit"),
    [
        ([4, -9], [7, 7], 1),  # the first was left alone by the second
        ([-9, 4], [7, 7], 0),
        ([-15, 1], [7, 7], 1),  # the first was asked to end because the second had failed
        ([130, 2], [6, 7], 1),  # so it was, and took it for a stop
        ([1, -9], [7, 7], 1),
        ([2, -9], [6, 36], 0),  # the second hung, and was killed half a minute later
        ([130, 130], [7, 7], 0),
    ],
)
def test_the_one_that_failed_is_told_from_those_that_ended_because_of_it(statuses, times, culprit):
    failures = [
        SimpleNamespace(local_rank=number, exitcode=status, timestamp=time, error_file="<N/A>")
        for number, (status, time) in enumerate(zip(statuses, times, strict=True))
    ]
    assert _first(failures) == Failure(culprit, statuses[culprit], "")


def a_seed_that_parts(store):
    """A seed whose first crop is of case a, and whose second is of case b."""
    for seed in range(100):
        crops = Crops(Store(store), CropSettings(32, 2, 0.5, True, 0, seed), 0, 1)
        if [crops._crop(np.random.default_rng((seed, 0, crop)))[0].case for crop in (0, 1)] == ["a", "b"]:
            return seed
    raise AssertionError("no such seed")


def test_what_only_the_second_of_two_finds_wrong_is_told_in_one_sentence(a_store, a_copy, tmp_path):
    store = a_copy(a_store, "store")
    seed = a_seed_that_parts(store)
    file = store / "cases" / "b" / "hu.npy"
    file.unlink()
    options = [*TEACHER, "--seed", seed, "--devices", 2, "--threads", 1]
    with hlfd_apart("teach", store, tmp_path / "run", *options) as process:
        assert said(process) == (2, [f"hlfd: {file}: missing from the store; run `hlfd prepare` again"])
