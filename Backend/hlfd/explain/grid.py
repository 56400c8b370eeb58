"""A page of equal panels, one row a model, with what its colours mean below."""

import textwrap
from collections.abc import Sequence
from typing import Any

from matplotlib import patheffects
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hlfd.data.frames import Array
from hlfd.report.charts import INK

# Inches: a figure fits the text of a page, A4 or letter, and its panels are all of one size.
WIDTH, HEIGHT, WIDEST_PANEL = 7.0, 9.4, 1.7
TOP, GAP, NOTE, LINE, LETTER = 0.22, 0.04, 0.19, 0.125, 0.062
FONT = 7.5
HALO: list[patheffects.AbstractPathEffect] = [patheffects.withStroke(linewidth=1.7, foreground="black")]


class Grid:
    """Panels with a title a column, the name of a model a row, a note below each, and a legend."""

    def __init__(self, models: Sequence[str], titles: Sequence[str], bottom: float) -> None:
        """Lay out the panels.

        Args:
            models: names, one a row; long ones are broken into lines.
            titles: one a column.
            bottom: inches for the legend.
        """
        rows, columns = len(models), len(titles)
        left = LINE * max(len(_broken(name, 0.85)) for name in models) + 0.06
        side = min((WIDTH - left - columns * GAP) / columns, (HEIGHT - TOP - bottom) / rows - NOTE, WIDEST_PANEL)
        width, height = left + columns * (side + GAP), TOP + rows * (side + NOTE) + bottom
        self.figure = Figure(figsize=(width, height))
        self.panels: dict[tuple[int, int], Axes] = {}
        for row, model in enumerate(models):
            low = height - TOP - row * (side + NOTE) - side
            lines = "\n".join(_broken(model, side))
            self._say(left - 0.04, low + side / 2, lines, rotation=90, ha="right", va="center")
            for column in range(columns):
                x = left + column * (side + GAP)
                self.panels[row, column] = self._panel(x, low, side)
        for column, title in enumerate(titles):
            x = left + column * (side + GAP) + side / 2
            self._say(x, height - TOP + 0.05, title, ha="center", va="bottom")

    def show(self, row: int, column: int, picture: Array, note: str = "") -> Axes:
        """Show a picture, h w 3, in a panel, with a note below it."""
        axes = self.panels[row, column]
        axes.imshow(picture, interpolation="nearest")
        axes.set_xlabel(note, fontsize=FONT, color=INK, labelpad=2)
        axes.set_axis_on()
        return axes

    def explain(self, handles: Sequence[Artist], text: str) -> None:
        """Say below what the colours mean, and what the numbers are."""
        width, height = self.figure.get_size_inches()
        lines = textwrap.wrap(text, int((width - 0.1) / LETTER))
        for number, line in enumerate(reversed(lines)):
            self._say(width / 2, 0.05 + number * LINE, line, ha="center", va="bottom")
        place = (0.5, (0.05 + len(lines) * LINE) / height)
        self.figure.legend(
            handles=list(handles),
            loc="lower center",
            bbox_to_anchor=place,
            ncols=len(handles),
            fontsize=FONT,
            labelcolor=INK,
            frameon=False,
            borderpad=0.2,
            handlelength=1.6,
            columnspacing=1.4,
        )

    def _panel(self, x: float, y: float, side: float) -> Axes:
        width, height = self.figure.get_size_inches()
        axes = self.figure.add_axes((x / width, y / height, side / width, side / height))
        axes.set(xticks=[], yticks=[])
        axes.spines[:].set_visible(False)
        axes.set_axis_off()  # until something is shown
        return axes

    def _say(self, x: float, y: float, text: str, **details: Any) -> None:
        width, height = self.figure.get_size_inches()
        self.figure.text(x / width, y / height, text, fontsize=FONT, color=INK, linespacing=1.1, **details)


def outline(axes: Axes, inside: Array, color: str, halo: bool = False) -> None:
    """Draw the border of a mask."""
    if inside.any() and not inside.all():
        drawn = axes.contour(inside, levels=[0.5], colors=[color], linewidths=0.8)
        if halo:
            drawn.set_path_effects(HALO)


def _broken(name: str, side: float) -> list[str]:
    return textwrap.wrap(name, max(int(side / LETTER), 1))
