"""The loop without the command line, for objectives that go wrong on purpose."""

import contextlib

import torch
from torch import nn

from hlfd.data.store import Store
from hlfd.models.registry import Architecture, build
from hlfd.stopping import stoppable
from hlfd.training.devices import make_fabric
from hlfd.training.loop import start, train
from hlfd.training.objectives import Supervised
from hlfd.training.runs import RunFolder, open_run
from hlfd.training.settings import TrainingSettings
from hlfd.training.stepping import Stepper

ARCHITECTURE = Architecture(network="unetpp", classes=3, settings={"widths": [2, 2, 2, 2, 2]})


def settings_for(store, run, **others):
    """Settings of a run of 6 steps that is validated every second one; it is not measured first."""
    usual = {"steps": 6, "crop": 32, "batch": 2, "validate_every": 2, "device": "cpu", "preflight": False}
    return TrainingSettings.model_validate({"store": store, "run": run, **usual, **others})


def a_network():
    """A UNet++ of two channels, always with the same weights."""
    torch.manual_seed(0)
    return build(ARCHITECTURE)


def begin(objective, settings):
    """The moving parts of a run, and what makes steps with them."""
    fabric = make_fabric(settings)
    training = start(fabric, objective, ARCHITECTURE, settings)
    return fabric, training, Stepper(fabric, training, *fabric.setup(training.objective, training.optimizer))


def run_loop(objective, store, run, **others):
    """Train an objective to the end, or go on with `resume=True`; gives the progress."""
    settings = settings_for(store, run, **others)
    fabric = make_fabric(settings)
    training = start(fabric, objective, ARCHITECTURE, settings)
    if hasattr(objective, "watch"):
        objective.watch(training)
    return train(fabric, training, Store(store), settings, open_run(settings, {}), "Teaching")


def checkpoint(run):
    """What the last checkpoint of a run holds."""
    return torch.load(RunFolder(run).checkpoint, weights_only=True)


def tensors(content):
    """All tensors of a checkpoint, whatever they are in."""
    if isinstance(content, torch.Tensor):
        return [content]
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, list | tuple) else ()
    return [tensor for part in parts for tensor in tensors(part)]


def all_numbers(content):
    """Whether every tensor holds numbers only."""
    return all(bool(tensor.isfinite().all()) for tensor in tensors(content))


class Watched(nn.Module):
    """Supervised, which calls `before` with each part's images first; what that raises goes to the loop."""

    def __init__(self, before):
        super().__init__()
        self.network, self.before = a_network(), before
        self.supervised = Supervised(self.network)

    def forward(self, images, labels, targets=None):
        self.before(images)
        return self.supervised(images, labels, targets)

    def step_done(self):
        """Nothing goes on from step to step."""


@contextlib.contextmanager
def job(folder, monkeypatch):
    """Work for a job; gives its stop file, which asks for a stop once it is there."""
    folder.mkdir(exist_ok=True)
    (folder / "request.json").write_text("{}")
    with monkeypatch.context() as patch, stoppable():
        patch.setenv("HLFD_JOB", str(folder))
        yield folder / "stop"
    (folder / "stop").unlink(missing_ok=True)
