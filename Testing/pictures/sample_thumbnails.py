"""Draws the thumbnails of the sample CTs: `python Testing/pictures/sample_thumbnails.py`, with .venv's Python.

Each is the axial slice with the most tumour, windowed as Slicer shows it, with the labels in their own colours.
"""

import json
import sys
from pathlib import Path

import numpy as np
from matplotlib.image import imsave

MODULE = Path(__file__).resolve().parents[2] / "HLFDSegmentation"
WIDTH, HEIGHT = 192, 128
"""Of what is shown, in voxels; a thumbnail has twice as many pixels."""
OPACITY = {1: 0.35, 2: 0.6}


def main() -> None:
    """Write all of them."""
    sys.path.insert(0, str(MODULE))
    from HLFDSegmentationLib.SampleCts import LABELS, SAMPLES, makeSample

    labels = json.loads(LABELS.read_text(encoding="utf-8"))
    for sample in SAMPLES:
        made = makeSample(sample)
        colors = {entry["value"]: entry["color_rgb"] for entry in labels[sample.organ]["labels"]}
        target = MODULE / "Resources" / "Icons" / f"{sample.name}.png"
        imsave(target, thumbnail(made.image_zyx, made.labels_zyx, colors))
        print(f"wrote {target.relative_to(MODULE.parent)}")


def thumbnail(image_zyx: np.ndarray, labels_zyx: np.ndarray, colors: dict) -> np.ndarray:
    """Red, green, blue (rows, columns, 3), each 0 to 255, from HU and labels (z, y, x)."""
    from HLFDSegmentationLib.SampleCts import LEVEL_HU, WINDOW_HU

    number = int((labels_zyx == 2).sum(axis=(1, 2)).argmax())
    image, labels = image_zyx[number], labels_zyx[number]
    grey = np.clip((image - (LEVEL_HU - WINDOW_HU / 2)) / WINDOW_HU, 0, 1)
    picture = np.repeat(grey[..., None], 3, axis=2)
    for value, color in colors.items():
        inside, opacity = labels == value, OPACITY[value]
        picture[inside] = (1 - opacity) * picture[inside] + opacity * np.array(color)
    top, left = _corner(image > -300)
    shown = picture[top : top + HEIGHT, left : left + WIDTH]
    return np.rint(255 * shown.repeat(2, axis=0).repeat(2, axis=1)).astype(np.uint8)


def _corner(body: np.ndarray) -> tuple[int, int]:
    """Row and column from which the body lies in the middle of what is shown."""
    rows, columns = np.nonzero(body.any(axis=1))[0], np.nonzero(body.any(axis=0))[0]
    top = (rows[0] + rows[-1] - HEIGHT) // 2
    left = (columns[0] + columns[-1] - WIDTH) // 2
    return max(0, min(int(top), body.shape[0] - HEIGHT)), max(0, min(int(left), body.shape[1] - WIDTH))


if __name__ == "__main__":
    main()
