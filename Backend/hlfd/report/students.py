"""The report of a distillation: a student, and its teacher if given, on the test cases of a store."""

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from hlfd import __version__
from hlfd.bundle import BundleManifest, read_manifest
from hlfd.catalogue import TUMOR
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.evaluation.evaluate import evaluate
from hlfd.evaluation.metrics import Total
from hlfd.evaluation.tables import percent
from hlfd.events import Events
from hlfd.files import read_json, refuse_existing, whole_folder, write_json
from hlfd.report.page import Entry, Story, write_report
from hlfd.training.runs import RunFolder

REPORT_FORMAT = 1
PAGE, FIGURES = "report.html", "report.json"
FEW_CASES = 30


@dataclass(frozen=True)
class Member:
    """A finished run that is reported."""

    what: str
    """`student` or `teacher`."""
    run: RunFolder
    manifest: BundleManifest
    result: dict[str, Any]
    is_of_store: bool
    """Whether it was trained on this very store, and so on none of its test cases."""

    @property
    def key(self) -> str:
        """Chooses the colour: a student's is that of its method. Teacher and student never share one."""
        return self.manifest.method if self.what == "student" == self.manifest.role else self.what

    @property
    def title(self) -> str:
        """In words."""
        if self.what == "teacher" or self.manifest.role == "teacher":
            return self.what.capitalize()
        return "Student alone" if self.manifest.method == "none" else f"Student, {self.manifest.method}"


def report_on(
    store_path: Path, out: Path, student: Path, teacher: Path | None, device: str, overwrite: bool, events: Events
) -> dict[str, Any]:
    """Measure the models and write page, figures and tables into `out`, whole or not at all.

    A store without test cases gives a page that says so, with the curves of the trainings and no figure.

    Returns:
        The figures, as `report.json` has them.

    Raises:
        InputError: store, a run or `out` cannot be used, or a case's files are gone.
        Stopped: a stop was asked; nothing is written then.
    """
    refuse_existing(out, overwrite)
    store = Store(store_path)
    runs = {"teacher": teacher, "student": student}
    members = [_member(what, run, store) for what, run in runs.items() if run is not None]
    cases = len(store.cases("test"))
    with whole_folder(out, overwrite, FIGURES) as folder:
        totals: dict[str, list[Total]] = {}
        for member in members if cases else []:
            where, bundle = folder / member.what, member.run.bundle
            totals[member.what] = evaluate(store_path, where, bundle, None, "test", "none", device, False, events)
        figures = _figures(members, totals, store)
        write_report(folder / PAGE, _story(members, figures, store, folder))
        write_json(folder / FIGURES, figures)
    events.emit("done", say=verdict_on(figures))
    return figures


def _member(what: str, folder: Path, store: Store) -> Member:
    if not folder.is_dir():
        raise InputError(f"{folder}: no such run; name the folder that teach or distill wrote")
    run = RunFolder(folder)
    result = read_json(run.result, f"the result of the {what}'s run; finish it with --resume")
    learnt_from = read_json(run.origin, "the digests of what a run learns from") if run.origin.is_file() else {}
    return Member(what, run, read_manifest(run.bundle), result, learnt_from.get("store") == store.digest())


def _figures(members: Sequence[Member], totals: dict[str, list[Total]], store: Store) -> dict[str, Any]:
    figures = {member.what: _figures_of(member, totals.get(member.what, []), store) for member in members}
    told = store.manifest
    return {
        "format": REPORT_FORMAT,
        "organ": told.organ,
        "synthetic": told.synthetic,
        "test_cases": len(store.cases("test")),
        "student": figures["student"],
        "teacher": figures.get("teacher"),
    }


