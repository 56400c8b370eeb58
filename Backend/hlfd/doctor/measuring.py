"""A few steps of a training that has no data yet: the very network, crops and batch, with noise for CTs."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn

from hlfd.doctor.trials import Trial
from hlfd.errors import MemoryShortError
from hlfd.training.checkpoint import Progress
from hlfd.training.devices import make_fabric
from hlfd.training.loop import start
from hlfd.training.preflight import now
from hlfd.training.stepping import Stepper

SMALLEST_SIDE = 64
WARM_UP, MEASURED = 1, 2
COPIES_OF_WEIGHTS = 4
"""Weights, their gradient, and Adam's two means."""
WORKING, ROOM_BYTES = 1.5, 100_000_000
"""Memory of a step: relative to what it keeps for its gradient, and what libraries take beside it. On a CPU, four
trainings from 0.8 to 1.5 GB were within 7 % of what these say."""
SHARE_OF_MEMORY = 0.7


@dataclass(frozen=True)
class Taken:
    """What steps were seen to take."""

    step_s: float
    """Seconds of a whole step."""
    look_s: float
    """Seconds of looking at a million pixels, without learning."""
    memory_bytes: int
    """Most memory at once, as estimated from what a step keeps."""
    crops: int
    """Crops and their side that were measured; where they are not those of a step, the rest is in proportion."""
    side: int


@dataclass
class _Kept:
    """Counts what a step keeps for its gradient, each piece of memory once, without the weights."""

    weights: set[int]
    pieces: dict[int, int] = field(default_factory=dict)

    def note(self, tensor: Tensor) -> Tensor:
        piece = tensor.untyped_storage()
        if piece.data_ptr() not in self.weights:
            self.pieces[piece.data_ptr()] = piece.nbytes()
        return tensor


def measure(trial: Trial, budget_s: float, base: int, free: int) -> Taken:
    """Make steps of growing size, up to those of the training where time and memory allow it; the last ones count.

    Args:
        trial: what is to be measured; it has learned nonsense afterwards.
        budget_s: about how long, in seconds.
        base: bytes that a process holds before it has a network.
        free: bytes that the whole may take.

    Raises:
        InputError: the machine lacks what the settings ask for, or memory does not suffice for the smallest step.
    """
    alone = trial.settings.model_copy(update={"devices": 1, "nodes": 1})
    fabric = make_fabric(alone)
    training = start(fabric, trial.objective, trial.architecture, alone)
    stepper = Stepper(fabric, training, *fabric.setup(training.objective, training.optimizer))
    still = base + ROOM_BYTES + _still(trial)
    ends, taken = now(stepper) + budget_s, None
    for crops, side in _rungs(trial):
        if taken is not None:
            larger = crops * side**2 / (taken.crops * taken.side**2)
            steps_s = (WARM_UP + 1) * larger * taken.step_s * _share(trial, taken.crops, taken.side)
            needed = _memory(trial, still, taken, crops, side)
            if now(stepper) + steps_s > ends or needed > SHARE_OF_MEMORY * free:
                break
        try:
            taken = _take(stepper, trial, crops, side, still, ends)
        except MemoryShortError:
            if taken is None:
                raise
            break
    assert taken is not None
    return taken


def _take(stepper: Stepper, trial: Trial, crops: int, side: int, still: int, ends: float) -> Taken:
    is_last = (crops, side) == (trial.crops, trial.settings.crop)
    batch, step_s, kept = trial.batch(crops, side), math.inf, 0
    for number in range(WARM_UP + (MEASURED if is_last else 1)):
        began = now(stepper)
        if number > WARM_UP and began + step_s > ends:
            break
        progress, held = Progress(), _Kept({weight.untyped_storage().data_ptr() for weight in _weights(trial)})
        with torch.autograd.graph.saved_tensors_hooks(held.note, lambda tensor: tensor):
            stepper.step(batch, progress, lambda _say: None)
        if progress.parts > 1:
            raise MemoryShortError(f"memory does not suffice for {crops} crops of {side}")
        kept = max(kept, sum(held.pieces.values()))
        if number >= WARM_UP:
            step_s = min(step_s, now(stepper) - began)
    look_s = _look_s(stepper, batch.images)
    share = _share(trial, crops, side)
    memory = int(still + WORKING * kept * trial.crops * trial.settings.crop**2 / (crops * side**2))
    return Taken(step_s / share, look_s, memory, crops, side)


def _rungs(trial: Trial) -> Iterator[tuple[int, int]]:
    """Crops and side, from little to what a device computes at once."""
    crop, most = trial.settings.crop, trial.crops
    # One crop of the smallest side can leave batch norm a single value.
    crops, side = min(2, most) if crop < SMALLEST_SIDE else 1, min(SMALLEST_SIDE, crop)
    while side < crop:
        yield crops, side
        side = min(2 * side, crop)
    while crops < most:
        yield crops, crop
        crops = min(2 * crops, most)
    yield most, crop


def _share(trial: Trial, crops: int, side: int) -> float:
    """Which share of a step's pixels so many crops are."""
    return crops * side**2 / (trial.per_step * trial.settings.crop**2)


def _memory(trial: Trial, still: int, taken: Taken, crops: int, side: int) -> float:
    return still + (taken.memory_bytes - still) * crops * side**2 / (trial.crops * trial.settings.crop**2)


def _still(trial: Trial) -> int:
    """Bytes that are held between the steps."""
    learned = sum(weight.nbytes for weight in trial.objective.parameters())
    return COPIES_OF_WEIGHTS * learned + sum(weight.nbytes for weight in _of_teacher(trial))


def _weights(trial: Trial) -> list[Tensor]:
    return [*trial.objective.parameters(), *_of_teacher(trial)]


def _of_teacher(trial: Trial) -> list[nn.Parameter]:
    return list(trial.teacher.parameters()) if trial.teacher is not None else []


def _look_s(stepper: Stepper, images: Tensor) -> float:
    network = stepper.training.objective.network
    assert isinstance(network, nn.Module)
    network.eval()
    images = images[:1].to(stepper.fabric.device)
    with torch.inference_mode():
        network(images)
        began = now(stepper)
        network(images)
    return (now(stepper) - began) * 1e6 / images.numel()
