"""Training a teacher."""

import torch

from hlfd.bundle import BundleManifest
from hlfd.data.store import Store
from hlfd.models.registry import Architecture, build
from hlfd.training.export import export
from hlfd.training.loop import make_fabric, start, train
from hlfd.training.objectives import Supervised
from hlfd.training.runs import open_run
from hlfd.training.settings import TrainingSettings


def teach(settings: TrainingSettings, widths: tuple[int, ...], norm: str) -> BundleManifest:
    """Train UNet++ with deep supervision and export it.

    Raises:
        InputError: store or run folder cannot be used.
    """
    store = Store(settings.store)
    fabric = make_fabric(settings)
    architecture = Architecture(
        network="unetpp", classes=store.classes, settings={"widths": list(widths), "norm": norm}
    )
    torch.manual_seed(settings.seed)
    network = build(architecture)
    run = open_run(settings, {"store": store.digest()})
    training = start(fabric, Supervised(network), architecture, settings)
    progress = train(fabric, training, store, settings, run, "Teaching")
    return export(run, network, architecture, store, settings, progress, "teacher", "supervised")
