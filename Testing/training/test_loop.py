"""The loop when something goes wrong, and how its checkpoints survive it."""

import errno
import os

import pytest
import torch
from safetensors.torch import load_file
from torch import nn

from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.models.registry import Architecture, build
from hlfd.training import checkpoint
from hlfd.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from hlfd.training.devices import make_fabric
from hlfd.training.loop import start, train
from hlfd.training.objectives import Supervised
from hlfd.training.runs import open_run
from hlfd.training.settings import TrainingSettings
from Testing.training.tiny_runs import TEACHER, hlfd, same

ARCHITECTURE = Architecture(network="unetpp", classes=3, settings={"widths": [2, 2, 2, 2, 2]})


def settings_for(store, run, **others):
    return TrainingSettings.model_validate(
        {"store": store, "run": run, "steps": 6, "crop": 32, "batch": 2, "validate_every": 2, "device": "cpu", **others}
    )


def tensors(content):
    """All tensors of a checkpoint, whatever they are in."""
    if isinstance(content, torch.Tensor):
        return [content]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


class PoisonedAfter(nn.Module):
    """Supervised, whose gradient is no number from a step on, though its loss still is one."""

    def __init__(self, network, steps):
        super().__init__()
        self.network, self.supervised, self.left = network, Supervised(network), steps

    def forward(self, images, labels, targets=None):
        parts = self.supervised(images, labels)
        self.left -= 1
        if self.left >= 0:
            return parts
        zero = sum((value - value.detach()).abs().sqrt().sum() for value in self.network.parameters())
        return {**parts, "loss": parts["loss"] + zero}


@pytest.fixture
def a_training():
    """The moving parts of a run, as they are before its first step."""
    settings = settings_for("store", "run")
    torch.manual_seed(0)
    return start(make_fabric(settings), Supervised(build(ARCHITECTURE)), ARCHITECTURE, settings)


def test_a_training_that_diverges_ends_in_a_sentence_and_leaves_the_last_checkpoint_good(a_store, tmp_path, capsys):
    run = tmp_path / "run"
    options = [*TEACHER, "--learning-rate", 1e30, "--validate-every", 1]
    assert hlfd("teach", a_store, run, *options) == 2
    said = capsys.readouterr().err
    assert "the training has diverged: start a new run with a lower --learning-rate" in said
    assert "Traceback" not in said
    assert not (run / "bundle").exists()
    if (run / "last.ckpt").exists():
        kept = torch.load(run / "last.ckpt", weights_only=True)["objective"]
        assert all(value.isfinite().all() for value in (*kept.values(), *load_file(run / "best.safetensors").values()))


def test_weights_that_are_no_numbers_are_never_saved(a_store, tmp_path):
    # The loss of step 5 is a number, its gradient is not: the checkpoint of step 6 would be of no use.
    settings = settings_for(a_store, tmp_path / "run")
    fabric = make_fabric(settings)
    training = start(fabric, PoisonedAfter(build(ARCHITECTURE), steps=4), ARCHITECTURE, settings)
    run = open_run(settings, {})
    with pytest.raises(InputError, match=r"step 6: .* the training has diverged"):
        train(fabric, training, Store(a_store), settings, run, "Teaching")
    content = torch.load(run.checkpoint, weights_only=True)
    assert content["progress"]["step"] == 4
    assert all(value.isfinite().all() for value in tensors(content))
    assert all(value.isfinite().all() for value in load_file(run.best).values())


def test_poison_just_before_a_checkpoint_is_noticed(a_store, tmp_path):
    # Step 4 tells no loss (every tenth does), changes the weights to no numbers, and would save them at once.
    settings = settings_for(a_store, tmp_path / "run")
    fabric = make_fabric(settings)
    training = start(fabric, PoisonedAfter(build(ARCHITECTURE), steps=3), ARCHITECTURE, settings)
    run = open_run(settings, {})
    with pytest.raises(InputError, match=r"step 4: weights are no longer numbers"):
        train(fabric, training, Store(a_store), settings, run, "Teaching")
    assert torch.load(run.checkpoint, weights_only=True)["progress"]["step"] == 2


def test_a_checkpoint_brings_everything_back(a_training, tmp_path):
    images, labels = torch.rand(2, 1, 32, 32), torch.randint(0, 3, (2, 32, 32))
    for _ in range(2):
        a_training.optimizer.zero_grad()
        a_training.objective(images, labels)["loss"].backward()
        a_training.optimizer.step()
        a_training.scheduler.step()
    save_checkpoint(tmp_path / "last.ckpt", a_training, Progress(2, 0.25, 1, 3.5))
    drawn = torch.rand(3)
    settings = settings_for("store", "run")
    other = start(make_fabric(settings), Supervised(build(ARCHITECTURE)), ARCHITECTURE, settings)
    assert load_checkpoint(tmp_path / "last.ckpt", other) == Progress(2, 0.25, 1, 3.5)
    assert torch.equal(torch.rand(3), drawn)
    for part in ("objective", "optimizer", "scheduler"):
        assert same(getattr(other, part).state_dict(), getattr(a_training, part).state_dict()), part


@pytest.mark.parametrize("kept", [0, 1000])
def test_a_full_disk_in_the_middle_of_a_checkpoint_leaves_the_one_before(a_training, tmp_path, monkeypatch, kept):
    path = tmp_path / "last.ckpt"
    save_checkpoint(path, a_training, Progress(step=1))
    before = path.read_bytes()

    def save_some(content, file):
        file.write_bytes(before[:kept])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(checkpoint.torch, "save", save_some)
    with pytest.raises(OSError, match="space"):
        save_checkpoint(path, a_training, Progress(step=2))
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_told_in_a_sentence(a_store, tmp_path, monkeypatch, capsys):
    def full(content, file):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(file))

    monkeypatch.setattr(checkpoint.torch, "save", full)
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER) == 2
    said = capsys.readouterr().err
    assert "the disk is full; free some space or choose another disk" in said
    assert "Traceback" not in said


def test_deterministic_is_given_back_after_an_error_too(a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--deterministic", "--learning-rate", 1e30) == 2
    assert not torch.are_deterministic_algorithms_enabled()


def test_deterministic_holds_while_training(a_store, tmp_path):
    seen = []

    class Watching(Supervised):
        def forward(self, images, labels, targets=None):
            seen.append(torch.are_deterministic_algorithms_enabled())
            return super().forward(images, labels)

    for deterministic in (True, False):
        settings = settings_for(a_store, tmp_path / str(deterministic), steps=1, deterministic=deterministic)
        fabric = make_fabric(settings)
        training = start(fabric, Watching(build(ARCHITECTURE)), ARCHITECTURE, settings)
        train(fabric, training, Store(a_store), settings, open_run(settings, {}), "Teaching")
    assert seen == [True, False]
