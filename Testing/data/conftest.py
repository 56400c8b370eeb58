"""Small CTs on disk, and the `hlfd` command as a user runs it."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd.cli import main

SPACING_MM = (0.8, 0.8, 3.0)
ORIGIN_MM = (-31.5, 12.25, 700.125)


@dataclass(frozen=True)
class Ran:
    """What a command left: exit status and what it printed."""

    status: int
    out: str
    err: str


@pytest.fixture
def hlfd(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs `hlfd ARGUMENTS` and gives status, stdout and stderr (that of C++ libraries too)."""

    def run(*arguments: object) -> Ran:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        return Ran(status, *capfd.readouterr())

    return run


@pytest.fixture
def body() -> Callable[..., tuple[np.ndarray, np.ndarray]]:
    """Makes HU and labels (0, kidney 1, tumour 2), z y x, with no symmetry that could hide a wrong turn."""

    def make(seed: int = 0, slices: int = 4, rows: int = 20, columns: int = 26, tumor: bool = True):
        hu = np.random.default_rng(seed).integers(-900, 900, (slices, rows, columns)).astype(np.int16)
        labels = np.zeros(hu.shape, np.uint8)
        labels[:, 3 : rows // 2, 5 : columns - 8] = 1
        if tumor:
            labels[slices // 2, 4:8, 7:12] = 2
        return hu, labels

    return make


@pytest.fixture
def volume() -> Callable[..., sitk.Image]:
    """Makes an ITK image of an array z y x, with true geometry."""

    def make(array, spacing=SPACING_MM, origin=ORIGIN_MM, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)) -> sitk.Image:
        image = sitk.GetImageFromArray(array)
        image.SetSpacing(spacing)
        image.SetOrigin(origin)
        image.SetDirection([float(cosine) for cosine in direction])
        return image

    return make


@pytest.fixture
def kits_folder(tmp_path: Path, body, volume) -> Path:
    """Six cases in the layout of KiTS19; the last has no tumour."""
    for number in range(6):
        folder = tmp_path / "kits" / f"case_{number:05d}"
        folder.mkdir(parents=True)
        hu, labels = body(number, tumor=number < 5)
        sitk.WriteImage(volume(hu), str(folder / "imaging.nii.gz"))
        sitk.WriteImage(volume(labels), str(folder / "segmentation.nii.gz"))
    return tmp_path / "kits"


@pytest.fixture
def store_folder(tmp_path: Path, kits_folder: Path, hlfd) -> Path:
    """The store that `hlfd prepare` makes of the six cases."""
    assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0
    return tmp_path / "store"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give `axes` the 48 ways to store a volume's axes, as direction cosines (rows are L, P, S)."""
    if "axes" in metafunc.fixturenames:
        ways = list(itertools.product(itertools.permutations(range(3)), itertools.product((1, -1), repeat=3)))
        matrices = [np.eye(3)[:, list(order)] * signs for order, signs in ways]
        names = ["".join("LPSRAI"[axis + 3 * (sign < 0)] for axis, sign in zip(*way, strict=True)) for way in ways]
        metafunc.parametrize("axes", matrices, ids=names)
