"""From what the runs left behind to the figures of the tables."""

import csv
from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict

from hlfd.arena.entries import Entry, Role
from hlfd.arena.rows import ALONE, TEACHER
from hlfd.arena.statistics import CaseValues, Comparison, as_family, compare
from hlfd.catalogue import TUMOR
from hlfd.evaluation.metrics import Protocol, Score, Total, total
from hlfd.files import read_json

Part = Literal["validation", "test"]
PARTS: tuple[Part, ...] = ("validation", "test")
PROTOCOLS: tuple[Protocol, ...] = ("volume", "paper")
LEAD_POINTS = 10.0
"""Dice points on validation cases by which a teacher has to lead, or there is nothing to be taught."""
HLFD = "hlfd"


class Spread(BaseModel):
    """Mean and standard deviation over the seeds."""

    model_config = ConfigDict(frozen=True)

    mean: float
    std: float | None
    """n - 1; None for one seed."""


class Measured(BaseModel):
    """A row on one part of the cases under one protocol."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    dice: Spread | None
    """Tumour Dice in percent, mean over the cases, then over the seeds."""
    pooled: Spread | None
    """Tumour Dice in percent of all voxels taken as one."""
    rvd: Spread | None
    """Relative volume difference of the tumour, mean over the cases."""
    false_ml: Spread | None
    """Mean tumour volume found where there is none."""
    organ: Spread | None
    """Dice of the organ, percent."""


class RowSummary(BaseModel):
    """A row over its seeds."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    row: str
    title: str
    role: Role
    baseline: str
    seeds: int
    """Finished."""
    wanted: int
    """Asked for."""
    parameters: int
    minutes: float
    """Of a training, mean."""
    measured: dict[str, dict[str, Measured]]
    """Part -> protocol -> figures."""
    closed: float | None = None
    """Share of the gap between baseline and teacher that is closed, on the part and protocol that decide."""

    def dice(self, part: Part, protocol: Protocol = "volume") -> Spread | None:
        """Tumour Dice in percent."""
        of_part = self.measured.get(part)
        return of_part[protocol].dice if of_part else None


class Arena(BaseModel):
    """All that an arena found."""

    model_config = ConfigDict(frozen=True, use_attribute_docstrings=True)

    about: dict[str, Any]
    part: Part
    """Cases that decide: test, once every model was measured on them."""
    protocol: Protocol
    rows: tuple[RowSummary, ...]
    against_baseline: tuple[Comparison, ...]
    """Each row against its student alone; one family."""
    hlfd_against: tuple[Comparison, ...]
    """HLFD against each other row of the same student; one family."""
    conclusion: str


def summarise(entries: Sequence[Entry], about: dict[str, Any], protocol: Protocol) -> Arena | None:
    """Work out the tables from the entries that are finished; None before the first."""
    finished = [entry for entry in entries if entry.measured("validation")]
    if not finished:
        return None
    part: Part = "test" if all(entry.measured("test") for entry in entries) else "validation"
    rows = [_summary(name, entries) for name in dict.fromkeys(entry.row for entry in finished)]
    rows = [_with_gap(row, rows, part, protocol) for row in rows]
    values = {row.row: case_values(finished, row.row, part, protocol) for row in rows}
    baseline = [
        compare(row.row, values[row.row], row.baseline, values.get(row.baseline, {}))
        for row in rows
        if row.row != row.baseline
    ]
    others = [row.row for row in rows if row.role != "teacher" and row.baseline == ALONE and row.row != HLFD]
    hlfd = [compare(HLFD, values.get(HLFD, {}), other, values[other]) for other in others]
    arena = Arena(
        about=about,
        part=part,
        protocol=protocol,
        rows=tuple(rows),
        against_baseline=tuple(as_family([one for one in baseline if one])),
        hlfd_against=tuple(as_family([one for one in hlfd if one])),
        conclusion="",
    )
    return arena.model_copy(update={"conclusion": conclude(arena)})


def scores_of(entry: Entry, part: Part) -> list[Score]:
    """Read the scores of every case."""
    folder = entry.measured(part)
    if folder is None:
        return []
    with (folder / "cases.csv").open(newline="", encoding="utf-8") as stream:
        return [
            Score.model_validate({name: value or None for name, value in row.items()}) for row in csv.DictReader(stream)
        ]


def case_values(entries: Sequence[Entry], row: str, part: Part, protocol: Protocol) -> CaseValues:
    """Tumour Dice in percent of each case that has tumour, by seed."""
    values: CaseValues = {}
    for entry in entries:
        for score in scores_of(entry, part) if entry.row == row else []:
            if score.label == TUMOR and score.protocol == protocol and score.dice is not None:
                values.setdefault(score.case, {})[entry.seed] = 100 * score.dice
    return values


