"""Reading CTs and label maps, and writing label maps, through SimpleITK."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hlfd.data.frames import Array, Frame, difference
from hlfd.errors import InputError

VOLUME_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
UNEVEN_SLICES_MM = 0.05

sitk.ProcessObject.SetGlobalWarningDisplay(False)


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
    image = _read_series(path, series) if path.is_dir() else _read_file(path)
    array = sitk.GetArrayFromImage(image)
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise InputError(f"{path}: {count} voxels are NaN or infinite; repair them, or export the CT again")
    hu = np.clip(np.rint(array), -32768, 32767).astype(np.int16)
    frame = frame_of(image)
    return Volume(np.ascontiguousarray(frame.canonical_array(hu)), frame)


def read_labels(path: Path, like: Volume | None = None, resample: bool = False) -> Volume:
    """Read a label map as uint8, on the grid of `like` when that is given.

    Raises:
        InputError: not readable, values that are not whole numbers 0..255, or another grid than `like`
            (with `resample`, it is brought to that grid by nearest neighbour instead).
    """
    image = _read_file(path)
    frame = frame_of(image)
    if like is not None and (differs := difference(like.frame, frame)):
        if not resample:
            raise InputError(
                f"{path}: image and label differ in {differs}; export both from one volume, or add --resample-labels"
            )
        image, frame = _resampled(image, like.frame), like.frame
    array = sitk.GetArrayFromImage(image)
    labels = array.astype(np.uint8)
    if not np.array_equal(labels, array):
        raise InputError(f"{path}: a label map holds whole numbers 0..255; found {_first_odd(array, labels):g}")
    return Volume(np.ascontiguousarray(frame.canonical_array(labels)), frame)


def read_frame(path: Path) -> Frame:
    """Read only the header of a volume file.

    Raises:
        InputError: missing, unreadable or not 3D.
    """
    _require_file(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(f"{path}: {_reason(error)}") from None
    _require_3d(path, reader.GetSize(), reader.GetNumberOfComponents())
    return Frame(
        _triple(reader.GetSize()),
        _triple(reader.GetSpacing()),
        _triple(reader.GetOrigin()),
        tuple(reader.GetDirection()),
    )


def label_image(labels: Array, frame: Frame) -> sitk.Image:
    """Put canonical labels back into the grid of the file that they belong to."""
    image = sitk.GetImageFromArray(np.ascontiguousarray(frame.own_array(labels)))
    image.SetSpacing(frame.spacing_mm)
    image.SetOrigin(frame.origin_mm)
    image.SetDirection(frame.direction)
    return image


def frame_of(image: sitk.Image) -> Frame:
    """Take the grid of an ITK image."""
    return Frame(
        _triple(image.GetSize()), _triple(image.GetSpacing()), _triple(image.GetOrigin()), tuple(image.GetDirection())
    )


def _triple(values: Sequence[float]) -> tuple:  # type: ignore[type-arg]
    return tuple(values)


def _require_file(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such file; check the path")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; copy or export it again")


def _read_file(path: Path) -> sitk.Image:
    _require_file(path)
    try:
        image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(f"{path}: {_reason(error)}") from None
    _require_3d(path, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    return image


def _require_3d(path: Path, size: Sequence[int], components: int) -> None:
    if len(size) != 3:
        found = "x".join(map(str, size))
        raise InputError(f"{path}: found a {len(size)}D image ({found}); hlfd takes 3D volumes, one slice is enough")
    if components != 1:
        raise InputError(f"{path}: found {components} numbers a voxel; a CT or label map has one")


def _reason(error: RuntimeError) -> str:
    text = str(error)
    if "Unable to determine ImageIO" in text:
        return f"not a volume that can be read; hlfd takes {', '.join(VOLUME_ENDINGS)} and DICOM folders"
    if "orthonormal" in text:
        return "its axes are not at right angles (sheared grid); resample it to a regular grid first"
    return "cannot be read, most likely truncated or damaged; copy or export it again"


def _read_series(folder: Path, series: str | None) -> sitk.Image:
    found = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder))
    if not found:
        raise InputError(f"{folder}: no DICOM series in this folder; name a volume file or a folder with one series")
    if series is None and len(found) > 1:
        raise InputError(f"{folder}: {len(found)} DICOM series; choose one with --series: {', '.join(found)}")
    if series is not None and series not in found:
        raise InputError(f"{folder}: no series {series}; there are {', '.join(found)}")
    names = sitk.ImageSeriesReader.GetGDCMSeriesFileNames(str(folder), series or found[0])
    _require_even_slices(folder, names)
    try:
        image = sitk.ReadImage(names) if len(names) > 1 else sitk.ReadImage(names[0])
    except RuntimeError as error:
        raise InputError(f"{folder}: {_reason(error)}") from None
    _require_3d(folder, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    return image


def _require_even_slices(folder: Path, names: Sequence[str]) -> None:
    """A missing slice makes every position behind it wrong: say so rather than segment a shifted body."""
    origins = np.array([read_frame(Path(name)).origin_mm for name in names])
    steps = np.linalg.norm(np.diff(origins, axis=0), axis=1)
    if len(steps) > 1 and np.ptp(steps) > UNEVEN_SLICES_MM:
        raise InputError(
            f"{folder}: slices are not evenly spaced ({steps.min():.2f} to {steps.max():.2f} mm), one may be missing; "
            "export the series again, or resample it to even slices"
        )


def _resampled(labels: sitk.Image, frame: Frame) -> sitk.Image:
    reference = sitk.Image(list(frame.size), sitk.sitkUInt8)
    reference.SetSpacing(frame.spacing_mm)
    reference.SetOrigin(frame.origin_mm)
    reference.SetDirection(frame.direction)
    return sitk.Resample(labels, reference, sitk.Transform(), sitk.sitkNearestNeighbor, 0, labels.GetPixelID())


def _first_odd(array: Array, labels: Array) -> float:
    return float(array[labels != array].flat[0])
