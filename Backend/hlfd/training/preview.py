"""A picture to look at while a network learns: one slice of a validation case, the expert's labels, the network's."""

import contextlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from PIL import Image, ImageDraw, ImageFont
from torch import nn

from hlfd.catalogue import Label
from hlfd.data.batches import windowed
from hlfd.data.frames import Array
from hlfd.data.store import Store
from hlfd.files import whole_file
from hlfd.inference.predictor import predict_slices

SIDE, CAPTION = 296, 20
"""Pixels: longer side of a picture, and height of the line below it. Three and their gaps are 896 x 316 at most."""
GAP = 4
OPACITY = 0.4
BACKGROUND, INK, FONT_SIZE = (20, 20, 20), (230, 230, 230), 13


@dataclass(frozen=True)
class Preview:
    """The slice that a run shows of itself: always the same, so that its pictures can be compared."""

    hu: Array
    """int16, h w."""
    truth: Array
    """Labels, uint8, h w."""
    window_hu: tuple[float, float]
    labels: tuple[Label, ...]

    def draw(self, network: nn.Module, device: torch.device, step: int, file: Path) -> bool:
        """Write the slice, the expert's labels and the network's answer beside each other, whole or not at all.

        Args:
            network: its mode (training or not) is left as it was found; nothing random is drawn.
            device: where the network is.
            step: for the caption.
            file: PNG to write, or to replace.

        Returns:
            Whether it was written: no training ends for a picture's sake.
        """
        was_training = network.training
        network.eval()
        try:
            answer = predict_slices(network, self.hu[None], self.window_hu, device)[0]
        finally:
            network.train(was_training)
        picture = self._picture(answer, step)
        with contextlib.suppress(OSError), whole_file(file) as temporary:
            picture.save(temporary, format="PNG", compress_level=3)
            return True
        return False

    def _picture(self, answer: Array, step: int) -> Image.Image:
        grey = windowed(self.hu, self.window_hu)
        shown = {"CT": np.zeros_like(self.truth), "expert": self.truth, f"network, step {step}": answer}
        panels = [_panel(grey, labels, self.labels) for labels in shown.values()]
        width, height = panels[0].size
        whole = Image.new("RGB", (3 * width + 2 * GAP, height + CAPTION), BACKGROUND)
        pen, font = ImageDraw.Draw(whole), ImageFont.load_default(FONT_SIZE)
        for number, (caption, panel) in enumerate(zip(shown, panels, strict=True)):
            left = number * (width + GAP)
            whole.paste(panel, (left, 0))
            pen.text((left + width // 2, height + CAPTION // 2), caption, fill=INK, font=font, anchor="mm")
        return whole


def choose_preview(store: Store) -> Preview | None:
    """Take the slice of the validation cases with the most tumour, or, without any, with the most of the organ.

    Returns:
        None where there is no validation case.
    """
    best: tuple[tuple[int, int], str, int] | None = None
    for case in store.cases("validation"):
        counts = store.counts(case)
        tumor, any_label = counts[:, store.tumor_value], counts[:, 1:].sum(axis=1)
        plane = int(np.lexsort((any_label, tumor))[-1])
        size = (int(tumor[plane]), int(any_label[plane]))
        if best is None or size > best[0]:
            best = size, case.name, plane
    if best is None:
        return None
    _, name, plane = best
    slices = store.slices(next(case for case in store.cases("validation") if case.name == name))
    told = store.manifest
    return Preview(np.array(slices.hu[plane]), np.array(slices.labels[plane]), told.window_hu, told.labels)


def _panel(grey: Array, labels: Array, known: tuple[Label, ...]) -> Image.Image:
    """Draw labels over a slice: each a transparent area with a line around it."""
    size = _fitted(grey.shape)
    image = Image.fromarray((255 * grey).astype(np.uint8)).resize(size, Image.Resampling.BILINEAR)
    shown = np.asarray(Image.fromarray(labels).resize(size, Image.Resampling.NEAREST))
    pixels = np.repeat(np.asarray(image, dtype=np.float32)[..., None], 3, axis=2)
    for label in known:
        inside = shown == label.value
        color = 255 * np.array(label.color_rgb, dtype=np.float32)
        pixels[inside] = (1 - OPACITY) * pixels[inside] + OPACITY * color
        pixels[inside & ~_core(inside)] = color
    return Image.fromarray(pixels.astype(np.uint8))


def _core(inside: Array) -> Array:
    """Give the pixels of an area whose four neighbours are in it; the picture's rim counts as its end."""
    wide = np.pad(inside, 1)
    return wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]


def _fitted(shape: tuple[int, ...]) -> tuple[int, int]:
    """Width and height of a slice, rows by columns, whose longer side is that of a picture."""
    rows, columns = shape
    longest = max(rows, columns)
    return max(SIDE * columns // longest, 1), max(SIDE * rows // longest, 1)
