"""Two processes of one computer share every step: what they train is what one would, and they end together."""

import os
import time

import psutil
import pytest
import torch
from safetensors.torch import load_file

from Testing.training.apart import hlfd_apart
from Testing.training.tiny_runs import STUDENT, hlfd, steps_told

OPTIONS = [*STUDENT, "--threads", "1", "--batch", "4"]
FIRST, LATER = 1e-6, 1e-3
"""Relative differences: of the first loss, and of those after steps of Adam, which magnifies rounding."""
SOON_S = 60


def family(process):
    return psutil.Process(process.pid).children(recursive=True)


def wait_for(condition):
    until = time.monotonic() + SOON_S
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


@pytest.fixture(scope="module")
def alone_and_together(a_store, a_taught_run, tmp_path_factory):
    """A student distilled by one process and by two, with batch norm, cached targets and the same batches."""
    folder = tmp_path_factory.mktemp("two")
    shared = ["distill", a_store, "--teacher", a_taught_run, *OPTIONS]
    assert hlfd(shared[0], shared[1], folder / "alone", *shared[2:]) == 0
    assert hlfd(shared[0], shared[1], folder / "together", *shared[2:], "--devices", 2) == 0
    return folder / "alone", folder / "together"


def test_two_processes_have_the_loss_curve_of_one(alone_and_together):
    alone, together = map(steps_told, alone_and_together)
    assert [(event["event"], event["step"]) for event in together] == [(one["event"], one["step"]) for one in alone]
    losses = [[event["loss"] for event in told if event["event"] == "step"] for told in (alone, together)]
    assert losses[1][0] == pytest.approx(losses[0][0], rel=FIRST)
    assert losses[1] == pytest.approx(losses[0], rel=LATER)
    terms = [
        [event[term] for event in told if event["event"] == "step"]
        for told in (alone, together)
        for term in ["UFD", "IPD"]
    ]
    assert terms[2:] == [pytest.approx(of_one, rel=LATER) for of_one in terms[:2]]


def test_two_processes_export_the_weights_of_one(alone_and_together):
    alone, together = (load_file(run / "bundle" / "weights.safetensors") for run in alone_and_together)
    assert alone.keys() == together.keys()
    for name, value in alone.items():
        assert torch.allclose(together[name].float(), value.float(), rtol=0.02, atol=2e-3), name


def test_a_run_that_one_process_began_is_gone_on_with_by_two(a_store, tmp_path):
    run = tmp_path / "run"
    options = ["distill", a_store, run, "--method", "none", *OPTIONS]
    # The time is over after the first step, which is validated and kept.
    assert hlfd(*options, "--minutes", 1e-6) == 0
    begun = steps_told(run)
    assert hlfd(*options, "--devices", 2, "--resume") == 0
    told = steps_told(run)
    assert told[: len(begun)] == begun
    assert [event["step"] for event in told if event["event"] == "step"] == [1, 10, 12]


def test_when_one_of_them_is_killed_the_command_says_so_and_nothing_is_left(a_store, tmp_path):
    run = tmp_path / "run"
    options = [*OPTIONS, "--method", "none", "--steps", 100000, "--devices", 2]
    with hlfd_apart("distill", a_store, run, *options) as process:
        wait_for(lambda: (run / "events.jsonl").exists() and "step" in (run / "events.jsonl").read_text())
        ranks = [one for one in family(process) if "hlfd.child" in one.cmdline()]
        assert len(ranks) == 2
        ranks[1].kill()
        said = process.communicate(timeout=SOON_S)[1]
    assert process.returncode == 2
    last = said.strip().splitlines()[-1]
    assert last.startswith("hlfd: ") and "killed" in last and "--resume" in last, said
    assert not psutil.wait_procs(ranks, timeout=SOON_S)[1]


@pytest.mark.skipif(os.name == "nt", reason="Windows ends children in another way")
def test_when_the_command_is_killed_its_processes_end_as_well(a_store, tmp_path):
    run = tmp_path / "run"
    options = [*OPTIONS, "--method", "none", "--steps", 100000, "--devices", 2]
    with hlfd_apart("distill", a_store, run, *options) as process:
        wait_for(lambda: (run / "last.ckpt").exists())
        ranks = family(process)
        process.kill()
        assert not psutil.wait_procs(ranks, timeout=10)[1]
