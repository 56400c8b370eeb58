"""The pictures of an arena."""

import textwrap
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, MaxNLocator

from hlfd.arena.entries import Entry
from hlfd.arena.rows import ALONE, TEACHER
from hlfd.arena.summary import Arena, RowSummary, case_values
from hlfd.event_file import read_events
from hlfd.report.charts import INK, house_axes

ROLE_COLORS = {
    "teacher": "#64748b",
    "method": "#2563eb",
    "control": "#d97706",
    "variant": "#059669",
    "ablation": "#7c3aed",
}
ROLE_WORDS = {"method": "method", "control": "control", "variant": "variant", "ablation": "some of HLFD's terms"}
ALONE_COLOR, LINE_COLOR = "#94a3b8", "#64748b"
COLUMNS = 4
LABEL_WIDTH, PANEL_WIDTH = 36, 32
"""Letters of a line of a row's title, beside the plot and above a panel."""


def dice_chart(arena: Arena, entries: Sequence[Entry]) -> Figure:
    """Dice of every row and seed, and what it is worth against the same student alone, with its interval."""
    rows = [row for row in arena.rows if row.dice(arena.part, arena.protocol)]
    labels = [textwrap.fill(row.title, LABEL_WIDTH) for row in rows]
    tallest = max([label.count("\n") for label in labels], default=0)
    figure = Figure(figsize=(11, (0.42 + 0.12 * tallest) * len(rows) + 1.8), layout="constrained")
    left, right = house_axes(figure, 1, 2)
    found = {comparison.row: comparison for comparison in arena.against_baseline}
    for position, row in enumerate(rows):
        color = ROLE_COLORS[row.role]
        values = case_values(entries, row.row, arena.part, arena.protocol)
        seeds = sorted({seed for by_seed in values.values() for seed in by_seed})
        means = [_mean([by_seed[seed] for by_seed in values.values() if seed in by_seed]) for seed in seeds]
        left.plot(means, [position] * len(means), "o", color=color, alpha=0.55, markersize=6)
        score = row.dice(arena.part, arena.protocol)
        if score:
            left.plot([score.mean] * 2, [position - 0.28, position + 0.28], color=INK, linewidth=2, zorder=3)
        if comparison := found.get(row.row) if row.role != "teacher" else None:
            right.plot([comparison.low, comparison.high], [position] * 2, color=color, linewidth=2.2)
            filled = color if comparison.significant else "white"
            right.plot([comparison.difference], [position], "o", color=color, markerfacecolor=filled, markersize=7)
    for name, style in ((TEACHER, "-"), (ALONE, "--")):
        score = next((row.dice(arena.part, arena.protocol) for row in rows if row.row == name), None)
        if score:
            left.axvline(score.mean, color=LINE_COLOR, linestyle=style, linewidth=1, zorder=1)
    right.axvline(0, color=INK, linewidth=1)
    left.set_yticks(range(len(rows)), labels)
    right.set_yticks(range(len(rows)), [""] * len(rows))
    for axes in (left, right):
        axes.set_ylim(len(rows) - 0.4, -0.6)
    left.set_title(
        f"Tumour Dice on {arena.part} cases, %\ndot: a seed; bar: mean; lines: teacher, student alone (dashed)"
    )
    right.set_title("Difference to the same student alone, Dice points\n95 % interval; filled: p < 0.05 after Holm")
    for axes in (left, right):
        axes.title.set_fontsize(10)
    _name_roles(figure, rows)
    return figure


def _name_roles(figure: Figure, rows: Sequence[RowSummary]) -> None:
    """Say below the plot what the colours mean, where there is more than one."""
    roles = [role for role in ROLE_WORDS if any(row.role == role for row in rows)]
    if len(roles) > 1:
        dots = [Line2D([], [], color=ROLE_COLORS[role], marker="o", linestyle="", markersize=6) for role in roles]
        words = [ROLE_WORDS[role] for role in roles]
        figure.legend(dots, words, loc="outside lower center", ncols=len(roles), frameon=False, fontsize=9)


def curve_chart(arena: Arena, entries: Sequence[Entry]) -> Figure:
    """Validation Dice over the steps, a panel a row beside the teacher and the student alone: have they flattened?"""
    rows = arena.rows
    lines = -(-len(rows) // COLUMNS)
    titles = [textwrap.fill(row.title, PANEL_WIDTH) for row in rows]
    tallest = max((title.count("\n") for title in titles), default=0)
    figure = Figure(figsize=(11, (2.3 + 0.1 * tallest) * lines + 0.4), layout="constrained")
    panels = house_axes(figure, lines, COLUMNS, shared=True)
    curves = {row.row: _curves(row, entries) for row in arena.rows}
    for axes, row, title in zip(panels, rows, titles, strict=False):
        for steps, scores in curves.get(row.baseline, []):
            axes.plot(steps, scores, color=ALONE_COLOR, linewidth=1)
        for steps, scores in curves[row.row]:
            axes.plot(steps, scores, color=ROLE_COLORS[row.role], linewidth=1.3)
        axes.set_title(title, fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(4, integer=True))
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    for position, axes in enumerate(panels[len(rows) :], start=len(rows)):
        axes.set_visible(False)
        if position >= COLUMNS:
            panels[position - COLUMNS].tick_params(labelbottom=True)  # nothing is below it any more
    figure.suptitle(
        "Validation tumour Dice over the steps, %, a line a seed (grey: student alone)", color=INK, fontsize=11
    )
    figure.set_facecolor("white")
    return figure


def _curves(row: RowSummary, entries: Sequence[Entry]) -> list[tuple[list[int], list[float]]]:
    curves = []
    for entry in entries:
        events = read_events(entry.run / "events.jsonl") if entry.row == row.row else []
        points = [(event["step"], 100 * event["tumor_dice"]) for event in events if "tumor_dice" in event]
        if points:
            curves.append(([step for step, _ in points], [score for _, score in points]))
    return curves


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
