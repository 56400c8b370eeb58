"""Settings that teaching and distilling share."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings

# What may differ when a run is resumed: where it runs and when it ends, not what it computes.
WHERE_AND_HOW_LONG = frozenset(
    {
        "device",
        "devices",
        "nodes",
        "workers",
        "threads",
        "accumulate",
        "save_minutes",
        "minutes",
        "patience",
        "preflight",
    }
)
FREE_AT_RESUME = WHERE_AND_HOW_LONG | {"resume", "overwrite", "store", "run", "teacher", "start_from"}


class TrainingSettings(Settings):
    """How a network is trained; the defaults are the paper's where the paper tells them."""

    store: CliPositionalArg[Path]
    """Store that `hlfd prepare` wrote."""
    run: CliPositionalArg[Path]
    """Folder of the run: settings, events, TensorBoard log, checkpoint and, at the end, the bundle."""
    steps: int = Field(20000, gt=0)
    """Optimiser steps."""
    batch: int = Field(8, gt=0)
    """Crops a step, over all devices together."""
    accumulate: int = Field(1, gt=0)
    """Parts that each device computes its crops of a step in, one after the other (gradient accumulation); doubled by
    itself where memory is short (with several devices, by `hlfd jobs`)."""
    crop: int = Field(512, gt=0, multiple_of=32)
    """Side of a crop in working pixels, a multiple of 32."""
    tumor_share: float = Field(0.5, ge=0, le=1)
    """Share of the crops with tumour; half of the rest lies at the organ, half anywhere."""
    augment: bool = True
    """Random quarter turns and flips."""
    jitter: float = Field(0.0, ge=0, lt=1)
    """Random change of contrast and brightness of each crop, as a share of the window; 0.1 is much, 0 the paper's."""
    start_from: Path | None = None
    """Run or bundle of the same network whose weights the run starts from, instead of random ones."""
    learning_rate: float = Field(1e-3, gt=0)
    """Adam's, at the start."""
    final_learning_rate: float = Field(1e-6, ge=0)
    """Adam's, at the end of cosine annealing."""
    validate_every: int = Field(500, gt=0)
    """Steps between validations; each one also writes a checkpoint."""
    save_minutes: float = Field(5.0, ge=0)
    """Minutes between checkpoints where validations are further apart; 0 writes one after every step."""
    minutes: float | None = Field(None, gt=0)
    """Time budget, counted over all sittings: when it is over, the step is finished and the best weights are kept."""
    patience: int = Field(0, ge=0)
    """End early after that many validations in a row without a better score; 0 never does."""
    validation_slices: int = Field(0, ge=0)
    """Slices of each validation case that are looked at, evenly spread; 0 looks at all."""
    seed: int = Field(0, ge=0)
    """Seed of weights, crops and augmentation."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes CUDA, then MPS, then the CPU."""
    devices: int = Field(1, gt=0)
    """Devices (with --device cpu: processes) of each computer that share every step; each has a process of its own."""
    nodes: int = Field(1, gt=0)
    """Computers that share every step; start the same command on each (docs/cluster.md)."""
    threads: int = Field(0, ge=0)
    """Processor threads; 0 takes all cores but one, so that the computer stays usable."""
    precision: Literal["32", "bf16", "16"] = "32"
    """Arithmetic of the networks: 32-bit, or autocast to bf16 (newer GPUs and CPUs) or fp16 (older GPUs)."""
    deterministic: bool = False
    """Use only operations that repeat bit for bit; on a CPU, a resumed run then equals an uninterrupted one."""
    workers: int = Field(0, ge=0)
    """Processes that cut crops ahead of time; 0 cuts them in the training process."""
    preflight: bool = True
    """Measure a few steps first, and tell time, memory and disk; what cannot fit is refused."""
    resume: bool = False
    """Go on from the run's checkpoint."""
    overwrite: bool = False
    """Replace a run that exists."""

    @model_validator(mode="after")
    def _resume_or_overwrite(self) -> "TrainingSettings":
        if self.resume and self.overwrite:
            raise ValueError("--resume goes on with a run and --overwrite replaces it; give one of them")
        return self

    @model_validator(mode="after")
    def _batch_can_be_shared(self) -> "TrainingSettings":
        if self.batch % (self.devices * self.nodes):
            raise ValueError(
                f"a batch of {self.batch} crops cannot be shared evenly by {self.devices * self.nodes} devices"
            )
        if self.accumulate > self.batch // (self.devices * self.nodes):
            raise ValueError("--accumulate asks for more parts than each device has crops")
        return self

    def paths(self) -> dict[str, Path]:
        """The settings that are files or folders."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        return {name: value for name, value in values.items() if isinstance(value, Path)}

    def provenance(self) -> dict[str, Any]:
        """The settings without paths, which could name patients."""
        hidden = {*self.paths(), *WHERE_AND_HOW_LONG, "resume", "overwrite"} - {"device", "devices", "nodes"}
        return self.model_dump(mode="json", by_alias=True, exclude=hidden)
