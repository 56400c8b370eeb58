"""The training loop: steps, validation, checkpoints."""

import contextlib
import math
import os
import time
from collections.abc import Iterator

import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file
from torch import nn
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from hlfd.data.batches import Batch, CropSettings, batches
from hlfd.data.lattice import Companion
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.events import Events
from hlfd.files import whole_file
from hlfd.inference.predictor import choose_device
from hlfd.models.registry import Architecture
from hlfd.training.checkpoint import Progress, Training, load_checkpoint, save_checkpoint
from hlfd.training.runs import RunFolder, run_events
from hlfd.training.settings import TrainingSettings
from hlfd.training.validation import validate

STEPS_BETWEEN_EVENTS = 10
DIVERGED = "the training has diverged: start a new run with a lower --learning-rate, or with --precision 32"
PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


def make_fabric(settings: TrainingSettings) -> Fabric:
    """Choose device and precision.

    Raises:
        InputError: the machine has no such device, or the device no such arithmetic.
    """
    device = choose_device(settings.device).type
    if settings.precision == "16" and device == "cpu":
        raise InputError("precision 16: a CPU has no fast fp16; use --precision bf16 or 32")
    return Fabric(accelerator=device, devices=1, precision=PRECISIONS[settings.precision])  # type: ignore[arg-type]


def start(fabric: Fabric, objective: nn.Module, architecture: Architecture, settings: TrainingSettings) -> Training:
    """Put an objective on its device with the paper's optimiser: Adam and cosine annealing (section 3)."""
    fabric.to_device(objective)
    learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    optimizer = Adam(learned, lr=settings.learning_rate, betas=(0.9, 0.999))
    scheduler = CosineAnnealingLR(optimizer, T_max=settings.steps, eta_min=settings.final_learning_rate)
    return Training(objective, optimizer, scheduler, fabric.strategy.precision, architecture)


def train(
    fabric: Fabric,
    training: Training,
    store: Store,
    settings: TrainingSettings,
    run: RunFolder,
    what: str,
    companion: Companion | None = None,
) -> Progress:
    """Train to the last step and keep the weights that do best on the validation cases.

    Args:
        fabric: device and precision.
        training: what moves.
        store: where the slices are.
        settings: of the run.
        run: its folder.
        what: in words, for whoever watches.
        companion: stored beside the slices, to be cut with them.

    Returns:
        Progress with the best score and its step; the best weights are in `run.best`.

    Raises:
        InputError: resuming from a checkpoint that doesn't fit, or a loss that is no longer a number.
    """
    progress = load_checkpoint(run.checkpoint, training) if settings.resume else Progress()
    with _repeatable(settings.deterministic), run_events(run, progress.step) as events:
        events.emit("started", what=what, at=progress.step, of=settings.steps)
        stepper, optimizer = fabric.setup(training.objective, training.optimizer)
        began = time.monotonic() - progress.seconds
        for batch in _batches(store, settings, progress.step, companion):
            training.objective.train()
            batch = batch.to(fabric.device)
            losses = stepper(batch.images, batch.labels, batch.targets)
            optimizer.zero_grad()
            fabric.backward(losses["loss"])
            optimizer.step()
            training.scheduler.step()
            progress.step, progress.seconds = progress.step + 1, time.monotonic() - began
            _report(events, progress.step, settings.steps, losses)
            if progress.step % settings.validate_every == 0 or progress.step == settings.steps:
                _require_numbers(training.objective, progress.step)
                _validate_and_save(fabric, training, store, settings, run, progress, events)
        score = progress.best_score
        why = "no tumour on validation slices to choose by" if score is None else f"validation tumour Dice {score:.3f}"
        say = f"kept the weights of step {progress.best_step}: {why}"
        events.emit("done", step=progress.step, best_step=progress.best_step, say=say)
    return progress


@contextlib.contextmanager
def _repeatable(deterministic: bool) -> Iterator[None]:
    """Allow only operations that repeat bit for bit, if asked to, and leave torch as it was found."""
    before = torch.are_deterministic_algorithms_enabled()
    if deterministic:
        # CUDA's matrix products repeat only with a workspace of fixed size, which they read at their first use.
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
        torch.use_deterministic_algorithms(True)
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)


def _batches(store: Store, settings: TrainingSettings, done: int, companion: Companion | None) -> Iterator[Batch]:
    crops = CropSettings(
        settings.crop, settings.batch, settings.tumor_share, settings.augment, settings.jitter, settings.seed
    )
    return batches(store, crops, done, settings.steps, settings.workers, companion)


def _report(events: Events, step: int, steps: int, losses: dict[str, torch.Tensor]) -> None:
    if step % STEPS_BETWEEN_EVENTS and step not in (1, steps):
        return
    values = {name: float(value.detach()) for name, value in losses.items()}
    if not math.isfinite(values["loss"]):
        raise InputError(f"step {step}: the loss is {values['loss']}; {DIVERGED}")
    events.emit("step", step=step, **values)


def _require_numbers(objective: nn.Module, step: int) -> None:
    """Stop before weights that are no numbers are judged, kept or saved: the last checkpoint stays good."""
    if not all(bool(value.isfinite().all()) for value in objective.state_dict().values()):
        raise InputError(f"step {step}: weights are no longer numbers; {DIVERGED}")


def _validate_and_save(
    fabric: Fabric,
    training: Training,
    store: Store,
    settings: TrainingSettings,
    run: RunFolder,
    progress: Progress,
    events: Events,
) -> None:
    network = training.objective.network
    assert isinstance(network, nn.Module)
    score = validate(network, store, settings.validation_slices, fabric.device)
    # Without a score the latest weights are the ones to keep; equal scores prefer them too.
    if score is None or score >= (progress.best_score or 0.0):
        progress.best_score, progress.best_step = score, progress.step
        with whole_file(run.best) as temporary:
            save_file({name: value.contiguous() for name, value in network.state_dict().items()}, temporary)
    shown = {} if score is None else {"tumor_dice": score}
    note = "" if score is None else f": validation tumour Dice {score:.3f} (best {progress.best_score:.3f})"
    # Told before it is saved: a run that dies in between tells it again when it is resumed, and none goes missing.
    events.emit("validated", step=progress.step, say=f"step {progress.step} of {settings.steps}{note}", **shown)
    save_checkpoint(run.checkpoint, training, progress)
