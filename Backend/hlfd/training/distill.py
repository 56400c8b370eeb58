"""Training a student, distilled from a teacher or alone."""

from pathlib import Path
from typing import Any

from lightning_fabric import Fabric
from torch import nn

from hlfd.bundle import WEIGHTS, BundleManifest
from hlfd.data.store import Store
from hlfd.distillation.cache import CachedTargets
from hlfd.distillation.distiller import Distiller, Recipe
from hlfd.distillation.targets import LiveTeacher, Provider, targets_of_truth
from hlfd.errors import InputError
from hlfd.events import in_terminal
from hlfd.models.registry import Architecture
from hlfd.together import in_company, is_first
from hlfd.training.devices import make_fabric
from hlfd.training.export import Exporter
from hlfd.training.loop import start, train
from hlfd.training.objectives import Distilled, Supervised
from hlfd.training.predecessors import first_weights, load_predecessor
from hlfd.training.preflight import require_disk, require_disk_for_answers
from hlfd.training.runs import held, open_run, origin
from hlfd.training.settings import TrainingSettings

Loaded = tuple[BundleManifest, nn.Module]


@in_company()
def distill(
    settings: TrainingSettings, network: str, student: dict[str, Any], recipe: Recipe, teacher_path: Path | None
) -> BundleManifest | None:
    """Train the student by the routes of a method and export it without adapters.

    With no routes the student is trained alone, on the same batches from the same random start.

    Args:
        settings: of the training.
        network: of the student, by its name in the registry.
        student: its settings.
        recipe: the method and its settings.
        teacher_path: run or bundle; not needed where nothing comes from a teacher.

    Returns:
        What was exported; None in a process that trains beside the first one.

    Raises:
        InputError: store, run folder or teacher cannot be used.
        Stopped: a stop was asked.
    """
    store = Store(settings.store)
    loaded = _load_teacher(teacher_path, store) if recipe.routes and recipe.targets != "truth" else None
    fabric = make_fabric(settings)
    architecture = Architecture(network=network, classes=store.classes, settings=student)
    built, earlier = first_weights(architecture, settings, "student", store)
    objective: nn.Module = Supervised(built)
    require_disk(built, settings)
    run = open_run(settings, origin(store, teacher=loaded[0] if loaded else None, start_from=earlier))
    cache = None
    what = f"Distilling ({recipe.method})" if recipe.routes else "Training alone"
    predecessors = {"teacher": loaded[0] if loaded else None, "started_from": earlier}
    exporter = Exporter(run, built, architecture, store, settings, "student", recipe.method, predecessors)
    with held(run):
        if recipe.routes:
            distiller = Distiller(recipe, built.channels, built.strides, store.classes)  # type: ignore[arg-type]
            cache = _fill_cache(fabric, store, settings, distiller, loaded) if recipe.targets == "cached" else None
            provider = _provider(recipe, distiller, loaded, store, fabric)
            objective = Distilled(built, distiller, settings.steps, provider)
        training = start(fabric, objective, architecture, settings)
        progress = train(fabric, training, store, settings, run, what, cache, exporter.export)
        return exporter.finish(progress, fabric)


def _load_teacher(path: Path | None, store: Store) -> Loaded:
    if path is None:
        raise InputError("teacher: distilling needs one; give --teacher RUN, or --method none for a student alone")
    return load_predecessor(path, "teacher", store)


def _provider(
    recipe: Recipe, distiller: Distiller, loaded: Loaded | None, store: Store, fabric: Fabric
) -> Provider | None:
    """What gives the targets of a batch that brings none."""
    if recipe.targets == "cached":
        return None
    if loaded is None:
        return lambda _images, labels: targets_of_truth(labels, distiller.sources, store.classes, recipe.temperature)
    return LiveTeacher(loaded[1].to(fabric.device), distiller.sources)


def _fill_cache(
    fabric: Fabric, store: Store, settings: TrainingSettings, distiller: Distiller, loaded: Loaded | None
) -> CachedTargets:
    assert loaded is not None
    manifest, teacher = loaded
    only_tumor, weights = settings.tumor_share == 1, manifest.files[WEIGHTS]
    cache = CachedTargets(store, weights, settings.crop, distiller.sources, only_tumor, settings.precision)
    if is_first():
        require_disk_for_answers(cache.bytes_missing(teacher), store.folder, settings)
    with in_terminal() as events:
        cache.fill(teacher, fabric, events)
    return cache
