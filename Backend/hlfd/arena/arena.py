"""The arena: trains every row over the seeds, measures, compares, and writes the results as they come."""

import os
import platform
from typing import Any

from hlfd import __version__
from hlfd.arena.plan import Plan, Trained
from hlfd.arena.results import write_results
from hlfd.arena.rows import Row, parse_rows
from hlfd.arena.settings import ArenaSettings
from hlfd.arena.units import Unit, run_units
from hlfd.bundle import WEIGHTS
from hlfd.data.store import Store
from hlfd.distillation.cache import CachedTargets
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.recipes import Recipe
from hlfd.distillation.targets import Source
from hlfd.errors import InputError
from hlfd.evaluation.ceiling import ceiling
from hlfd.events import Events, in_terminal
from hlfd.files import read_json, write_json
from hlfd.models.registry import Architecture, build
from hlfd.training.loop import make_fabric
from hlfd.training.predecessors import load_predecessor
from hlfd.training.runs import open_run, origin

# A resumed arena may grow, and may look at the test cases later.
FREE = frozenset({"methods", "seeds", "jobs", "test", "one_teacher"})
STRIDES = (32, 16, 8)


def run_arena(settings: ArenaSettings) -> str:
    """Run what is not done yet and give the table.

    Raises:
        InputError: settings that do not fit, a unit that failed, or a store without the cases that are needed.
    """
    store = Store(settings.store)
    rows = parse_rows(settings.methods)
    _require_cases(store, settings)
    plan = Plan(settings, rows, _steps(settings, store))
    for row in rows:
        _recipe(settings, row)
    _require_teachers(plan)
    run = open_run(settings, origin(store), FREE)
    if settings.resume:
        write_json(run.settings, {**settings.record(), "resume": False})
    (settings.run / "units").mkdir(exist_ok=True)
    with in_terminal() as events:
        return _run(settings, store, rows, plan, events)


def _run(settings: ArenaSettings, store: Store, rows: tuple[Row, ...], plan: Plan, events: Events) -> str:
    models = [*plan.teachers, *plan.students]
    about = _about(settings, store)

    def tell(unit: Unit) -> None:
        events.emit("told", say=f"{unit.name}: done")
        write_results(settings.run, [model.entry for model in models], about, settings.protocol)

    run_units([model.training for model in plan.teachers if model.training], settings.jobs, tell)
    _ask_teachers(settings, store, rows, plan, events)
    run_units(_units(models), settings.jobs, tell)
    if settings.test:
        run_units([model.measuring["test"] for model in models], settings.jobs, tell)
        about["ceiling"] = _ceiling(settings, store)
    write_results(settings.run, [model.entry for model in models], about, settings.protocol)
    return (settings.run / "table.md").read_text(encoding="utf-8")


def _units(models: list[Trained]) -> list[Unit]:
    """Trainings and measurements on validation cases, each as soon as it can be."""
    units = []
    for model in models:
        units += [model.training] if model.training else []
        units.append(model.measuring["validation"])
    return units


def _steps(settings: ArenaSettings, store: Store) -> int:
    if settings.epochs is None:
        return settings.steps
    slices = sum(case.tumor_slices for case in store.cases("training"))
    return max(round(settings.epochs * slices / settings.batch), 1)


def _recipe(settings: ArenaSettings, row: Row) -> Recipe:
    changed = type(settings).model_validate({**settings.record(), **row.changes})
    return changed.recipe(row.method, row.terms)


def _ask_teachers(settings: ArenaSettings, store: Store, rows: tuple[Row, ...], plan: Plan, events: Events) -> None:
    """Fill the caches before the students start, which would otherwise ask side by side."""
    wanted: dict[Source, None] = {}
    for row in rows:
        recipe = _recipe(settings, row)
        if recipe.routes and recipe.targets == "cached":
            changed = settings.model_copy(update={"decoder": row.decoder})
            name, student_settings = changed.network()
            student = build(Architecture(network=name, classes=store.classes, settings=student_settings))
            distiller = Distiller(recipe, student.channels, student.strides, store.classes)  # type: ignore[arg-type]
            wanted.update(dict.fromkeys(distiller.sources))
    if not wanted:
        return
    fabric = make_fabric(settings)
    for teacher in plan.teachers:
        manifest, network = load_predecessor(teacher.entry.run, "teacher", store)
        cache = CachedTargets(store, manifest.files[WEIGHTS], settings.crop, tuple(wanted), settings.tumor_share == 1)
        with fabric.autocast():
            cache.fill(network.to(fabric.device), fabric.device, events)


def _require_cases(store: Store, settings: ArenaSettings) -> None:
    for part in ("validation", "test") if settings.test else ("validation",):
        if not any(case.tumor_slices for case in store.cases(part)):
            raise InputError(
                f"{settings.store}: no {part} case has tumour, so methods cannot be compared; prepare it with a larger "
                f"--{part}"
            )


def _require_teachers(plan: Plan) -> None:
    for teacher in plan.teachers:
        if teacher.training is None and not (teacher.entry.run / "result.json").exists():
            raise InputError(f"{teacher.entry.run}: not a finished run of a teacher; name the folder of `hlfd teach`")


def _ceiling(settings: ArenaSettings, store: Store) -> Any:
    """Work out what the grid of an output allows, once for an arena."""
    file = settings.run / "ceiling.json"
    if not file.exists():
        found = ceiling(store, "test", STRIDES)
        write_json(file, {str(stride): value for stride, value in found.items()})
    return read_json(file, "the ceilings of an arena")


def _about(settings: ArenaSettings, store: Store) -> dict[str, Any]:
    told = store.manifest
    parts = {}
    for part in ("training", "validation", "test"):
        cases = store.cases(part)
        parts[part] = {
            "cases": len(cases),
            "patients": len({case.patient for case in cases}),
            "with_tumor": sum(case.tumor_slices > 0 for case in cases),
            "slices": sum(case.shape[0] for case in cases),
        }
    return {
        "organ": told.organ,
        "synthetic": told.synthetic,
        "parts": parts,
        "window_hu": told.window_hu,
        "pixel_mm": told.pixel_mm,
        "settings": settings.provenance(),
        "version": __version__,
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
