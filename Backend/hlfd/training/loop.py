"""The training loop: steps, validation, checkpoints."""

import time
from collections.abc import Iterator

import torch
from lightning_fabric import Fabric
from safetensors.torch import save_file
from torch import nn
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from hlfd.data.batches import Batch, CropSettings, batches
from hlfd.data.store import Store
from hlfd.events import Events
from hlfd.files import whole_file
from hlfd.models.registry import Architecture
from hlfd.training.checkpoint import Progress, Training, load_checkpoint, save_checkpoint
from hlfd.training.runs import RunFolder, run_events
from hlfd.training.settings import TrainingSettings
from hlfd.training.validation import validate

STEPS_BETWEEN_EVENTS = 10
PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}


def make_fabric(settings: TrainingSettings) -> Fabric:
    """Choose device and precision."""
    return Fabric(accelerator=settings.device, devices=1, precision=PRECISIONS[settings.precision])  # type: ignore[arg-type]


def start(fabric: Fabric, objective: nn.Module, architecture: Architecture, settings: TrainingSettings) -> Training:
    """Put an objective on its device with the paper's optimiser: Adam and cosine annealing (section 3)."""
    fabric.to_device(objective)
    learned = [parameter for parameter in objective.parameters() if parameter.requires_grad]
    optimizer = Adam(learned, lr=settings.learning_rate, betas=(0.9, 0.999))
    scheduler = CosineAnnealingLR(optimizer, T_max=settings.steps, eta_min=settings.final_learning_rate)
    return Training(objective, optimizer, scheduler, architecture)


def train(
    fabric: Fabric, training: Training, store: Store, settings: TrainingSettings, run: RunFolder, what: str
) -> Progress:
    """Train to the last step and keep the weights that do best on the validation cases.

    Returns:
        Progress with the best score and its step; the best weights are in `run.best`.

    Raises:
        InputError: resuming from a checkpoint that doesn't fit.
        FloatingPointError: the loss is no longer a number.
    """
    if settings.deterministic:
        torch.use_deterministic_algorithms(True)
    progress = load_checkpoint(run.checkpoint, training) if settings.resume else Progress()
    with run_events(run, progress.step) as events:
        events.emit("started", what=what, at=progress.step, of=settings.steps)
        stepper, optimizer = fabric.setup(training.objective, training.optimizer)
        for batch in _batches(store, settings, progress.step):
            began = time.monotonic()
            training.objective.train()
            losses = stepper(*_on(fabric, batch))
            optimizer.zero_grad()
            fabric.backward(losses["loss"])
            optimizer.step()
            training.scheduler.step()
            progress.step += 1
            _report(events, progress.step, settings.steps, losses)
            if progress.step % settings.validate_every == 0 or progress.step == settings.steps:
                _validate_and_save(fabric, training, store, settings, run, progress, events)
            progress.seconds += time.monotonic() - began
        score = "no validation cases" if progress.best_score is None else f"tumour Dice {progress.best_score:.3f}"
        events.emit("done", step=progress.step, best_step=progress.best_step,
                    say=f"kept the weights of step {progress.best_step} ({score} on validation)")  # fmt: skip
    return progress


def _batches(store: Store, settings: TrainingSettings, done: int) -> Iterator[Batch]:
    crops = CropSettings(settings.crop, settings.batch, settings.tumor_share, settings.augment, settings.seed)
    return batches(store, crops, done, settings.steps, settings.workers)


def _on(fabric: Fabric, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    moved = batch.to(fabric.device)
    return moved.images, moved.labels


def _report(events: Events, step: int, steps: int, losses: dict[str, torch.Tensor]) -> None:
    if step % STEPS_BETWEEN_EVENTS and step not in (1, steps):
        return
    values = {name: float(value.detach()) for name, value in losses.items()}
    if values["loss"] != values["loss"]:
        raise FloatingPointError(f"step {step}: the loss is no longer a number; resume with a lower learning rate")
    events.emit("step", step=step, **values)


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
    save_checkpoint(run.checkpoint, training, progress)
    shown = {} if score is None else {"tumor_dice": score}
    note = "" if score is None else f": validation tumour Dice {score:.3f} (best {progress.best_score:.3f})"
    events.emit("validated", step=progress.step, say=f"step {progress.step} of {settings.steps}{note}", **shown)
