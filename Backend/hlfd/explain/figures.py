"""The two figures, in print: one row a model."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from hlfd.data.frames import Array
from hlfd.explain.grid import HALO, Grid, outline
from hlfd.models.contract import level_of

DOTS_PER_INCH = 300
MARGIN_PIXELS = 16
# Told apart in black and white too: an organ has a line, tumour an area, the expert's tumour a line with a dark rim.
ORGAN_COLOR, TUMOR_COLOR, EXPERT_COLOR = "#ffb000", "#ff6fae", "#ffffff"
OPACITY, FADED = 0.75, 0.8
HEAT, DIMMED = "inferno", 0.6
PLACES = {"first": "first layer", "final": "final layer"}


@dataclass(frozen=True)
class Shown:
    """One slice and what the expert marked on it."""

    title: str
    """Which case and slice."""
    image: Array
    """h w, 0..1."""
    truth: Array
    """Labels, h w."""
    tumor: int
    organ: str
    """Its name, for the legend."""


def layers_figure(
    shown: Shown, layers: Mapping[str, Mapping[str, Array]], notes: Mapping[str, Mapping[str, str]]
) -> Figure:
    """Fig. 2 of the paper: what each layer and the output segment, beside the truth.

    Args:
        shown: the slice.
        layers: model -> layer -> labels, h w.
        notes: model -> layer -> words below the panel.
    """
    names = list(dict.fromkeys(name for found in layers.values() for name in found))
    grid = Grid(list(layers), ["expert", *map(_title, names, range(1, 1 + len(names)))], bottom=0.45)
    window = window_of(shown.truth)
    for row, (model, found) in enumerate(layers.items()):
        _show_labels(grid, row, 0, shown, shown.truth, window)
        for column, name in enumerate(names, start=1):
            if name in found:
                _show_labels(grid, row, column, shown, found[name], window, notes[model][name])
    grid.explain(_legend(shown, labels=True), f"{shown.title}. Numbers: tumour Dice in this slice, %.")
    return grid.figure


def looks_figure(
    shown: Shown, looks: Mapping[str, Mapping[str, Array]], notes: Mapping[str, Mapping[str, str]]
) -> Figure:
    """Fig. 3 of the paper: Grad-CAM of the tumour class at first and final layer, with the expert's tumour outlined.

    Args:
        shown: the slice.
        looks: model -> `first`, `final` -> energy, h w.
        notes: model -> `first`, `final` -> words below the panel.
    """
    grid = Grid(list(looks), ["CT", *PLACES.values()], bottom=0.6)
    window = window_of(shown.truth)
    tumor = (shown.truth == shown.tumor)[window]
    for row, (model, found) in enumerate(looks.items()):
        pictures = {"": _gray(shown.image)} | {place: warmed(shown.image, found[place]) for place in PLACES}
        for column, (place, picture) in enumerate(pictures.items()):
            axes = grid.show(row, column, picture[window], notes[model].get(place, ""))
            outline(axes, tumor, EXPERT_COLOR, halo=True)
    grid.explain(
        _legend(shown, labels=False),
        f"{shown.title}. Brightest: each map's peak. Numbers: share of the map of the whole slice inside the tumour.",
    )
    return grid.figure


def save_figure(figure: Figure, stem: Path) -> None:
    """Write a figure as PNG and SVG; the same figure gives the same files."""
    with mpl.rc_context({"svg.hashsalt": "hlfd"}):
        figure.savefig(stem.with_name(f"{stem.name}.png"), dpi=DOTS_PER_INCH, facecolor="white")
        figure.savefig(stem.with_name(f"{stem.name}.svg"), facecolor="white", metadata={"Date": None})


def warmed(image: Array, energy: Array) -> Array:
    """Colour an image, h w, by energy relative to its peak: h w 3. Without energy it stays grey, and dimmed."""
    peak = float(energy.max())
    relative = energy / peak if peak > 0 else np.zeros_like(energy)
    opacity = np.sqrt(relative)[..., None]
    heat: Array = mpl.colormaps[HEAT](relative)[..., :3]
    return (1 - opacity) * DIMMED * _gray(image) + opacity * heat


def window_of(truth: Array) -> tuple[slice, slice]:
    """A square that holds organ and tumour, inside the slice."""
    rows, columns = (np.flatnonzero((truth > 0).any(axis=axis)) for axis in (1, 0))
    wanted = int(max(np.ptp(rows), np.ptp(columns))) + 1 + 2 * MARGIN_PIXELS
    return _span(rows, wanted, truth.shape[0]), _span(columns, wanted, truth.shape[1])


def _span(places: Array, wanted: int, length: int) -> slice:
    size = min(wanted, length)
    first = int(np.clip((places[0] + places[-1]) // 2 - size // 2, 0, length - size))
    return slice(first, first + size)


def _title(name: str, number: int) -> str:
    """Such as `middle2 (e3)`: the paper counts its encoder's layers from shallow to deep."""
    return name if level_of(name) == "output" else f"{name} (e{number})"


def _show_labels(
    grid: Grid, row: int, column: int, shown: Shown, labels: Array, window: tuple[slice, slice], note: str = ""
) -> None:
    tumor = labels == shown.tumor
    picture = FADED * _gray(shown.image)
    picture[tumor] = (1 - OPACITY) * picture[tumor] + OPACITY * np.array(to_rgb(TUMOR_COLOR))
    axes = grid.show(row, column, picture[window], note)
    outline(axes, (labels > 0)[window], ORGAN_COLOR)
    outline(axes, (shown.truth == shown.tumor)[window], EXPERT_COLOR, halo=True)


def _gray(image: Array) -> Array:
    return np.repeat(image[..., None].astype(float), 3, axis=2)


def _legend(shown: Shown, labels: bool) -> list[Artist]:
    expert = Line2D([], [], color=EXPERT_COLOR, linewidth=0.8, path_effects=HALO, label="tumour, as the expert drew it")
    if not labels:
        return [expert]
    organ = Line2D([], [], color=ORGAN_COLOR, linewidth=1.2, label=f"{shown.organ} and tumour")
    return [expert, Patch(color=TUMOR_COLOR, alpha=OPACITY, label="tumour"), organ]
