"""A store of tiny CTs whose tumours are easily seen, the settings of trainings of a second, and arenas run upon it."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from hlfd.arena.units import prepared
from hlfd.cli import main

SIDE, SLICES = 48, 3
SPACING_MM = (1.0, 1.0, 2.5)
HU = np.array([-80, 60, 160], np.int16)
PARTS = {"training": ["a", "b"], "validation": ["c", "d"], "test": ["e", "f"]}
TINY = [
    *("--steps", 16, "--validate-every", 2, "--crop", 32, "--batch", 4, "--learning-rate", 0.01, "--device", "cpu"),
    *("--widths", "8,8,8,16", "--blocks", "1,1,1,1", "--teacher-widths", "8,8,8,8,8", "--teacher-norm", "batch"),
    "--deterministic",
]


def make_store_of_files(folder: Path) -> Path:
    """Write six CTs of square kidneys with square tumours and prepare them: two for each part."""
    folder.mkdir()
    rows = []
    for number, name in enumerate(name for names in PARTS.values() for name in names):
        _write_case(folder, name, number)
        rows.append({"image": f"{name}.nii.gz", "label": f"{name}-labels.nii.gz", "case": name})
    (folder / "list.json").write_text(json.dumps(rows), encoding="utf-8")
    (folder / "splits.json").write_text(json.dumps(PARTS), encoding="utf-8")
    store = folder / "store"
    assert run("prepare", folder / "list.json", store, "--splits", folder / "splits.json", "--pixel-mm", 1) == 0
    return store


def _write_case(folder: Path, name: str, number: int) -> None:
    generator = np.random.default_rng(number)
    labels = np.zeros((SLICES, SIDE, SIDE), np.uint8)
    row, column = generator.integers(2, 12, size=2)
    labels[:, row : row + 32, column : column + 32] = 1
    labels[1:, row + 4 : row + 26, column + 4 : column + 24] = 2
    hu = HU[labels] + generator.normal(0, 10, labels.shape).astype(np.int16)
    for what, array in (("", hu), ("-labels", labels)):
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(SPACING_MM)
        sitk.WriteImage(image, str(folder / f"{name}{what}.nii.gz"))


def run(*arguments: object) -> int:
    """Call the command line in this process; gives its exit status."""
    return main([str(argument) for argument in arguments])


def arena_here(*arguments: object) -> int:
    """Call `hlfd arena` or `hlfd sweep` with its units in this process: starting torch takes longer than a tiny run."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("hlfd.arena.arena.run_units", _run_here)
            return run(*arguments)
    finally:
        torch.set_num_threads(threads)


def _run_here(units, _jobs, on_done) -> None:
    for unit in units:
        if not unit.is_done:
            assert run(*prepared(unit)) == 0
            on_done(unit)


def files_of(folder: Path, *patterns: str) -> dict[Path, int]:
    """When each file was written."""
    return {file: file.stat().st_mtime_ns for pattern in patterns for file in folder.glob(pattern) if file.is_file()}
