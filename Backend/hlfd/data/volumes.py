"""Reading CTs and label maps, and writing label maps, through SimpleITK."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hlfd.data.dicom import read_series, series_frame
from hlfd.data.frames import Array, Frame, difference
from hlfd.data.image_files import read_header, read_image
from hlfd.errors import InputError


@dataclass(frozen=True)
class Volume:
    """Voxels in canonical order (z y x towards superior, posterior, left) and the grid of the file they came from."""

    array: Array
    frame: Frame

    @property
    def spacing_mm(self) -> tuple[float, float, float]:
        """Canonical spacing x, y, z."""
        return self.frame.canonical.spacing_mm


def read_ct(path: Path, series: str | None = None) -> Volume:
    """Read a CT, a file or a folder with a DICOM series, as int16 HU.

    Raises:
        InputError: missing, truncated, not 3D, not scalar, or with NaN or infinite voxels.
    """
    image = read_series(path, series) if path.is_dir() else read_image(path)
    array = sitk.GetArrayFromImage(image)
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise InputError(f"{path}: {count} voxels are NaN or infinite; repair them, or export the volume again")
    hu = np.clip(np.rint(array), -32768, 32767).astype(np.int16)
    frame = frame_of(image)
    return Volume(np.ascontiguousarray(frame.canonical_array(hu)), frame)


def read_labels(path: Path, like: Volume | None = None, resample: bool = False) -> Volume:
    """Read a label map as uint8, on the grid of `like` when that is given.

    Raises:
        InputError: not readable, values that are not whole numbers 0..255, or another grid than `like`
            (with `resample`, it is brought to that grid by nearest neighbour instead).
    """
    image = read_image(path)
    frame = frame_of(image)
    if like is not None and (differs := difference(like.frame, frame)):
        if not resample:
            raise InputError(
                f"{path}: image and label differ in {differs}; export both from one volume, or add --resample-labels"
            )
        image, frame = _resampled(image, like.frame, path), like.frame
    array = sitk.GetArrayFromImage(image)
    with np.errstate(invalid="ignore"):  # NaN is told in words below
        labels = array.astype(np.uint8)
    if not np.array_equal(labels, array):
        raise InputError(f"{path}: a label map holds whole numbers 0..255; found {_first_odd(array, labels):g}")
    return Volume(np.ascontiguousarray(frame.canonical_array(labels)), frame)


def read_frame(path: Path) -> Frame:
    """Read only the grid of a volume file or DICOM folder, from headers.

    Raises:
        InputError: missing, unreadable or not 3D.
    """
    return series_frame(path) if path.is_dir() else frame_of(read_header(path))


def label_image(labels: Array, frame: Frame) -> sitk.Image:
    """Put canonical labels back into the grid of the file that they belong to."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(frame.own_array(labels)))
    image.SetSpacing(frame.spacing_mm)
    image.SetOrigin(frame.origin_mm)
    image.SetDirection(frame.direction)
    return image


def frame_of(image: sitk.Image | sitk.ImageFileReader) -> Frame:
    """Take the grid of an ITK image, or of a header that was read."""
    return Frame(image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection())


def _resampled(labels: sitk.Image, frame: Frame, path: Path) -> sitk.Image:
    reference = sitk.Image(list(frame.size), sitk.sitkUInt8)
    reference.SetSpacing(frame.spacing_mm)
    reference.SetOrigin(frame.origin_mm)
    reference.SetDirection(frame.direction)
    moved = sitk.Resample(labels, reference, sitk.Transform(), sitk.sitkNearestNeighbor, 0, labels.GetPixelID())
    if sitk.GetArrayViewFromImage(labels).any() and not sitk.GetArrayViewFromImage(moved).any():
        raise InputError(f"{path}: nothing of the label lies within its image; check that the two belong together")
    return moved


def _first_odd(array: Array, labels: Array) -> float:
    return float(array[labels != array].flat[0])
