"""Where a run computes: device, arithmetic, threads, and how many processes share it."""

import contextlib
import logging
import os
from collections.abc import Iterator
from datetime import timedelta

import torch
from lightning_fabric import Fabric
from lightning_fabric.strategies import DDPStrategy

from hlfd.attached import TOGETHER
from hlfd.errors import InputError
from hlfd.inference.predictor import choose_device
from hlfd.machine import threads_to_use
from hlfd.training.settings import TrainingSettings

PRECISIONS = {"32": "32-true", "bf16": "bf16-mixed", "16": "16-mixed"}
PATIENCE = timedelta(hours=6)
"""How long processes wait for each other: one may have to ask the teacher about every slice."""


def make_fabric(settings: TrainingSettings) -> Fabric:
    """Choose device, precision and threads; with more than one device, meet the other processes.

    Raises:
        InputError: the machine has no such device, not so many, or the device no such arithmetic.
    """
    device = choose_device(settings.device).type
    if settings.precision == "16" and device == "cpu":
        raise InputError("precision 16: a CPU has no fast fp16; use --precision bf16 or 32")
    precision = PRECISIONS[settings.precision]
    torch.set_num_threads(max(threads_to_use(settings.threads) // (settings.devices if device == "cpu" else 1), 1))
    _require_as_many(settings.devices * settings.nodes)
    if settings.devices * settings.nodes == 1:
        return Fabric(accelerator=device, devices=1, precision=precision)  # type: ignore[arg-type]
    _require_devices(device, settings.devices)
    logging.getLogger("lightning_fabric").setLevel(logging.WARNING)  # who met whom is no news to a user
    fabric = Fabric(
        accelerator=device,
        strategy=DDPStrategy(timeout=PATIENCE),
        devices=settings.devices,
        num_nodes=settings.nodes,
        precision=precision,  # type: ignore[arg-type]
    )
    fabric.launch()
    return fabric


def _require_as_many(wanted: int) -> None:
    started = int(os.environ.get("WORLD_SIZE", "1")) if TOGETHER in os.environ else wanted
    if started != wanted:
        raise InputError(
            f"devices: torchrun has started {started} processes, and --devices times --nodes is {wanted}; let "
            "both say the same"
        )


def _require_devices(device: str, wanted: int) -> None:
    if device == "mps" and wanted > 1:
        raise InputError("devices: Apple silicon has one GPU; give --devices 1")
    if device == "cuda" and wanted > (there := torch.cuda.device_count()):
        raise InputError(
            f"devices: this computer has {there} CUDA devices, {wanted} were asked for; give --devices {there}"
        )


@contextlib.contextmanager
def repeatable(deterministic: bool) -> Iterator[None]:
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
