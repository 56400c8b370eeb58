"""DICOM series: which files of a folder are one CT, and whether they form an even stack."""

import contextlib
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hlfd.data.frames import Array, Frame
from hlfd.data.image_files import libraries_silent, read_header, reason, require_3d
from hlfd.errors import InputError

UNEVEN_SLICES_MM = 0.05
SLICE_THICKNESS = "0018|0050"


def read_series(folder: Path, series: str | None = None) -> sitk.Image:
    """Read a series; `series` is its UID, needed where the folder holds several.

    Raises:
        InputError: no such series, several to choose from, slices missing, tilted or damaged.
    """
    names = _series_files(folder, series)
    _require_even_stack(folder, names)
    try:
        with libraries_silent():
            image = sitk.ReadImage(names) if len(names) > 1 else _read_one(names[0])
    except RuntimeError as error:
        raise InputError(f"{folder}: {reason(error, folder)}") from None
    require_3d(folder, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    return image


def series_frame(folder: Path) -> Frame:
    """Take the grid of the one series in a folder from the headers of its files.

    Raises:
        InputError: as `read_series`.
    """
    names = _series_files(folder, None)
    step_mm = _require_even_stack(folder, names)
    first = read_header(Path(names[0]))
    columns, rows, slices = first.GetSize()
    x_mm, y_mm, z_mm = _spacing_mm(first)
    size, spacing = (columns, rows, slices * len(names)), (x_mm, y_mm, step_mm or z_mm)
    return Frame(size, spacing, first.GetOrigin(), first.GetDirection())


def _read_one(name: str) -> sitk.Image:
    """Read a single file, as one slice or several frames."""
    image = sitk.ReadImage(name)
    if len(image.GetSize()) == 3:
        image.SetSpacing(_spacing_mm(read_header(Path(name))))
    return image


def _spacing_mm(header: sitk.ImageFileReader) -> tuple[float, float, float]:
    """Spacing of a file; of a lone slice, which has none along z, its thickness.

    ITK gives a lone slice that thickness or 1 mm, as whatever it read before has left it.
    """
    x_mm, y_mm, z_mm = header.GetSpacing()
    thickness = header.GetMetaData(SLICE_THICKNESS) if header.HasMetaDataKey(SLICE_THICKNESS) else ""
    is_lone = header.GetSize()[2] == 1
    with contextlib.suppress(ValueError):
        if is_lone and float(thickness) > 0:
            z_mm = float(thickness)
    return x_mm, y_mm, z_mm


def _series_files(folder: Path, series: str | None) -> tuple[str, ...]:
    with libraries_silent():
        found = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not found:
        raise InputError(f"{folder}: no DICOM series in this folder; name a volume file or a folder with one series")
    if series is None and len(found) > 1:
        raise InputError(f"{folder}: {len(found)} DICOM series; choose one with --series: {', '.join(found)}")
    if series is not None and series not in found:
        raise InputError(f"{folder}: no series {series}; there are {', '.join(found)}")
    names: tuple[str, ...] = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series or found[0])
    return names


def _require_even_stack(folder: Path, names: tuple[str, ...]) -> float:
    """Give the step between slices in mm, 0 for one slice.

    A missing slice, or a stack that leans (a tilted gantry), makes positions wrong: say so rather than
    segment a shifted or sheared body.
    """
    headers = [read_header(Path(name)) for name in names]
    steps: Array = np.diff([header.GetOrigin() for header in headers], axis=0)
    if not len(steps):
        return 0.0
    along = steps @ np.reshape(headers[0].GetDirection(), (3, 3))[:, 2]
    if np.ptp(along) > UNEVEN_SLICES_MM or along.min() <= 0:
        raise InputError(
            f"{folder}: slices are not evenly spaced ({along.min():.2f} to {along.max():.2f} mm), one may be missing; "
            "export the series again, or resample it to even slices"
        )
    sideways = np.sqrt(np.maximum((steps**2).sum(1) - along**2, 0)).max()
    if sideways > UNEVEN_SLICES_MM:
        raise InputError(
            f"{folder}: each slice lies {sideways:.2f} mm beside the one below (a tilted gantry); resample it to a "
            "regular grid first"
        )
    return float(along.mean())
