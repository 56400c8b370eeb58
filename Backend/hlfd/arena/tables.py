"""The tables of an arena, in the shape of the paper's, as Markdown; and all its figures as CSV."""

import csv
from collections.abc import Sequence
from typing import Any, TextIO

from hlfd.arena.entries import Entry
from hlfd.arena.statistics import Comparison
from hlfd.arena.summary import PARTS, PROTOCOLS, Arena, Part, RowSummary, Spread, scores_of
from hlfd.evaluation.metrics import Protocol, Score
from hlfd.evaluation.tables import MISSING

ORDER = ("teacher", "method", "control", "variant", "ablation")
HEADINGS = {"control": "Controls", "variant": "Variants", "ablation": "Some terms of a method alone"}
LEGEND = """\
DSC: tumour Dice in percent, mean over the cases with tumour; RVD: predicted / true tumour volume - 1, 0 is best; ±:
standard deviation over the seeds. *volume* counts every slice of a CT, *paper* the slices with tumour only. Gap closed:
share of the distance between the student alone and the teacher. Difference: to the same student alone, paired over the
cases (each case the mean of its seeds), with a 95 % bootstrap interval over the cases; p: Wilcoxon's signed-rank test
with Holm's correction over the table. Intervals and tests tell how much the choice of the *cases* matters, ± how much
the seed does."""


