"""Words for the tests: cases of known labels, and their store, made by `hlfd prepare`."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

SPACING_MM = (0.75, 0.75, 4.0)
HU_OF = np.array([0, 150, 250], np.int16)
CASES = ("a", "b", "c")


def image_of(array):
    """An image z y x at the cases' place."""
    image = sitk.GetImageFromArray(array)
    image.SetSpacing(SPACING_MM)
    image.SetOrigin((10, -20, 30))
    return image


@pytest.fixture
def truths() -> dict[str, np.ndarray]:
    """Expert labels of the cases, z y x; b has no tumour."""
    generator = np.random.default_rng(8)
    maps = {name: generator.choice(np.array([0, 1, 2], np.uint8), (5, 12, 16), p=[0.6, 0.3, 0.1]) for name in CASES}
    maps["b"][maps["b"] == 2] = 1
    maps["c"][1:3][maps["c"][1:3] == 2] = 0
    return maps


@pytest.fixture
def store(tmp_path, truths, command) -> Path:
    """A store with the cases a and b for test, and c for training; HU show what the expert marked."""
    data = tmp_path / "data"
    data.mkdir()
    rows = []
    for name, labels in truths.items():
        sitk.WriteImage(image_of(HU_OF[labels]), str(data / f"{name}.nii.gz"))
        sitk.WriteImage(image_of(labels), str(data / f"{name}-labels.nii.gz"))
        rows.append({"image": f"{name}.nii.gz", "label": f"{name}-labels.nii.gz", "case": name})
    (data / "list.json").write_text(json.dumps(rows), encoding="utf-8")
    parts = {"training": ["c"], "validation": [], "test": ["a", "b"]}
    (data / "splits.json").write_text(json.dumps(parts), encoding="utf-8")
    out = tmp_path / "store"
    answer = command("prepare", data / "list.json", out, "--splits", data / "splits.json", "--pixel-mm", 1.5)
    assert answer.status == 0, answer
    return out


@pytest.fixture
def predicted(tmp_path, truths):
    """Writes label maps of the test cases, changed by a function, with an ending; gives their folder."""

    def write(change=lambda labels: labels, ending=".nii.gz", reorder=None) -> Path:
        folder = tmp_path / "predictions"
        folder.mkdir(exist_ok=True)
        for name in ("a", "b"):
            image = image_of(change(truths[name].copy()))
            sitk.WriteImage(sitk.DICOMOrient(image, reorder) if reorder else image, str(folder / f"{name}{ending}"))
        return folder

    return write
