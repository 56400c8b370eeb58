"""What a run keeps: its checkpoint, its best weights, and a model of them at every moment."""

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from hlfd.files import whole_file
from hlfd.together import agreed, is_first, wait_for_all
from hlfd.training.checkpoint import Progress, Training, load_checkpoint, save_checkpoint
from hlfd.training.preview import Preview
from hlfd.training.runs import RunFolder


class NotANumberError(Exception):
    """A loss or weights are no longer numbers."""


@dataclass(frozen=True)
class Keeper:
    """Saves and loads; of several processes, the first one writes, and the others wait for it."""

    training: Training
    run: RunFolder
    least_parts: int
    """Parts that the settings ask for; a checkpoint may know that more are needed."""
    export: Callable[[Progress], object]
    """Makes a model of the best weights."""
    preview: Preview | None = None
    """What the run shows of itself; None in a process that doesn't write, or without a validation case."""

    def has_checkpoint(self) -> bool:
        """Whether there is something to go on from: the same for all processes, however soon the first one writes."""
        (there,) = agreed(self.run.checkpoint.exists())
        return there

    def load(self) -> Progress:
        """Put the last checkpoint back into the moving parts.

        Raises:
            InputError: it is damaged, or of another run.
        """
        progress = load_checkpoint(self.run.checkpoint, self.training)
        progress.parts = max(progress.parts, self.least_parts)
        return progress

    def save(self, progress: Progress) -> None:
        """Write a checkpoint.

        Raises:
            NotANumberError: weights are no longer numbers: the last checkpoint stays, which is good.
        """
        self.require_numbers(progress.step)
        if is_first():
            save_checkpoint(self.run.checkpoint, self.training, progress)
        wait_for_all()

    def keep_if_best(self, score: float | None, progress: Progress) -> None:
        """Keep the weights, and make a model of them, if none had a better score. Without a score the latest are kept.

        Equal scores prefer the later weights, but are not better: `progress.waited` counts those in a row.
        """
        is_better = score is None or progress.best_score is None or score > progress.best_score
        progress.waited = 0 if is_better else progress.waited + 1
        if score is not None and score < (progress.best_score or 0.0):
            return
        progress.best_score, progress.best_step = score, progress.step
        if is_first():
            with whole_file(self.run.best) as temporary:
                save_file({name: value.contiguous() for name, value in self._network.state_dict().items()}, temporary)
            # On Windows a model that somebody is reading cannot be replaced; the next better one, or the end, does it.
            with contextlib.suppress(PermissionError):
                self.export(progress)

    def show(self, progress: Progress, device: torch.device) -> bool:
        """Draw what the network makes of the slice that the run shows; tell whether there is a new picture."""
        if self.preview is None:
            return False
        return self.preview.draw(self._network, device, progress.step, self.run.preview)

    def restore_model(self, progress: Progress) -> None:
        """Make the model of the best weights anew, if a crash came while it was replaced."""
        if not (is_first() and self.run.best.exists()) or self.run.bundle.exists():
            return
        moving = {name: value.clone() for name, value in self._network.state_dict().items()}
        try:
            self._network.load_state_dict(load_file(self.run.best))
            self.export(progress)
        finally:
            self._network.load_state_dict(moving)

    @property
    def _network(self) -> nn.Module:
        network = self.training.objective.network
        assert isinstance(network, nn.Module)
        return network

    def require_numbers(self, step: int) -> None:
        """Notice weights that are no numbers before they are judged, kept or saved."""
        if not all(bool(value.isfinite().all()) for value in self.training.objective.state_dict().values()):
            raise NotANumberError(f"step {step}: weights are no longer numbers")
