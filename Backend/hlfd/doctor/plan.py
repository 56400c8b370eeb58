"""What a teaching and a distilling would take on this machine, before either is started."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import torch
from pydantic import ValidationError

from hlfd.commands import distill, teach
from hlfd.data.store import Store
from hlfd.doctor.measuring import Taken, measure
from hlfd.doctor.trials import Trial, distilling, teaching
from hlfd.errors import InputError
from hlfd.inference.predictor import choose_device
from hlfd.machine import in_words, memory_available
from hlfd.quantities import duration
from hlfd.settings import read_settings
from hlfd.training.settings import TrainingSettings
from hlfd.wording import mistake

COMMANDS = {"teach": teach.CommandSettings, "distill": distill.CommandSettings}
BUDGET_S = 24.0
"""For all steps that are made; building the networks comes on top."""
CLASSES = 3
"""Background, organ, tumour: where no store tells it."""
CONTEXT_BYTES = 500_000_000
"""What CUDA takes for itself."""
Plan = dict[str, TrainingSettings]


@dataclass(frozen=True)
class Expected:
    """What a training is expected to take."""

    command: str
    device: str
    steps: int
    step_s: float
    """Seconds for a step."""
    seconds: float
    """For all of them and, where the store is there, the validations."""
    with_validation: bool
    """Whether validations are counted."""
    memory_bytes: int
    memory_free_bytes: int
    fits: bool
    crops: int
    """Crops and their side that were measured."""
    side: int
    measured_whole: bool
    """Whether a step was measured as it will be; else it was worked out from smaller ones."""

    def say(self) -> str:
        """Say it in a sentence."""
        how = "" if self.measured_whole else f" (worked out from {self.crops} x {self.side} x {self.side} pixels)"
        looks = "with validation" if self.with_validation else "without validation"
        return (
            f"{self.command}: {self.steps} steps of {self.step_s:.2g} s{how}: about {duration(self.seconds)} {looks}; "
            f"needs {in_words(self.memory_bytes)} of memory, {in_words(self.memory_free_bytes)} are free"
        )


def read_plan(path: Path) -> Plan:
    """Read the settings of one training, with its `command`, or of two: `teach`, `distill`, either of them null.

    Raises:
        InputError: the file cannot be read, or a setting cannot be used.
    """
    content = read_settings(path)
    if "command" in content:
        content = {str(content["command"]): {name: content[name] for name in content if name != "command"}}
    if unknown := sorted(set(content) - set(COMMANDS)):
        raise InputError(f"{path}: {unknown[0]!r} cannot be planned; there are {', '.join(COMMANDS)}")
    plan = {name: _settings(name, content[name], path) for name in COMMANDS if content.get(name) is not None}
    if not plan:
        raise InputError(f"{path}: plans nothing; give the settings of {' or '.join(COMMANDS)}")
    return plan


def _settings(command: str, values: Any, path: Path) -> TrainingSettings:
    if not isinstance(values, Mapping):
        raise InputError(f"{path}: the settings of {command} are names and values, found a {type(values).__name__}")
    try:
        return COMMANDS[command](**{"store": Path(), "run": Path(), **values})
    except ValidationError as error:
        raise InputError(f"{path}: {mistake(error, f'hlfd {command}')}") from None


def expect(plan: Plan, budget_s: float = BUDGET_S) -> list[Expected]:
    """Measure some steps of each training with noise for CTs; of a store that is there, the manifest alone is read.

    Raises:
        InputError: this machine lacks what the settings ask for.
    """
    own = int(psutil.Process().memory_info().rss)
    free, found, ends = memory_available() + own, [], time.monotonic() + budget_s
    for number, (command, settings) in enumerate(plan.items()):
        device = choose_device(settings.device)
        base = own
        if device.type == "cuda":
            base = CONTEXT_BYTES
            # What torch keeps of the training before is free for this one.
            free = int(torch.cuda.mem_get_info(device)[0]) + torch.cuda.memory_reserved(device)
        trial = _trial(settings, plan)
        share_s = (ends - time.monotonic()) / (len(plan) - number)
        taken = measure(trial, share_s, base, free)
        found.append(_expected(command, trial, taken, device.type, free))
    return found


def as_object(found: list[Expected]) -> dict[str, Any]:
    """All of it for programs."""
    each = {one.command: vars(one) | {"say": one.say()} for one in found}
    return {
        "format": 1,
        "device": found[0].device,
        "seconds": sum(one.seconds for one in found),
        "memory_bytes": max(one.memory_bytes for one in found),
        "memory_free_bytes": min(one.memory_free_bytes for one in found),
        "fits": all(one.fits for one in found),
        "say": conclusion(found),
        **{command: each.get(command) for command in COMMANDS},
    }


def conclusion(found: list[Expected]) -> str:
    """The sentence at the end."""
    where = "the CPU" if found[0].device == "cpu" else found[0].device
    short = [one.command for one in found if not one.fits]
    do = "give a smaller --batch or --crop, narrower --widths, or a larger --accumulate"
    fit = f"Memory will not do for {' and '.join(short)}: {do}." if short else "Memory will do."
    return f"About {duration(sum(one.seconds for one in found))} on {where}. {fit}"


def _expected(command: str, trial: Trial, taken: Taken, device: str, free: int) -> Expected:
    settings, store = trial.settings, _store(trial.settings)
    seconds = settings.steps * taken.step_s
    if store:
        seconds += -(-settings.steps // settings.validate_every) * _pixels(store, settings) / 1e6 * taken.look_s
    if settings.minutes is not None:
        seconds = min(seconds, 60 * settings.minutes)
    return Expected(
        command,
        device,
        settings.steps,
        taken.step_s,
        round(seconds, 1),
        store is not None,
        taken.memory_bytes,
        free,
        taken.memory_bytes <= free,
        taken.crops,
        taken.side,
        (taken.crops, taken.side) == (trial.crops, settings.crop),
    )


def _trial(settings: TrainingSettings, plan: Plan) -> Trial:
    store = _store(settings)
    classes = store.classes if store else CLASSES
    if isinstance(settings, teach.CommandSettings):
        return teaching(settings, classes)
    assert isinstance(settings, distill.CommandSettings)
    planned = plan.get("teach")
    assert planned is None or isinstance(planned, teach.CommandSettings)
    return distilling(settings, classes, planned)


def _store(settings: TrainingSettings) -> Store | None:
    return Store(settings.store) if (settings.store / "store.json").is_file() else None


def _pixels(store: Store, settings: TrainingSettings) -> int:
    """Pixels that a validation looks at."""
    wanted = settings.validation_slices
    shapes = [case.shape for case in store.cases("validation")]
    return sum((min(wanted, planes) if wanted else planes) * rows * columns for planes, rows, columns in shapes)
