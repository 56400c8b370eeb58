"""Checkpoints: all that a run needs to go on exactly, in one file that is whole or absent."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from lightning_fabric.plugins import Precision
from torch import nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from hlfd.errors import InputError
from hlfd.files import whole_file
from hlfd.models.registry import Architecture

CHECKPOINT_FORMAT = 2


@dataclass
class Progress:
    """How far a run is."""

    step: int = 0
    """Steps done."""
    best_score: float | None = None
    """Best validation score so far: mean tumour Dice, 0..1; None before the first or without validation cases."""
    best_step: int = 0
    """Step of the weights that are kept."""
    validated: int = 0
    """Step of the last validation."""
    waited: int = 0
    """Validations in a row without a better score."""
    seconds: float = 0.0
    """Time spent training, over all sittings."""
    parts: int = 1
    """Parts that each device computes its crops in, at least."""
    lowered: int = 0
    """How often the learning rate was halved because a loss was no number."""
    ended: str = ""
    """Why the run is over."""
    expected: dict[str, float] | None = None
    """What the preflight of the first sitting expected: `seconds`, `memory_bytes`, `disk_bytes`."""


@dataclass(frozen=True)
class Training:
    """The moving parts of a run."""

    objective: nn.Module
    """Network and adapters."""
    optimizer: Optimizer
    scheduler: LRScheduler
    precision: Precision
    """It holds the factor by which fp16 scales the loss."""
    architecture: Architecture


def save_checkpoint(path: Path, training: Training, progress: Progress) -> None:
    """Write weights, adapters, optimiser, schedule, random state and progress."""
    content = {
        "format": CHECKPOINT_FORMAT,
        "architecture": training.architecture.model_dump(mode="json"),
        "objective": training.objective.state_dict(),
        "optimizer": training.optimizer.state_dict(),
        "scheduler": training.scheduler.state_dict(),
        "precision": training.precision.state_dict(),
        "random": torch.get_rng_state(),
        "progress": vars(progress),
    }
    with whole_file(path) as temporary:
        torch.save(content, temporary)


def load_checkpoint(path: Path, training: Training) -> Progress:
    """Put a checkpoint back into the moving parts; runs no code from the file.

    Raises:
        InputError: missing, damaged, of another format, or of another architecture.
    """
    content = _read(path)
    found = Architecture(**content["architecture"])
    if found != training.architecture:
        raise InputError(
            f"{path}: holds {found.in_words()}, the run needs {training.architecture.in_words()}; resume with "
            "the settings of the run, or start a new one"
        )
    try:
        training.objective.load_state_dict(content["objective"])
        training.optimizer.load_state_dict(content["optimizer"])
        training.scheduler.load_state_dict(content["scheduler"])
        if content.get("precision"):
            training.precision.load_state_dict(content["precision"])
        torch.set_rng_state(content["random"])
        return Progress(**content["progress"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        raise InputError(f"{path}: doesn't fit the run ({reason}); resume with its settings, or start anew") from None


def _read(path: Path) -> dict[str, Any]:
    if not path.exists():
        raise InputError(f"{path}: no checkpoint yet; start the run again with --overwrite")
    try:
        content: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        found, _ = content["format"], content["architecture"]
    except Exception as error:  # torch.load fails in many ways on a file that is not its own
        raise InputError(f"{path}: not a checkpoint, or damaged ({type(error).__name__}); start a new run") from None
    if found != CHECKPOINT_FORMAT:
        raise InputError(f"{path}: checkpoint format {found}, this version reads {CHECKPOINT_FORMAT}; start a new run")
    return content
