"""The training loop: steps, validations, checkpoints, and its ends."""

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import torch
from lightning_fabric import Fabric
from torch import nn
from torch.optim import Adam
from torch.optim.lr_scheduler import CosineAnnealingLR

from hlfd.data.batches import Batch, CropSettings, batches
from hlfd.data.lattice import Companion
from hlfd.data.store import Store
from hlfd.errors import InputError, Stopped
from hlfd.events import Events
from hlfd.models.registry import Architecture
from hlfd.stopping import stop_asked, stop_here
from hlfd.together import agreed, is_first, mean_everywhere, with_common_statistics, world
from hlfd.training import preflight
from hlfd.training.checkpoint import Progress, Training
from hlfd.training.devices import repeatable
from hlfd.training.keeping import Keeper, NotANumberError
from hlfd.training.preview import choose_preview
from hlfd.training.runs import RunFolder, run_events
from hlfd.training.settings import TrainingSettings
from hlfd.training.stepping import Stepper
from hlfd.training.validation import validate

STEPS_BETWEEN_EVENTS = 10
TIMES_LOWERED = 3
DIVERGED = "the training has diverged: start a new run with a lower --learning-rate, or with --precision 32"
News = list[dict[str, Any]]
"""Events that were found out before there was anybody to hear them."""


def start(fabric: Fabric, objective: nn.Module, architecture: Architecture, settings: TrainingSettings) -> Training:
    """Put an objective on its device with the paper's optimiser: Adam and cosine annealing (section 3)."""
    fabric.to_device(with_common_statistics(objective))
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
    export: Callable[[Progress], object] = lambda _progress: None,
) -> Progress:
    """Train to the end, or go on training, and keep the weights that do best on the validation cases.

    Args:
        fabric: device and precision.
        training: what moves.
        store: where the slices are.
        settings: of the run.
        run: its folder.
        what: in words, for whoever watches.
        companion: stored beside the slices, to be cut with them.
        export: makes a model of the best weights; called whenever there are better ones, so that there is always one.

    Returns:
        Progress with the best score and its step; the best weights are in `run.best`.

    Raises:
        InputError: a checkpoint that doesn't fit, a loss that stays no number, or too little memory.
        Stopped: a stop was asked; checkpoint and model are there.
    """
    with repeatable(settings.deterministic):
        module, optimizer = fabric.setup(training.objective, training.optimizer)
        stepper = Stepper(fabric, training, module, optimizer)
        preview = choose_preview(store) if is_first() else None
        keeper = Keeper(training, run, settings.accumulate, export, preview)
        return _Trainer(stepper, keeper, store, settings, what, companion).train()


