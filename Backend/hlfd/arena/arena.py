"""The arena: trains every row over the seeds, measures, compares, and writes the results as they come."""

import os
import platform
from pathlib import Path
from typing import Any

from hlfd import __version__
from hlfd.arena.asking import ask_teachers, settings_with
from hlfd.arena.plan import Plan, Trained
from hlfd.arena.results import write_results
from hlfd.arena.rows import Row, parse_rows
from hlfd.arena.settings import ArenaSettings
from hlfd.arena.summary import Part
from hlfd.arena.units import Unit, run_units
from hlfd.bundle import WEIGHTS, read_manifest
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.evaluation.ceiling import ceiling
from hlfd.events import Events, in_terminal
from hlfd.files import read_json, write_json
from hlfd.training.runs import RunFolder, held, open_run, origin, write_settings

# A resumed arena may grow, and may look at the test cases later; a sweep may get more pairs, or more time.
FREE = frozenset({"methods", "seeds", "jobs", "test", "betas", "lambdas", "search"})
STRIDES = (32, 16, 8)


def run_arena(settings: ArenaSettings, still_choosing: bool = False) -> str:
    """Run what is not done yet and give the table.

    Args:
        settings: of the arena.
        still_choosing: rows may follow that these results decide about, so the test cases are not looked at yet.

    Raises:
        InputError: settings that do not fit, a unit that failed, or a store without the cases that are needed.
    """
    store = Store(settings.store)
    rows = parse_rows(settings.methods)
    _require_cases(store, settings)
    now = settings.model_copy(update={"test": settings.test and not still_choosing})
    plan = Plan(now, rows, _steps(settings, store))
    for row in rows:
        settings_with(settings, row).recipe(row.method, row.terms)
    _require_teachers(plan)
    _require_starts(plan)
    run = open_run(settings, origin(store), FREE)
    with held(run), in_terminal() as events:
        if settings.resume:
            write_settings(run, settings)
        (settings.run / "units").mkdir(exist_ok=True)
        return _run(now, store, rows, plan, events)


def _run(settings: ArenaSettings, store: Store, rows: tuple[Row, ...], plan: Plan, events: Events) -> str:
    models = [*plan.teachers, *plan.students]
    about = _about(settings, store)
    parts: list[Part] = ["validation", "test"] if settings.test else ["validation"]
    trainings = [model.training for model in models if model.training]
    every = [*trainings, *(model.measuring[part] for model in models for part in parts)]

    validations = [model.measuring["validation"] for model in models]

    def tell(unit: Unit) -> None:
        events.emit("told", say=f"{unit.name}: done")
        events.emit("item", at=sum(one.is_done for one in every), note=unit.name)
        if unit in validations:  # a training changes no figure before it is measured
            write_results(settings.run, [model.entry for model in models], about, settings.protocol)

    _begin(events, every)
    run_units([model.training for model in plan.teachers if model.training], settings.jobs, tell)
    _require_same_teachers(settings, plan)
    ask_teachers(settings, store, rows, plan, events)
    _begin(events, every)
    run_units(_units(models), settings.jobs, tell)
    if settings.test:
        # Nothing is written before all are measured: a table of some would tempt to stop there.
        run_units([model.measuring["test"] for model in models], settings.jobs, tell)
        about["ceiling"] = _ceiling(settings, store)
    write_results(settings.run, [model.entry for model in models], about, settings.protocol)
    events.emit("done", say=f"{len(models)} models are trained and measured; {settings.run / 'table.md'} compares them")
    return (settings.run / "table.md").read_text(encoding="utf-8")


def _begin(events: Events, every: list[Unit]) -> None:
    events.emit("started", what="Comparing", at=sum(one.is_done for one in every), of=len(every))


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


def _require_same_teachers(settings: ArenaSettings, plan: Plan) -> None:
    """Students of two teachers under one row would be no comparison; paths may change, weights may not."""
    file = settings.run / "teachers.json"
    before = read_json(file, "the digests of the teachers") if file.exists() else {}
    now = {
        str(seed): read_manifest(RunFolder(plan.teacher_run(seed)).bundle).files[WEIGHTS]
        for seed in {student.entry.seed for student in plan.students}
    }
    if changed := [seed for seed in now if before.get(seed, now[seed]) != now[seed]]:
        raise InputError(
            f"{settings.run}: the students of seed {changed[0]} had another teacher; go on with that one, or start a "
            "new arena"
        )
    write_json(file, {**before, **now})


def _require_starts(plan: Plan) -> None:
    """What cannot be started from should show now, not after the hours that the teachers take."""
    for unit in [model.training for model in (*plan.teachers, *plan.students) if model.training]:
        start = unit.settings["start_from"]
        if start and not unit.is_done and not Path(start).exists():
            raise InputError(f"{unit.name}: {start}, which it starts from, is not there; name a run or a bundle")


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
