"""Volume files on disk: what cannot be used is refused in a sentence before any voxel counts; writing is checked."""

import contextlib
import errno
import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from hlfd.data.nifti import require_sound_nifti
from hlfd.errors import InputError

NIFTI_ENDINGS = (".nii.gz", ".nii")
DETACHED_ENDINGS = (".nhdr", ".mhd")
VOLUME_ENDINGS = (*NIFTI_ENDINGS, ".nrrd", ".nhdr", ".mha", ".mhd")

sitk.ProcessObject.SetGlobalWarningDisplay(False)


def read_image(path: Path) -> sitk.Image:
    """Read a volume file.

    Raises:
        InputError: missing, empty, truncated, damaged, of no known format, not one number a voxel in 3D, or a
            NIfTI file with NaN or infinite voxels (the reader would hide those).
    """
    _require_file(path)
    if path.name.endswith(NIFTI_ENDINGS):
        require_sound_nifti(path)
    try:
        with libraries_silent():
            image = sitk.ReadImage(str(path))
    except RuntimeError as error:
        raise InputError(f"{path}: {reason(error, path)}") from None
    require_3d(path, image.GetSize(), image.GetNumberOfComponentsPerPixel())
    return image


def write_image(image: sitk.Image, path: Path, compression_level: int = -1) -> None:
    """Write a volume, compressed but for `.nii`, and read it back: ITK's NIfTI writer is silent on a full disk.

    Args:
        image: the volume.
        path: its ending chooses the format.
        compression_level: 1 (fast) to 9 (small); -1 is the format's own choice.

    Raises:
        OSError: what is on the disk is not what was written.
    """
    try:
        with libraries_silent():
            sitk.WriteImage(image, str(path), path.suffix != ".nii", compression_level)
        written = read_image(path)
    except (RuntimeError, InputError) as error:
        raise OSError(errno.EIO, "could not be written whole", str(path)) from error
    if not np.array_equal(sitk.GetArrayViewFromImage(written), sitk.GetArrayViewFromImage(image)):
        raise OSError(errno.EIO, "reads back with other voxels than were written", str(path))


def read_header(path: Path) -> sitk.ImageFileReader:
    """Read only the header of a volume file; the reader has its size, spacing, origin and direction.

    Raises:
        InputError: missing, empty, of no known format, or not one number a voxel in 3D.
    """
    _require_file(path)
    reader = sitk.ImageFileReader()
    reader.SetFileName(str(path))
    try:
        with libraries_silent():
            reader.ReadImageInformation()
    except RuntimeError as error:
        raise InputError(f"{path}: {reason(error, path)}") from None
    require_3d(path, reader.GetSize(), reader.GetNumberOfComponents())
    return reader


def require_3d(path: Path, size: Sequence[int], components: int) -> None:
    """Refuse what is not a volume of one number a voxel.

    Raises:
        InputError: 2D, 4D, or a colour or vector image.
    """
    if len(size) != 3:
        found = "x".join(map(str, size))
        raise InputError(f"{path}: found a {len(size)}D image ({found}); hlfd takes 3D volumes, one slice is enough")
    if components != 1:
        raise InputError(f"{path}: found {components} numbers a voxel; a CT or label map has one")


def reason(error: RuntimeError, path: Path) -> str:
    """Say in words why ITK cannot read a file."""
    text = str(error)
    if "Unable to determine ImageIO" in text:
        return f"not a volume that can be read; hlfd takes {', '.join(VOLUME_ENDINGS)} and DICOM folders"
    if "orthonormal" in text:
        return "its axes are not at right angles (sheared grid); resample it to a regular grid first"
    beside = " with the data file that belongs beside it" if path.name.endswith(DETACHED_ENDINGS) else ""
    return f"cannot be read, most likely truncated or damaged; copy or export it again{beside}"


@contextlib.contextmanager
def libraries_silent() -> Iterator[None]:
    """Send what C++ libraries print to stderr of their own accord to nowhere: the InputError says it in words."""
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)


def _require_file(path: Path) -> None:
    if not path.exists():
        raise InputError(f"{path}: no such file; check the path")
    if path.stat().st_size == 0:
        raise InputError(f"{path}: the file is empty; copy or export it again")
