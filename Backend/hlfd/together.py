"""Several processes that train one network: who has which crops, and sums that reach over all of them.

One process alone takes the same paths, where each of these gives back what it was given.
"""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn

from hlfd.errors import LeftAloneError

Kept = TypeVar("Kept")
GONE_IN_WORDS = ("gloo", "nccl", "connection closed by", "connection reset by", "broken pipe")


def world() -> tuple[int, int]:
    """This process's number and how many there are: (0, 1) for one alone."""
    if distributed.is_available() and distributed.is_initialized():
        return distributed.get_rank(), distributed.get_world_size()
    return 0, 1


def is_first() -> bool:
    """Whether this process is the one that writes and speaks."""
    return world()[0] == 0


class _SumEverywhere(torch.autograd.Function):
    """What every process has, summed; what the sum is worth to any of them flows back to all."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return _summed(values)

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        return _summed(gradients[0])


def _summed(values: Tensor) -> Tensor:
    summed = values.clone(memory_format=torch.contiguous_format)
    distributed.all_reduce(summed)
    return summed


def sum_everywhere(values: Tensor) -> Tensor:
    """Sum a tensor over the processes; gradients flow back to all of them."""
    if world()[1] == 1:
        return values
    summed: Tensor = _SumEverywhere.apply(values)
    return summed


def mean_everywhere(values: Tensor) -> Tensor:
    """Mean of a tensor over the processes, without gradient."""
    return sum_everywhere(values.detach()) / world()[1]


def agreed(*flags: bool) -> tuple[bool, ...]:
    """Let a decision of one be the decision of all: nobody may leave a step that others wait in."""
    if world()[1] == 1:
        return flags
    raised = torch.tensor([float(flag) for flag in flags])
    if distributed.get_backend() == "nccl":
        raised = raised.cuda()
    distributed.all_reduce(raised, op=distributed.ReduceOp.MAX)
    return tuple(bool(flag) for flag in raised.tolist())


def gathered(own: Kept) -> list[Kept]:
    """Collect what each process has, in the order of their numbers."""
    if world()[1] == 1:
        return [own]
    everyones: list[Kept] = [own] * world()[1]
    distributed.all_gather_object(everyones, own)
    return everyones


@contextlib.contextmanager
def in_company() -> Iterator[None]:
    """Say in a sentence that another process is gone, which gloo and NCCL say in a long traceback.

    Raises:
        LeftAloneError: another process that trains with this one has ended.
    """
    try:
        yield
    except RuntimeError as error:
        if world()[1] == 1 or not any(words in str(error).lower() for words in GONE_IN_WORDS):
            raise
        reason = str(error).partition("\n")[0]
        raise LeftAloneError(f"another process of this training is gone ({reason}); go on with --resume") from error


def wait_for_all() -> None:
    """Go on when all have come here."""
    if world()[1] > 1:
        distributed.barrier()


class EverywhereBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the crops of all processes, on any device: torch's own `SyncBatchNorm` needs CUDA.

    Mean and variance are those of the whole batch, so that a network learns the same however many share the work.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Normalise b c h w by the statistics of all processes; in evaluation by the running ones."""
        if not self.training or world()[1] == 1:
            return super().forward(input)
        values = input.float()
        count = world()[1] * values.numel() / values.shape[1]
        mean = sum_everywhere(values.sum((0, 2, 3))) / count
        centred = values - mean[:, None, None]
        variance = sum_everywhere(centred.square().sum((0, 2, 3))) / count
        self._remember(mean.detach(), variance.detach() * count / (count - 1))
        scale = (variance + self.eps).rsqrt() * self.weight
        return (centred * scale[:, None, None] + self.bias[:, None, None]).to(input.dtype)

    def _remember(self, mean: Tensor, variance: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None and self.num_batches_tracked is not None
        self.num_batches_tracked += 1
        share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
        self.running_mean.lerp_(mean, share)
        self.running_var.lerp_(variance, share)


def with_common_statistics(module: nn.Module) -> nn.Module:
    """Let every batch norm of a module look at the crops of all processes; names and values stay as they are."""
    if world()[1] == 1:
        return module
    if distributed.get_backend() == "nccl":
        return nn.SyncBatchNorm.convert_sync_batchnorm(module)
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            common = EverywhereBatchNorm2d(child.num_features, child.eps, child.momentum)
            common.weight, common.bias = child.weight, child.bias
            for buffer, value in child.named_buffers():
                setattr(common, buffer, value)
            setattr(module, name, common)
        else:
            with_common_statistics(child)
    return module


def own_share(items: Sequence[object]) -> slice:
    """Which of the items, dealt out in turn, are this process's."""
    number, count = world()
    return slice(number, len(items), count)
