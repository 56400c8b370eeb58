"""One step of the optimiser: in parts where memory is short, over all devices, the same batch in every case."""

import contextlib
import gc
from collections.abc import Callable
from dataclasses import dataclass

import torch
from lightning_fabric import Fabric
from torch import Tensor, nn

from hlfd.data.batches import Batch
from hlfd.errors import MemoryShortError, is_out_of_memory
from hlfd.together import world
from hlfd.training.checkpoint import Progress, Training

SMALLER = "use a smaller --crop, narrower --widths, or --precision bf16"


@dataclass(frozen=True)
class Stepper:
    """Makes steps with the moving parts of a run."""

    fabric: Fabric
    training: Training
    module: nn.Module
    """The objective as Fabric has set it up."""
    optimizer: torch.optim.Optimizer
    """The optimiser as Fabric has set it up; it knows about fp16."""

    def step(self, batch: Batch, progress: Progress, tell: Callable[[str], None]) -> dict[str, Tensor]:
        """Make a step with all crops of a batch; give the loss and its parts, means over this process's crops.

        Where memory is short, `progress.parts` is doubled, and the gradient is computed again with the same crops.

        Args:
            batch: this process's crops.
            progress: tells in how many parts they are computed.
            tell: hears what was changed.

        Raises:
            MemoryShortError: not even one crop fits, or one of several processes is short: all must start again.
        """
        losses = self._gradient_that_fits(batch, progress, tell)
        self.optimizer.step()
        self.training.scheduler.step()
        self.training.objective.step_done()  # type: ignore[operator]
        return losses

    def _gradient_that_fits(self, batch: Batch, progress: Progress, tell: Callable[[str], None]) -> dict[str, Tensor]:
        while True:
            try:
                return self._gradient(batch, progress.parts)
            except (RuntimeError, MemoryError) as error:
                if not is_out_of_memory(error):
                    raise
                self._require_smaller(len(batch.images), progress.parts)
            self._let_go()
            progress.parts = min(2 * progress.parts, len(batch.images))
            tell(f"memory is short: the {len(batch.images)} crops of a step are now computed in {progress.parts} parts")

    def _gradient(self, batch: Batch, parts: int) -> dict[str, Tensor]:
        self.training.objective.train()
        self.training.optimizer.zero_grad()
        whole, cut = len(batch.images), batch.parts(parts)
        summed: dict[str, Tensor] = {}
        for number, part in enumerate(cut, start=1):
            with self._gradients_stay_here(number < len(cut)):
                losses = self._backward(part.to(self.fabric.device), len(part.images) / whole)
            for name, value in losses.items():
                summed[name] = summed[name] + value if name in summed else value
        return summed

    def _backward(self, part: Batch, share: float) -> dict[str, Tensor]:
        losses = self.module(part.images, part.labels, part.targets)
        self.fabric.backward(losses["loss"] * share if share < 1 else losses["loss"])
        return {name: value.detach() * share for name, value in losses.items()}

    def _gradients_stay_here(self, stay: bool) -> contextlib.AbstractContextManager[None]:
        """Only the last part's gradients travel to the other processes, with the sum of all."""
        if world()[1] == 1:
            return contextlib.nullcontext()
        return self.fabric.no_backward_sync(self.module, enabled=stay)  # type: ignore[arg-type]

    def _require_smaller(self, crops: int, parts: int) -> None:
        if parts >= crops:
            raise MemoryShortError(f"memory does not suffice for a single crop; {SMALLER}")
        if world()[1] > 1:
            raise MemoryShortError("memory is short: give twice the --accumulate, and go on with --resume")

    def _let_go(self) -> None:
        self.training.optimizer.zero_grad(set_to_none=True)
        gc.collect()
        if self.fabric.device.type == "cuda":
            torch.cuda.empty_cache()
