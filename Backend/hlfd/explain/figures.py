"""The two figures, in print: one row a model."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from hlfd.data.frames import Array
from hlfd.report.charts import INK

WIDTH_INCHES = 7.0
FONT = 7.5
MARGIN_PIXELS = 16
ORGAN_COLOR, TUMOR_COLOR, CONTOUR = "#c2185b", "#00c853", "#ffffff"
HEAT = "inferno"


@dataclass(frozen=True)
class Shown:
    """One slice and what the models made of it."""

    case: str
    image: Array
    """h w, 0..1."""
    truth: Array
    """Labels, h w."""
    tumor: int
    layers: Mapping[str, Mapping[str, Array]]
    """Model -> layer -> labels, h w."""
    looks: Mapping[str, Mapping[str, Array]]
    """Model -> `first`, `final` -> energy, h w."""


def layers_figure(shown: Shown, notes: Mapping[str, Mapping[str, str]]) -> Figure:
    """Fig. 2 of the paper: what each layer and the output segment, beside the truth.

    Args:
        shown: the slice.
        notes: model -> layer -> words below the panel.
    """
    names = list(next(iter(shown.layers.values())))
    figure, panels = _grid(len(shown.layers), 1 + len(names))
    window = _window(shown.truth)
    for row, (model, layers) in zip(panels, shown.layers.items(), strict=True):
        _draw_labels(row[0], shown, shown.truth, window)
        row[0].set_ylabel(model, fontsize=FONT, color=INK)
        for axes, name in zip(row[1:], names, strict=True):
            _draw_labels(axes, shown, layers[name], window)
            axes.set_xlabel(notes[model][name], fontsize=FONT, color=INK, labelpad=2)
    for axes, title in zip(panels[0], ("expert", *names), strict=True):
        axes.set_title(title, fontsize=FONT + 0.5, color=INK, pad=3)
    return figure


def looks_figure(shown: Shown, notes: Mapping[str, Mapping[str, str]]) -> Figure:
    """Fig. 3 of the paper: Grad-CAM of the tumour class at first and final layer, with the expert's tumour outlined.

    Args:
        shown: the slice.
        notes: model -> `first`, `final` -> words below the panel.
    """
    figure, panels = _grid(len(shown.looks), 3, 0.72)
    window = _window(shown.truth)
    for row, (model, looks) in zip(panels, shown.looks.items(), strict=True):
        _draw_labels(row[0], shown, shown.truth, window)
        row[0].set_ylabel(model, fontsize=FONT, color=INK)
        for axes, place in zip(row[1:], ("first", "final"), strict=True):
            _draw_energy(axes, shown, looks[place], window)
            axes.set_xlabel(notes[model][place], fontsize=FONT, color=INK, labelpad=2)
    for axes, title in zip(panels[0], ("expert", "first layer", "final layer"), strict=True):
        axes.set_title(title, fontsize=FONT + 0.5, color=INK, pad=3)
    return figure


def _grid(rows: int, columns: int, share: float = 1.0) -> tuple[Figure, Array]:
    side = share * WIDTH_INCHES / columns
    engine = ConstrainedLayoutEngine(w_pad=0.02, h_pad=0.02, wspace=0.0, hspace=0.0)
    figure = Figure(figsize=(share * WIDTH_INCHES, rows * (side + 0.1) + 0.3), layout=engine)
    panels = figure.subplots(rows, columns, squeeze=False)
    for axes in panels.flat:
        axes.set_xticks([])
        axes.set_yticks([])
        for spine in axes.spines.values():
            spine.set_visible(False)
    return figure, panels


def _draw_labels(axes: Axes, shown: Shown, labels: Array, window: tuple[slice, slice]) -> None:
    axes.imshow(shown.image[window], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    organ = (labels > 0) & (labels != shown.tumor)
    for inside, color in ((organ, ORGAN_COLOR), (labels == shown.tumor, TUMOR_COLOR)):
        masked = np.ma.masked_where(~inside[window], np.ones(inside[window].shape))
        axes.imshow(masked, cmap=ListedColormap([color]), alpha=0.45, interpolation="nearest")
        _outline(axes, inside[window], color)
    if labels is not shown.truth:
        _outline(axes, (shown.truth == shown.tumor)[window], CONTOUR)


def _draw_energy(axes: Axes, shown: Shown, energy: Array, window: tuple[slice, slice]) -> None:
    axes.imshow(shown.image[window], cmap="gray", vmin=0, vmax=1, interpolation="nearest")
    peak = float(energy.max())
    axes.imshow(energy[window] / peak if peak else energy[window], cmap=HEAT, vmin=0, vmax=1, alpha=0.6)
    _outline(axes, (shown.truth == shown.tumor)[window], CONTOUR)


def _outline(axes: Axes, inside: Array, color: str) -> None:
    if inside.any() and not inside.all():
        axes.contour(inside, levels=[0.5], colors=[color], linewidths=0.8)


def _window(truth: Array) -> tuple[slice, slice]:
    """A square that holds organ and tumour, inside the slice."""
    rows, columns = (np.flatnonzero((truth > 0).any(axis=axis)) for axis in (1, 0))
    wanted = int(max(np.ptp(rows), np.ptp(columns))) + 1 + 2 * MARGIN_PIXELS
    return _span(rows, wanted, truth.shape[0]), _span(columns, wanted, truth.shape[1])


def _span(places: Array, wanted: int, length: int) -> slice:
    size = min(wanted, length)
    first = int(np.clip((places[0] + places[-1]) // 2 - size // 2, 0, length - size))
    return slice(first, first + size)