@dataclass
class _Trainer:
    stepper: Stepper
    keeper: Keeper
    store: Store
    settings: TrainingSettings
    what: str
    companion: Companion | None
    progress: Progress = field(default_factory=Progress)
    began: float = 0.0
    """When it would have begun if it had never been interrupted."""

    def train(self) -> Progress:
        self.progress = Progress(parts=self.settings.accumulate)
        if self.settings.resume and self.keeper.has_checkpoint():
            self.progress = self.keeper.load()
            self.keeper.restore_model(self.progress)
        else:
            self.keeper.save(self.progress)
        news = self._look_ahead() if self.settings.preflight else []
        while True:
            try:
                return self._sit(news)
            except NotANumberError as found:
                news = self._go_back(found)

    def _sit(self, news: News) -> Progress:
        """Train from where the run is to its end."""
        progress, settings = self.progress, self.settings
        with run_events(self.keeper.run, progress.step) as events:
            events.emit("started", what=self.what, at=progress.step, of=settings.steps, parts=progress.parts)
            for one in news:
                events.emit(**one)
            saved, self.began = time.monotonic(), time.monotonic() - progress.seconds
            coming = self._batches(settings.steps, settings.workers, events)
            while True:
                self._validate_if_due(events)
                if why := self._end_reached():
                    return self._finish(events, why)
                stop, save = agreed(stop_asked(), time.monotonic() - saved >= 60 * settings.save_minutes)
                if stop:
                    self._stop(events)
                if save:
                    self.keeper.save(progress)
                    saved = time.monotonic()
                losses = self.stepper.step(
                    next(coming), progress, lambda say: events.emit("note", say=say, parts=progress.parts)
                )
                progress.step += 1
                self._look_at_the_clock()
                self._report(events, losses)

    def _batches(self, last: int, workers: int = 0, events: Events | None = None) -> Iterator[Batch]:
        asked = self.settings
        crops = CropSettings(
            asked.crop, asked.batch, asked.tumor_share, asked.augment, asked.jitter, asked.seed, share=world()
        )

        def told(reason: str) -> None:
            if events:
                events.emit("note", say=f"crops are now cut without --workers, which do not work here ({reason})")

        return batches(self.store, crops, self.progress.step, last, workers, self.companion, told)

    def _look_ahead(self) -> News:
        """Measure some steps, put everything back, and tell what is to be expected."""
        settings, progress = self.settings, self.progress
        last = progress.step + preflight.WARM_UP + preflight.MEASURED
        if last > settings.steps:
            return []
        notes: list[str] = []
        forecast = preflight.measure(self.stepper, self._batches(last), self.store, settings, progress, notes.append)
        budget_s = math.inf if settings.minutes is None else 60 * settings.minutes
        progress.expected = progress.expected or forecast.expected(progress.seconds, budget_s)
        self._load_but("parts", "expected")
        return [
            *({"name": "note", "say": say} for say in notes),
            {"name": "forecast", **vars(forecast), "say": forecast.say(settings.steps - progress.step)},
            *({"name": "warning", "say": say} for say in preflight.warnings(forecast, settings, self.progress)),
        ]

    def _go_back(self, found: NotANumberError) -> News:
        """Take the last checkpoint, with half the learning rate."""
        lowered = self.progress.lowered + 1
        if lowered > TIMES_LOWERED:
            raise InputError(f"{found}; {DIVERGED}")
        self._load_but("parts", "expected", "seconds")
        for group in self.keeper.training.optimizer.param_groups:
            group["lr"] *= 0.5 ** (lowered - self.progress.lowered)
        self.progress.lowered = lowered
        how = f"half the learning rate, for the {lowered}. of {TIMES_LOWERED} times"
        say = f"{found}: went back to step {self.progress.step} with {how}"
        return [{"name": "went_back", "step": self.progress.step, "say": say}]

    def _load_but(self, *known: str) -> None:
        """Put the last checkpoint back, and keep what has become known since."""
        self.progress = replace(self.keeper.load(), **{name: getattr(self.progress, name) for name in known})

    def _validate_if_due(self, events: Events) -> None:
        progress, settings = self.progress, self.settings
        is_last = progress.step == settings.steps or self._time_is_over()
        if progress.validated == progress.step or not (progress.step % settings.validate_every == 0 or is_last):
            return
        self.keeper.require_numbers(progress.step)
        network = self.keeper.training.objective.network
        assert isinstance(network, nn.Module)
        alone = world()[1] == 1
        try:
            device, between = self.stepper.fabric.device, (lambda: stop_here("")) if alone else (lambda: None)
            score = validate(network, self.store, settings.validation_slices, device, between)
        except Stopped:
            self._stop(events)
        self.keeper.keep_if_best(score, progress)
        progress.validated = progress.step
        self._look_at_the_clock()
        shown = {} if score is None else {"tumor_dice": score}
        note = "" if score is None else f": validation tumour Dice {score:.3f} (best {progress.best_score:.3f})"
        # Told before it is saved: a run that dies in between tells it again when it is resumed, and none goes missing.
        events.emit("validated", step=progress.step, say=f"step {progress.step} of {settings.steps}{note}", **shown)
        if self.keeper.show(progress, device):
            events.emit("previewed", step=progress.step, file=self.keeper.run.preview.name)
        self.keeper.save(progress)

    def _look_at_the_clock(self) -> None:
        self.progress.seconds = time.monotonic() - self.began

    def _time_is_over(self) -> bool:
        minutes = self.settings.minutes
        if minutes is None:
            return False
        (over,) = agreed(self.progress.seconds >= 60 * minutes)
        return over

    def _end_reached(self) -> str:
        """Say why it is time to end; empty if it isn't."""
        progress, settings = self.progress, self.settings
        if progress.step == settings.steps:
            return "all steps are done"
        if self._time_is_over():
            if progress.lowered and not progress.best_step:
                raise InputError(f"{self.keeper.run.folder}: the {settings.minutes:g} minutes are over; {DIVERGED}")
            return f"the {settings.minutes:g} minutes are over at step {progress.step} of {settings.steps}"
        if settings.patience and progress.waited >= settings.patience:
            return f"no better score in {progress.waited} validations, at step {progress.step} of {settings.steps}"
        return ""

    def _finish(self, events: Events, why: str) -> Progress:
        progress = self.progress
        progress.ended, score = why, progress.best_score
        by = "no tumour on validation slices to choose by" if score is None else f"validation tumour Dice {score:.3f}"
        say = f"{why}; kept the weights of step {progress.best_step}: {by}"
        events.emit("done", step=progress.step, best_step=progress.best_step, why=why, say=say)
        return progress

    def _stop(self, events: Events) -> None:
        """Keep everything, make sure that there is a model, and go."""
        progress = self.progress
        self.keeper.require_numbers(progress.step)
        if progress.step and not progress.best_step:
            self.keeper.keep_if_best(None, progress)
        self.keeper.save(progress)
        kept = f"the model of step {progress.best_step} is kept" if progress.best_step else "there is no model yet"
        say = f"stopped at step {progress.step} of {self.settings.steps}; {kept}, and --resume goes on"
        events.emit("stopped", step=progress.step, say=say)
        raise Stopped(f"{self.keeper.run.folder}: {say}")

    def _report(self, events: Events, losses: dict[str, torch.Tensor]) -> None:
        step = self.progress.step
        if step % STEPS_BETWEEN_EVENTS and step not in (1, self.settings.steps):
            return
        values = mean_everywhere(torch.stack([value.float() for value in losses.values()])).tolist()
        named = dict(zip(losses, values, strict=True))
        if not math.isfinite(named["loss"]):
            raise NotANumberError(f"step {step}: the loss is {named['loss']}")
        events.emit("step", step=step, **named)
