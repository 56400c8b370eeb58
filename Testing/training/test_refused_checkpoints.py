"""Checkpoints that cannot be gone on with are refused in a sentence, and never run."""

import pytest
import torch

from Testing.training.tiny_runs import STUDENT, TEACHER, hlfd


@pytest.mark.parametrize("damage", [b"", b"not a checkpoint", "half"])
def test_a_damaged_checkpoint_is_refused(a_store, a_taught_run, a_copy, capsys, damage):
    run = a_copy(a_taught_run, "run")
    content = (run / "last.ckpt").read_bytes()
    (run / "last.ckpt").write_bytes(content[: len(content) // 2] if damage == "half" else damage)
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 2
    assert "last.ckpt: not a checkpoint, or damaged" in capsys.readouterr().err


class Payload:
    """What a stranger might put into a checkpoint."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_checkpoint_that_would_run_code_is_refused_and_never_run(a_store, a_taught_run, a_copy, tmp_path, capsys):
    run = a_copy(a_taught_run, "run")
    torch.save({"format": 1, "architecture": Payload(tmp_path / "was-run")}, run / "last.ckpt")
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 2
    assert "not a checkpoint, or damaged (UnpicklingError)" in capsys.readouterr().err
    assert not (tmp_path / "was-run").exists()


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (lambda content: content.update(format=3), "checkpoint format 3, this version reads 2; start a new run"),
        (
            lambda content: content["architecture"]["settings"].update(widths=[4, 4, 4, 4, 4]),
            "holds unetpp with 3 classes (widths [4, 4, 4, 4, 4], norm instance), the run needs unetpp with 3 classes "
            "(widths [2, 2, 3, 3, 4], norm instance)",
        ),
        (lambda content: content["objective"].popitem(), "doesn't fit the run"),
        (lambda content: content.pop("optimizer"), "doesn't fit the run"),
        (lambda content: content.pop("architecture"), "not a checkpoint, or damaged"),
        (lambda content: content["progress"].update(epoch=3), "doesn't fit the run"),
    ],
)
def test_a_checkpoint_that_does_not_fit_is_refused(a_store, a_taught_run, a_copy, capsys, change, sentence):
    run = a_copy(a_taught_run, "run")
    content = torch.load(run / "last.ckpt", weights_only=True)
    change(content)
    torch.save(content, run / "last.ckpt")
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 2
    assert sentence in capsys.readouterr().err


def test_a_teachers_checkpoint_is_not_a_students(a_store, a_taught_run, a_distilled_run, a_copy, capsys):
    run = a_copy(a_distilled_run, "run")
    (run / "last.ckpt").write_bytes((a_taught_run / "last.ckpt").read_bytes())
    options = [*STUDENT, "--teacher", a_taught_run, "--deterministic", "--resume"]
    assert hlfd("distill", a_store, run, *options) == 2
    assert "last.ckpt: holds unetpp with 3 classes" in capsys.readouterr().err


def test_a_checkpoint_of_before_fp16_was_saved_can_be_resumed(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    content = torch.load(run / "last.ckpt", weights_only=True)
    del content["precision"]
    torch.save(content, run / "last.ckpt")
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 0


@pytest.mark.parametrize("damage", ["missing", "cut"])
def test_best_weights_that_are_gone_are_named(a_store, a_taught_run, a_copy, capsys, damage):
    run = a_copy(a_taught_run, "run")
    best = run / "best.safetensors"
    best.unlink() if damage == "missing" else best.write_bytes(best.read_bytes()[:100])
    assert hlfd("teach", a_store, run, *TEACHER, "--deterministic", "--resume") == 2
    assert f"{best}: missing or damaged; start the run again with --overwrite" in capsys.readouterr().err
