"""Words for the tests: a body, and CTs of it in any orientation."""

from collections.abc import Callable
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

SPACING_MM = np.array([0.75, 0.75, 2.5])
FIRST_VOXEL_MM = np.array([-100.25, 33.5, 7.125])
ORIENTATIONS = [
    (order, signs) for order in permutations(range(3)) for signs in product((1, -1), repeat=3)
]  # all 48: which of the axes L, P, S each axis of the file runs along, and in which sense


@pytest.fixture
def body() -> np.ndarray:
    """HU of a body without any symmetry, x y z towards left, posterior, superior."""
    generator = np.random.default_rng(7)
    return generator.choice(np.array([-500, 20, 150, 250], np.int16), size=(13, 10, 6))


@pytest.fixture
def oblique() -> np.ndarray:
    """A rotation by a gantry tilt and a turn of the patient."""
    tilt, turn = np.radians(20), np.radians(-33)
    about_x = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    about_z = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return about_x @ about_z


@pytest.fixture
def oriented() -> Callable[..., sitk.Image]:
    """Makes the image of voxels x y z in an axis order and sense, in an optionally turned patient."""

    def make(voxels, order=(0, 1, 2), signs=(1, 1, 1), turned=None, spacing_mm=SPACING_MM) -> sitk.Image:
        turned = np.eye(3) if turned is None else turned
        own = voxels.transpose(order)[tuple(slice(None, None, sign) for sign in signs)]
        corner = np.zeros(3)
        for axis, sign in zip(order, signs, strict=True):
            corner[axis] = 0 if sign > 0 else voxels.shape[axis] - 1
        image = sitk.GetImageFromArray(np.ascontiguousarray(own.transpose()))
        image.SetSpacing(np.asarray(spacing_mm)[list(order)].tolist())
        image.SetOrigin((FIRST_VOXEL_MM + turned @ (corner * spacing_mm)).tolist())
        image.SetDirection((turned[:, list(order)] * signs).ravel().tolist())
        return image

    return make


@pytest.fixture
def a_ct(tmp_path, body, oriented) -> Path:
    """A CT of the body, as a file."""
    file = tmp_path / "ct.nii.gz"
    sitk.WriteImage(oriented(body), str(file))
    return file


@pytest.fixture
def a_series(tmp_path) -> Callable[..., Path]:
    """Writes an image as a DICOM series, a file a slice, in an order that is not that of the slices."""

    def write(image: sitk.Image, folder: Path | None = None, series: str = "1.2.826.0.1.3680043.2.1125.1") -> Path:
        folder = folder or tmp_path / "series"
        folder.mkdir(exist_ok=True)
        direction = np.reshape(image.GetDirection(), (3, 3))
        for number in range(image.GetSize()[2]):
            part = image[:, :, number]
            tags = {
                "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
                "0008|0018": f"{series}.{number + 1}",
                "0008|0060": "CT",
                "0020|000d": "1.2.826.0.1.3680043.2.1125",
                "0020|000e": series,
                "0020|0013": str(number + 1),
                "0020|0032": "\\".join(map(str, image.TransformIndexToPhysicalPoint((0, 0, number)))),
                "0020|0037": "\\".join(map(str, direction[:, :2].T.ravel())),
                "0028|1052": "0",
                "0028|1053": "1",
            }
            for tag, value in tags.items():
                part.SetMetaData(tag, value)
            writer = sitk.ImageFileWriter()
            writer.KeepOriginalImageUIDOn()
            writer.SetFileName(str(folder / f"{series[-1]}-{(number * 5) % 7}-{number}.dcm"))
            writer.Execute(part)
        return folder

    return write


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "orientation" in metafunc.fixturenames:
        metafunc.parametrize("orientation", ORIENTATIONS, ids=[_name(*one) for one in ORIENTATIONS])


def _name(order: tuple[int, ...], signs: tuple[int, ...]) -> str:
    """Letters of the sides that the axes run towards, such as LPS."""
    return "".join(("LPS" if sign > 0 else "RAI")[axis] for axis, sign in zip(order, signs, strict=True))
