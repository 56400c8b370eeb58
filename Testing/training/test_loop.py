"""The loop when something goes wrong, and how its checkpoints survive it."""

import errno
import os

import pytest
import torch

from hlfd.training import checkpoint
from hlfd.training.checkpoint import Progress, load_checkpoint, save_checkpoint
from hlfd.training.devices import make_fabric
from hlfd.training.loop import start
from hlfd.training.objectives import Supervised
from Testing.training.bare_loop import ARCHITECTURE, Watched, a_network, run_loop, settings_for
from Testing.training.tiny_runs import TEACHER, hlfd, same


@pytest.fixture
def a_training():
    """The moving parts of a run, as they are before its first step."""
    settings = settings_for("store", "run")
    return start(make_fabric(settings), Supervised(a_network()), ARCHITECTURE, settings)


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
    other = start(make_fabric(settings), Supervised(a_network()), ARCHITECTURE, settings)
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
    objective = Watched(lambda _images: seen.append(torch.are_deterministic_algorithms_enabled()))
    for deterministic in (True, False):
        run_loop(objective, a_store, tmp_path / str(deterministic), steps=1, deterministic=deterministic)
    assert seen == [True, False]