def _figures_of(member: Member, totals: Sequence[Total], store: Store) -> dict[str, Any]:
    """Figures of one model, Dice 0..1; null where there was nothing to measure it on."""
    every_slice = {total.label: total for total in totals if total.protocol == "volume"}
    tumor, organ = every_slice.get(TUMOR), every_slice.get(store.manifest.organ)
    return {
        "name": member.manifest.name,
        "method": member.manifest.method,
        "parameters": member.manifest.parameters,
        "test_cases_with_tumor": tumor.cases if tumor else 0,
        "tumor_dice": tumor.dice_mean if tumor else None,
        "tumor_dice_std": tumor.dice_std if tumor else None,
        "tumor_rvd": tumor.rvd_mean if tumor else None,
        "organ_dice": organ.dice_mean if organ else None,
        "validation_tumor_dice": member.result["validation_tumor_dice"],
        "seed": member.result["settings"]["seed"],
        "steps": member.result["steps"],
        "seconds": member.result["seconds"],
        "trained_on_this_store": member.is_of_store,
    }


def verdict_on(figures: dict[str, Any]) -> str:
    """Say what the figures show, and no more than they show."""
    student, teacher, cases = figures["student"], figures["teacher"], figures["test_cases"]
    if not cases:
        return "The store has no test case, so nothing was measured."
    if student["tumor_dice"] is None:
        return f"{_of_cases(cases)} and no tumour among them, so tumour Dice was not measured."
    with_tumor = _of_cases(student["test_cases_with_tumor"])
    text = f"The student's tumour Dice is {percent(student['tumor_dice'])} % ({with_tumor} with tumour)"
    if teacher is None:
        return f"{text}."
    times = teacher["parameters"] / student["parameters"]
    size = f"{times:.1f} times larger" if times > 1 else f"{1 / times:.1f} times smaller"
    return f"{text}; its teacher has {percent(teacher['tumor_dice'])} % and is {size}."


def _story(members: Sequence[Member], figures: dict[str, Any], store: Store, folder: Path) -> Story:
    names = " and ".join(member.manifest.name for member in reversed(members))
    apart = " Test cases were kept from the training and from the choice of weights."
    are_apart = figures["test_cases"] and all(member.is_of_store for member in members)
    entries = [
        Entry(member.key, member.title, member.run.folder, folder / member.what if figures["test_cases"] else None)
        for member in members
    ]
    return Story(
        title=f"A student for {figures['organ']} tumours",
        introduction=f"Models: {names}.{apart if are_apart else ''}",
        synthetic=figures["synthetic"],
        entries=tuple(entries),
        verdict=verdict_on(figures),
        facts=_facts(members, store),
        limits=tuple(limits_of(figures)),
    )


def limits_of(figures: dict[str, Any]) -> list[str]:
    """Say in sentences what the figures do not show."""
    models = [model for model in (figures["student"], figures["teacher"]) if model]
    cases = figures["test_cases"]
    limits = []
    if figures["synthetic"]:
        limits.append("Synthetic anatomy: nothing here predicts how a model does on patients.")
    if not cases:
        limits.append(
            "No test case: the validation cases of the curve chose the weights, so it flatters them. For a figure, "
            "prepare a store with a larger share for the test (hlfd prepare --test) and train on that."
        )
    elif cases < FEW_CASES:
        limits.append(f"{_of_cases(cases)} only: a difference of a few points can be chance.")
    seeds = ", ".join(sorted({str(model["seed"]) for model in models}))
    limits.append(
        f"One training of each model (seed {seeds}): another seed may end some points higher or lower; `hlfd arena` "
        "compares over several."
    )
    if not all(model["trained_on_this_store"] for model in models):
        limits.append("A model was trained on another store: make sure that it has seen none of these patients.")
    return limits


def _of_cases(count: int) -> str:
    return "1 test case" if count == 1 else f"{count} test cases"


def _facts(members: Sequence[Member], store: Store) -> dict[str, str]:
    parts = store.splits
    return {
        "Cases": f"{len(parts.training)} training, {len(parts.validation)} validation, {len(parts.test)} test",
        "Seed": ", ".join(f"{member.what} {member.result['settings']['seed']}" for member in members),
        "Machine": f"{platform.system()} {platform.machine()}, {'CUDA' if torch.cuda.is_available() else 'no CUDA'}",
        "Versions": f"hlfd {__version__}, torch {torch.__version__}, Python {platform.python_version()}",
    }
