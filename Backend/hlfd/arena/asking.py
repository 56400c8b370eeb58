"""Asks the teachers before their students start, which would otherwise ask side by side."""

from collections.abc import Sequence
from pathlib import Path

from hlfd.arena.plan import Plan
from hlfd.arena.rows import Row
from hlfd.arena.settings import ArenaSettings
from hlfd.bundle import WEIGHTS
from hlfd.data.store import Store
from hlfd.distillation.cache import CachedTargets
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.targets import Source
from hlfd.events import Events
from hlfd.models.registry import Architecture, build
from hlfd.training.devices import make_fabric
from hlfd.training.predecessors import load_predecessor
from hlfd.training.preflight import require_disk_for_answers


def settings_with(settings: ArenaSettings, row: Row) -> ArenaSettings:
    """The arena's settings with what a row changes of them."""
    decoder = {"decoder": True} if row.decoder else {}
    return type(settings).model_validate({**settings.record(), **row.changes, **decoder})


def ask_teachers(settings: ArenaSettings, store: Store, rows: Sequence[Row], plan: Plan, events: Events) -> None:
    """Fill the caches that the students still to be trained will read."""
    caches = {row.name: _wanted(settings_with(settings, row), row, store) for row in rows}
    wanted: dict[tuple[Path, int, bool], dict[Source, None]] = {}
    for student in plan.students:
        of_row = caches[student.entry.row]
        if of_row and not (student.training and student.training.is_done):
            crop, only_tumor, sources = of_row
            teacher = plan.teacher_run(student.entry.seed)
            wanted.setdefault((teacher, crop, only_tumor), {}).update(dict.fromkeys(sources))
    for (teacher, crop, only_tumor), needed in wanted.items():
        _ask(settings, store, teacher, crop, only_tumor, tuple(needed), events)


def _wanted(settings: ArenaSettings, row: Row, store: Store) -> tuple[int, bool, Sequence[Source]] | None:
    """Crop, whether from slices with tumour alone, and sources of a row's students; None if they read no cache."""
    recipe = settings.recipe(row.method, row.terms)
    if not recipe.routes or recipe.targets != "cached":
        return None
    name, student_settings = settings.network()
    student = build(Architecture(network=name, classes=store.classes, settings=student_settings))
    distiller = Distiller(recipe, student.channels, student.strides, store.classes)  # type: ignore[arg-type]
    return settings.crop, settings.tumor_share == 1, distiller.sources


def _ask(
    settings: ArenaSettings,
    store: Store,
    teacher: Path,
    crop: int,
    only_tumor: bool,
    sources: tuple[Source, ...],
    events: Events,
) -> None:
    manifest, network = load_predecessor(teacher, "teacher", store)
    weights = manifest.files[WEIGHTS]
    alone = make_fabric(settings.model_copy(update={"devices": 1, "nodes": 1}))  # the arena itself is one process
    cache = CachedTargets(store, weights, crop, sources, only_tumor, settings.precision)
    require_disk_for_answers(cache.bytes_missing(network), store.folder, settings)
    cache.fill(network, alone, events)
