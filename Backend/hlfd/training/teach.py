"""Training a teacher."""

from hlfd.bundle import BundleManifest
from hlfd.data.store import Store
from hlfd.models.registry import Architecture
from hlfd.together import in_company
from hlfd.training.devices import make_fabric
from hlfd.training.export import Exporter
from hlfd.training.loop import start, train
from hlfd.training.objectives import Supervised
from hlfd.training.predecessors import first_weights
from hlfd.training.preflight import require_disk
from hlfd.training.runs import held, open_run, origin
from hlfd.training.settings import TrainingSettings


@in_company()
def teach(settings: TrainingSettings, widths: tuple[int, ...], norm: str) -> BundleManifest | None:
    """Train UNet++ with deep supervision and export it.

    Returns:
        What was exported; None in a process that trains beside the first one.

    Raises:
        InputError: store or run folder cannot be used.
        Stopped: a stop was asked.
    """
    store = Store(settings.store)
    fabric = make_fabric(settings)
    architecture = Architecture(
        network="unetpp", classes=store.classes, settings={"widths": list(widths), "norm": norm}
    )
    network, earlier = first_weights(architecture, settings, "teacher", store)
    require_disk(network, settings)
    run = open_run(settings, origin(store, start_from=earlier))
    exporter = Exporter(run, network, architecture, store, settings, "teacher", "supervised", {"started_from": earlier})
    with held(run):
        training = start(fabric, Supervised(network), architecture, settings)
        progress = train(fabric, training, store, settings, run, "Teaching", export=exporter.export)
        return exporter.finish(progress, fabric)