def main_table(arena: Arena) -> str:
    """One row a method, as the paper's Table 1, with what it lacks: intervals, tests, parameters."""
    found = {comparison.row: comparison for comparison in arena.against_baseline}
    students = [row for row in arena.rows if row.role != "teacher" and row.dice(arena.part, arena.protocol)]
    best = max(students, key=lambda row: _mean(row.dice(arena.part, arena.protocol)), default=None)
    lines = [
        "| | parameters | seeds | DSC volume | RVD volume | DSC paper | RVD paper | gap closed | difference | p |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for role in ORDER:
        group = [row for row in arena.rows if row.role == role]
        if group and role in HEADINGS:
            lines.append(f"| *{HEADINGS[role]}* | | | | | | | | | |")
        lines += [_line(row, arena.part, found.get(row.row), row == best) for row in group]
    return "\n".join(lines)


def hlfd_table(arena: Arena) -> str:
    """HLFD against each other row of the same student."""
    titles = {row.row: row.title for row in arena.rows}
    lines = ["| HLFD against | difference | p |", "|---|---|---|"]
    lines += [f"| {titles[one.against]} | {_difference(one)} | {_p(one)} |" for one in arena.hlfd_against]
    return "\n".join(lines)


def grid_table(cells: Sequence[tuple[float, float, RowSummary]], protocol: Protocol = "volume") -> str:
    """The two weights of eq. 5 and what came of them, as the paper's Table 2; the best by validation in bold."""
    best = max(cells, key=lambda cell: _mean(cell[2].dice("validation", protocol)), default=None)
    lines = [f"| beta | lambda | seeds | DSC {protocol}, validation | DSC {protocol}, test |", "|---|---|---|---|---|"]
    for cell in cells:
        beta, lambda_, row = cell
        validation, test = (_spread(row.dice(part, protocol)) for part in PARTS)
        bold = f"**{validation}**" if best and cell is best else validation
        lines.append(f"| {beta:g} | {lambda_:g} | {row.seeds} | {bold} | {test} |")
    return "\n".join(lines)


def page(arena: Arena) -> str:
    """Everything a reader needs, as Markdown."""
    cases = "test cases" if arena.part == "test" else "validation cases; the test cases were not looked at"
    parts = [
        "# Arena",
        "",
        arena.conclusion,
        "",
        f"Measured on the {cases}. {_facts(arena.about)}",
        "",
        main_table(arena),
        "",
    ]
    if unfinished := [f"{row.title}: {row.seeds} of {row.wanted}" for row in arena.rows if row.seeds < row.wanted]:
        parts += [f"Not finished (seeds): {', '.join(unfinished)}.", ""]
    if ceilings := arena.about.get("ceiling"):
        told = ", ".join(f"stride {stride}: {100 * value:.1f}" for stride, value in ceilings.items())
        parts += [f"Ceiling, the best Dice that any output on a grid can reach after upsampling: {told}.", ""]
    if arena.hlfd_against:
        parts += [hlfd_table(arena), ""]
    parts += [LEGEND, "", "![Dice by row](arena.svg)", "", "![Validation Dice over the steps](curves.svg)", ""]
    return "\n".join(parts)


def write_rows(stream: TextIO, arena: Arena) -> None:
    """Write one line a row, part and protocol."""
    writer = csv.writer(stream)
    figures = ("dice", "pooled", "rvd", "false_ml", "organ")
    heads = [f"{figure}_{what}" for figure in figures for what in ("mean", "std")]
    writer.writerow(["row", "role", "seeds", "parameters", "part", "protocol", *heads])
    for row in arena.rows:
        for part, protocols in row.measured.items():
            for protocol, measured in protocols.items():
                spreads = [getattr(measured, figure) for figure in figures]
                values = [value for spread in spreads for value in ((spread.mean, spread.std) if spread else ("", ""))]
                start = [row.row, row.role, row.seeds, row.parameters, part, protocol]
                writer.writerow([*start, *("" if value is None else value for value in values)])


def write_cases(stream: TextIO, entries: Sequence[Entry]) -> None:
    """Write one line a row, seed, part, case, protocol and label: what paired tests need."""
    names = list(Score.model_fields)
    writer = csv.DictWriter(stream, ["row", "seed", "part", *names])
    writer.writeheader()
    for entry in entries:
        for part in PARTS:
            for score in scores_of(entry, part):
                writer.writerow({"row": entry.row, "seed": entry.seed, "part": part, **score.model_dump()})


def _line(row: RowSummary, part: Part, comparison: Comparison | None, is_best: bool) -> str:
    figures = []
    for protocol in PROTOCOLS:
        dice = _spread(row.dice(part, protocol))
        figures += [f"**{dice}**" if is_best else dice, _rvd(row, part, protocol)]
    closed = MISSING if row.closed is None else f"{100 * row.closed:.0f} %"
    difference, p = (_difference(comparison), _p(comparison)) if comparison else (MISSING, MISSING)
    title = f"**{row.title}**" if is_best else row.title
    cells = [title, f"{row.parameters / 1e6:.2f} M", str(row.seeds), *figures, closed, difference, p]
    return f"| {' | '.join(cells)} |"


def _mean(spread: Spread | None) -> float:
    return -1.0 if spread is None else spread.mean


def _spread(spread: Spread | None, form: str = ".1f") -> str:
    if spread is None:
        return MISSING
    return f"{spread.mean:{form}}" + ("" if spread.std is None else f" ± {spread.std:{form.removeprefix('+')}}")


def _rvd(row: RowSummary, part: Part, protocol: Protocol) -> str:
    measured = row.measured.get(part)
    return MISSING if measured is None else _spread(measured[protocol].rvd, "+.2f")


def _difference(comparison: Comparison) -> str:
    return f"{comparison.difference:+.1f} ({comparison.low:+.1f} to {comparison.high:+.1f})"


def _p(comparison: Comparison) -> str:
    return MISSING if comparison.p_holm is None else f"{comparison.p_holm:.3g}"


def _facts(about: dict[str, Any]) -> str:
    sentences = []
    for part, told in about.get("parts", {}).items():
        sentences.append(
            f"{part}: {told['cases']} cases of {told['patients']} patients, {told['with_tumor']} with tumour"
        )
    made = "The CTs are synthetic: no figure here says anything of patients. " if about.get("synthetic") else ""
    return made + ("; ".join(sentences) + "." if sentences else "")
