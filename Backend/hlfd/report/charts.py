"""Charts of a report, as SVG that stands inside the page."""

import io
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

INK, GRID = "#334155", "#e2e8f0"
COLORS = {"teacher": "#64748b", "none": "#d97706", "hlfd": "#2563eb"}
OTHER_COLORS = ("#059669", "#7c3aed", "#db2777", "#0891b2")

Event = dict[str, Any]


def color_of(run: str, position: int = 0) -> str:
    """The colour that a run has in every chart and table."""
    return COLORS.get(run, OTHER_COLORS[position % len(OTHER_COLORS)])


def training_curves(runs: dict[str, list[Event]], titles: dict[str, str]) -> str:
    """Segmentation loss and validation Dice over the steps, a line a run.

    Args:
        runs: run -> its events.
        titles: run -> words for the legend.
    """
    figure, (left, right) = _figure(2)
    for position, (run, events) in enumerate(runs.items()):
        color = color_of(run, position)
        steps, losses = _series(events, "step", "seg")
        left.plot(steps, _smoothed(losses), color=color, linewidth=1.8, label=titles[run])
        steps, scores = _series(events, "validated", "tumor_dice")
        right.plot(steps, [100 * score for score in scores], color=color, linewidth=1.8, marker="o", markersize=3)
    left.set_title("Segmentation loss on training crops (smoothed)")
    right.set_title("Tumour Dice on validation cases, %")
    right.set_ylim(bottom=0)
    left.legend(frameon=False, fontsize=9)
    return _svg(figure)


def term_curves(events: list[Event], terms: Sequence[str]) -> str:
    """The distillation terms over the steps, each unweighted and relative to its start: does every route learn?"""
    figure, (axes,) = _figure(1)
    for position, term in enumerate(terms):
        steps, values = _series(events, "step", term)
        smooth = _smoothed(values)
        if smooth and smooth[0] > 0:
            relative = [value / smooth[0] for value in smooth]
            axes.plot(steps, relative, color=OTHER_COLORS[position % 4], linewidth=1.8, label=term)
    axes.set_title("Distillation terms, share of their value at the start")
    axes.set_ylim(bottom=0)
    axes.legend(frameon=False, fontsize=9, ncols=2)
    return _svg(figure)


def case_dots(scores: dict[str, list[tuple[str, float]]], titles: dict[str, str]) -> str:
    """Tumour Dice of every test case, a row a run: a mean over few cases hides what they do.

    Args:
        scores: run -> (case, Dice 0..1).
        titles: run -> words for the axis.
    """
    figure, (axes,) = _figure(1)
    for row, (run, cases) in enumerate(scores.items()):
        values = [100 * value for _, value in cases]
        axes.plot(values, [row] * len(values), "o", color=color_of(run, row), alpha=0.55, markersize=8)
        if values:
            axes.plot([sum(values) / len(values)] * 2, [row - 0.3, row + 0.3], color=INK, linewidth=2)
    axes.set_yticks(range(len(scores)), [titles[run] for run in scores])
    axes.set_ylim(len(scores) - 0.5, -0.5)
    axes.set_xlim(-2, 102)
    axes.set_title("Tumour Dice of each test case, % (bar: mean)")
    return _svg(figure)


def house_axes(figure: Figure, rows: int, columns: int, shared: bool = False) -> tuple[Axes, ...]:
    """Divide a figure into panels in the house's style, row by row; `shared` gives all the same axes."""
    panels = figure.subplots(rows, columns, squeeze=False, sharex=shared, sharey=shared)
    for axes in panels.flat:
        axes.spines[["top", "right"]].set_visible(False)
        axes.spines[["left", "bottom"]].set_color(GRID)
        axes.grid(color=GRID, linewidth=0.8)
        axes.set_axisbelow(True)
        axes.tick_params(colors=INK, labelsize=9, length=0)
        axes.title.set(color=INK, fontsize=11)
    return tuple(panels.flat)


def _figure(columns: int) -> tuple[Figure, tuple[Axes, ...]]:
    figure = Figure(figsize=(5.4 * columns, 3.2), layout="constrained")
    return figure, house_axes(figure, 1, columns)


def _series(events: list[Event], name: str, value: str) -> tuple[list[int], list[float]]:
    found = [(event["step"], event[value]) for event in events if event["event"] == name and value in event]
    return [step for step, _ in found], [number for _, number in found]


def _smoothed(values: list[float], share: float = 0.85) -> list[float]:
    smooth: list[float] = []
    for value in values:
        smooth.append(value if not smooth else share * smooth[-1] + (1 - share) * value)
    return smooth


def _svg(figure: Figure) -> str:
    buffer = io.StringIO()
    figure.savefig(buffer, format="svg", metadata={"Date": None})
    return buffer.getvalue().partition("<svg")[1] + buffer.getvalue().partition("<svg")[2]
