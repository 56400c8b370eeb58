"""Training a teacher."""

from hlfd.bundle import BundleManifest
from hlfd.data.store import Store
from hlfd.models.registry import Architecture
from hlfd.training.export import export
from hlfd.training.loop import make_fabric, start, train
from hlfd.training.objectives import Supervised
from hlfd.training.predecessors import first_weights
from hlfd.training.runs import open_run, origin
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
    network, earlier = first_weights(architecture, settings, "teacher", store)
    run = open_run(settings, origin(store, start_from=earlier))
    training = start(fabric, Supervised(network), architecture, settings)
    progress = train(fabric, training, store, settings, run, "Teaching")
    return export(
        run, network, architecture, store, settings, progress, "teacher", "supervised", {"started_from": earlier}
    )
