"""What a run will take, from a few measured steps; and what it took."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn

from hlfd.data.batches import Batch
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.inference.predictor import SLICES_AT_ONCE
from hlfd.machine import disk_free, in_words, memory_available, peak_memory
from hlfd.quantities import duration
from hlfd.training.checkpoint import Progress
from hlfd.training.settings import TrainingSettings
from hlfd.training.stepping import Stepper
from hlfd.training.validation import slices_to_see, validate

WARM_UP, MEASURED = 1, 2
EVENT_BYTES = 200
COPIES_OF_WEIGHTS = 11
"""A checkpoint has weights and Adam's two means; the best weights and the bundle, one each. While one of them is
written, the one before is still there: 3 + 1 + 1, twice, and one for adapters and rounding."""
TENSOR_BYTES = 3000
"""What the name of a tensor and its place in all these files take beside its values."""
LITTLE_MEMORY = 0.1


@dataclass(frozen=True)
class Forecast:
    """What the rest of a run is expected to take."""

    step_s: float
    """Seconds for a step."""
    seconds: float
    """For all steps and validations that are left."""
    memory_bytes: int
    """Most memory at once: of the GPU where there is one, else of this process."""
    memory_free_bytes: int
    """What is left beside it now."""
    disk_bytes: int
    """Most that the run's folder will hold."""
    disk_free_bytes: int

    def say(self, steps: int) -> str:
        """Say it in a sentence."""
        return (
            f"{steps} steps of {self.step_s:.2g} s: about {duration(self.seconds)} with validation; needs "
            f"{in_words(self.memory_bytes)} of memory ({in_words(self.memory_free_bytes)} are free beside it) and "
            f"{in_words(self.disk_bytes)} of disk ({in_words(self.disk_free_bytes)} are free)"
        )

    def expected(self, spent_s: float, most_s: float = math.inf) -> dict[str, float]:
        """Give what the outcome will be held against, of a run that may take so long."""
        return {
            "seconds": round(min(spent_s + self.seconds, most_s), 1),
            "memory_bytes": self.memory_bytes,
            "disk_bytes": self.disk_bytes,
        }


def disk_needed(network: nn.Module, steps: int) -> int:
    """Most bytes that a run's folder holds at once."""
    tensors = network.state_dict().values()
    weights = sum(value.numel() * value.element_size() for value in tensors)
    return COPIES_OF_WEIGHTS * weights + TENSOR_BYTES * len(tensors) + EVENT_BYTES * steps


def require_disk(network: nn.Module, settings: TrainingSettings) -> None:
    """Refuse a run that will not find room, before anything of it is written.

    Raises:
        InputError: the disk has less than the run will write.
    """
    needed, free = disk_needed(network, settings.steps), disk_free(settings.run)
    if settings.preflight and needed > free and not settings.resume:
        raise InputError(
            f"{settings.run}: the run writes up to {in_words(needed)}, and {in_words(free)} are free there; "
            "free some space or choose another disk (--no-preflight starts it all the same)"
        )


def require_disk_for_answers(needed: int, folder: Path, settings: TrainingSettings) -> None:
    """Refuse to ask a teacher whose answers will not find room in the store.

    Args:
        needed: bytes that the answers will take.
        folder: of the store.
        settings: of the run.

    Raises:
        InputError: the disk has less.
    """
    if settings.preflight and needed > (free := disk_free(folder)):
        raise InputError(
            f"{folder}: the teacher's answers take {in_words(needed)}, and {in_words(free)} are free there; free some "
            "space, or give --targets live, which keeps none (--no-preflight starts it all the same)"
        )


def measure(
    stepper: Stepper,
    batches: Iterator[Batch],
    store: Store,
    settings: TrainingSettings,
    progress: Progress,
    tell: Callable[[str], None],
) -> Forecast:
    """Make a few steps and look at a few slices, and tell what the rest will take. The moving parts have moved then."""
    began = 0.0
    for number, batch in enumerate(batches):
        if number == WARM_UP:
            began = now(stepper)
        stepper.step(batch, progress, tell)
        made = number + 1
    step_s = (now(stepper) - began) / max(made - WARM_UP, 1)
    looks = -(-(settings.steps - progress.step) // settings.validate_every)
    seconds = (settings.steps - progress.step) * step_s + looks * _validation_s(stepper, store, settings)
    return Forecast(
        step_s,
        seconds,
        memory_used(stepper.fabric.device),
        _memory_left(stepper.fabric.device),
        disk_needed(stepper.training.objective.network, settings.steps),  # type: ignore[arg-type]
        disk_free(settings.run),
    )


def warnings(forecast: Forecast, settings: TrainingSettings, progress: Progress) -> list[str]:
    """Say what may go wrong, and what to do."""
    found = []
    if forecast.memory_free_bytes < LITTLE_MEMORY * forecast.memory_bytes:
        found.append("memory is nearly full: close other programs, or give a smaller --batch or twice the --accumulate")
    left_s = None if settings.minutes is None else 60 * settings.minutes - progress.seconds
    if left_s is not None and left_s < forecast.seconds:
        hint = "" if progress.step else f"; --steps {_steps_in(left_s, forecast, settings)} would use the time better"
        found.append(
            f"--minutes {settings.minutes:g} are too short for --steps {settings.steps}: the learning rate will not "
            f"come down before the end{hint}"
        )
    return found


def _steps_in(seconds: float, forecast: Forecast, settings: TrainingSettings) -> int:
    return max(int(settings.steps * seconds / forecast.seconds), 1)


def outcome(run: Path, progress: Progress, device: torch.device) -> dict[str, float]:
    """What the run took, to be held against what was expected."""
    size = sum(file.stat().st_size for file in run.rglob("*") if file.is_file())
    return {"seconds": round(progress.seconds, 1), "memory_bytes": memory_used(device), "disk_bytes": size}


def memory_used(device: torch.device) -> int:
    """Most memory so far, bytes: of the GPU if there is one, else of this process."""
    if device.type == "cuda":
        return int(torch.cuda.max_memory_allocated(device))
    return peak_memory() or 0


def _memory_left(device: torch.device) -> int:
    return int(torch.cuda.mem_get_info(device)[0]) if device.type == "cuda" else memory_available()


def _validation_s(stepper: Stepper, store: Store, settings: TrainingSettings) -> float:
    """Seconds of a validation, from its first slices."""
    slices = slices_to_see(store, settings.validation_slices)
    if not slices:
        return 0.0
    network = stepper.training.objective.network
    for _warm_up_then_measured in range(2):
        began = now(stepper)
        validate(network, store, SLICES_AT_ONCE, stepper.fabric.device, cases=1)  # type: ignore[arg-type]
    return (now(stepper) - began) * slices / min(SLICES_AT_ONCE, slices)


def now(stepper: Stepper) -> float:
    """Seconds, when all that was asked of the device is done."""
    if stepper.fabric.device.type == "cuda":
        torch.cuda.synchronize(stepper.fabric.device)
    elif stepper.fabric.device.type == "mps":
        torch.mps.synchronize()
    return time.monotonic()