def _summary(name: str, entries: Sequence[Entry]) -> RowSummary:
    of_row = [entry for entry in entries if entry.row == name]
    finished = [entry for entry in of_row if entry.measured("validation")]
    results = [read_json(entry.run / "result.json", "the result of a run") for entry in finished]
    measured: dict[str, dict[str, Measured]] = {}
    for part in PARTS:
        totals = [total(scores) for entry in finished if (scores := scores_of(entry, part))]
        if totals:
            measured[part] = {protocol: _measured(totals, protocol) for protocol in PROTOCOLS}
    first = of_row[0]
    return RowSummary(
        row=name,
        title=first.title,
        role=first.role,
        baseline=ALONE if first.role == "teacher" else first.baseline,
        seeds=len(finished),
        wanted=len(of_row),
        parameters=results[0]["parameters"],
        minutes=float(np.mean([result["seconds"] for result in results])) / 60,
        measured=measured,
    )


def _measured(totals: Sequence[Sequence[Total]], protocol: Protocol) -> Measured:
    tumor = [one for of_seed in totals for one in of_seed if one.protocol == protocol and one.label == TUMOR]
    organ = [one for of_seed in totals for one in of_seed if one.protocol == protocol and one.label != TUMOR]
    return Measured(
        dice=_spread([one.dice_mean for one in tumor], 100),
        pooled=_spread([one.dice_pooled for one in tumor], 100),
        rvd=_spread([one.rvd_mean for one in tumor]),
        false_ml=_spread([one.false_ml for one in tumor]),
        organ=_spread([one.dice_mean for one in organ], 100),
    )


def _spread(values: Sequence[float | None], factor: float = 1.0) -> Spread | None:
    known = [factor * value for value in values if value is not None]
    if not known:
        return None
    return Spread(mean=float(np.mean(known)), std=float(np.std(known, ddof=1)) if len(known) > 1 else None)


def _with_gap(row: RowSummary, rows: Sequence[RowSummary], part: Part, protocol: Protocol) -> RowSummary:
    scores = {other.row: other.dice(part, protocol) for other in rows}
    own, alone, teacher = scores[row.row], scores.get(row.baseline), scores.get(TEACHER)
    if (
        row.role == "teacher"
        or row.row == row.baseline
        or not (own and alone and teacher)
        or teacher.mean <= alone.mean
    ):
        return row
    return row.model_copy(update={"closed": (own.mean - alone.mean) / (teacher.mean - alone.mean)})


def conclude(arena: Arena) -> str:
    """Say what the table shows and no more; nothing, unless the teacher had something to teach."""
    by_name = {row.row: row for row in arena.rows}
    if TEACHER not in by_name or ALONE not in by_name:
        return "No conclusion: the teacher or the student alone is not finished."
    teacher, alone = (by_name[name].dice("validation", arena.protocol) for name in (TEACHER, ALONE))
    if teacher is None or alone is None:
        return "No conclusion: no validation case has tumour."
    if teacher.mean - alone.mean < LEAD_POINTS:
        return (
            f"No conclusion: on the validation cases the teacher has {teacher.mean:.1f} and the student alone "
            f"{alone.mean:.1f} Dice points. A teacher that does not lead by {LEAD_POINTS:.0f} has nothing to teach "
            "that could be told from chance; train longer, or take a larger teacher or a smaller student."
        )
    return _ranking(arena)


def _ranking(arena: Arena) -> str:
    best = max(_scored(arena, "method"), key=lambda row: _mean(row, arena))
    cases = "test cases" if arena.part == "test" else "validation cases (the test cases were not looked at)"
    text = f"Of the paper's methods {best.title} is first in tumour Dice on the {cases}: {_mean(best, arena):.1f}."
    found = {comparison.row: comparison for comparison in arena.against_baseline}
    if best.row != HLFD and best.row in found:
        text += f" {_gain(best, found[best.row])}"
    hlfd = next((row for row in arena.rows if row.row == HLFD), None)
    text += f" {_gain(hlfd, found[HLFD])}" if hlfd and HLFD in found else ""
    better = [row for row in _scored(arena, "variant") if _mean(row, arena) > _mean(best, arena) and row.row in found]
    if better:
        first = max(better, key=lambda row: _mean(row, arena))
        text += f" Beside them, a variant is higher: {_mean(first, arena):.1f}. {_gain(first, found[first.row])}"
    return text


def _scored(arena: Arena, role: Role) -> list[RowSummary]:
    """Rows of a role that are measured on the cases that decide."""
    return [row for row in arena.rows if row.role == role and row.dice(arena.part, arena.protocol)]


def _mean(row: RowSummary, arena: Arena) -> float:
    score = row.dice(arena.part, arena.protocol)
    assert score is not None
    return score.mean


def _gain(row: RowSummary, comparison: Comparison) -> str:
    chance = "not distinguishable from chance"
    if comparison.significant:
        chance = "unlikely to be chance"
    p = "no test possible" if comparison.p_holm is None else f"p = {comparison.p_holm:.3g} after Holm"
    closed = "" if row.closed is None else f", {100 * row.closed:.0f} % of the gap to the teacher"
    return (
        f"{row.title} changes the student alone by {comparison.difference:+.1f} points ({comparison.low:+.1f} to "
        f"{comparison.high:+.1f} over the cases){closed}: {chance} ({p})."
    )
