"""Whether a NIfTI file is sound: ITK's reader turns what is missing, NaN or infinite into zeros and says nothing."""

import gzip
import math
import struct
import zlib
from pathlib import Path
from typing import BinaryIO, NamedTuple

import numpy as np

from hlfd.errors import InputError

GZIP_MAGIC = b"\x1f\x8b"
HEADER_BYTES = 348
FLOATS = {16: "f4", 64: "f8"}  # NIfTI's datatype codes
CHUNK = 1 << 20


class _Layout(NamedTuple):
    offset: int
    """Byte of the first voxel."""
    end: int
    """Byte behind the last voxel."""
    floats: str | None
    """numpy's name of the voxel type where it can hold NaN."""


def require_sound_nifti(path: Path) -> None:
    """Refuse a NIfTI file that ends early, fails its checksum, or holds NaN or infinite voxels.

    The file is read (and unpacked) once for it, a chunk at a time: only the end of the stream tells.

    Raises:
        InputError: truncated, damaged, or with voxels that are no numbers.
    """
    try:
        with _opened(path) as stream:
            layout = _layout(stream.read(HEADER_BYTES))
            if layout is None:
                return  # what it is, the reader finds out
            stream.seek(0)
            found, odd = _walk(stream, layout)
    except (EOFError, gzip.BadGzipFile, zlib.error, struct.error):
        raise InputError(f"{path}: truncated or damaged; copy or export it again") from None
    if found < layout.end:
        raise InputError(f"{path}: truncated, {found} of {layout.end} bytes are there; copy or export it again")
    if odd:
        raise InputError(f"{path}: {odd} voxels are NaN or infinite; repair them, or export the volume again")


def _opened(path: Path) -> BinaryIO:
    """Open a file, unpacked where its first bytes say gzip: a plain file may be named `.nii.gz`, and ITK reads it."""
    stream = path.open("rb")
    packed = stream.read(2) == GZIP_MAGIC
    stream.seek(0)
    if not packed:
        return stream
    stream.close()
    return gzip.open(path, "rb")  # type: ignore[return-value]


def _layout(header: bytes) -> _Layout | None:
    """Read the fields dim, datatype, bitpix and vox_offset (nifti1.h); None for a file of another kind."""
    order = next((order for order in "<>" if struct.unpack_from(f"{order}i", header)[0] == HEADER_BYTES), None)
    if order is None:
        return None
    axes, *sizes = struct.unpack_from(f"{order}8h", header, 40)
    datatype, bits = struct.unpack_from(f"{order}2h", header, 70)
    offset = int(struct.unpack_from(f"{order}f", header, 108)[0])
    floats = order + FLOATS[datatype] if datatype in FLOATS else None
    return _Layout(offset, offset + math.prod(sizes[:axes]) * bits // 8, floats)


def _walk(stream: BinaryIO, layout: _Layout) -> tuple[int, int]:
    """Count the bytes, and the voxels that are NaN or infinite."""
    found, odd = len(stream.read(layout.offset)), 0
    while part := stream.read(CHUNK):
        if layout.floats:
            odd += _odd(part[: max(layout.end - found, 0)], np.dtype(layout.floats))
        found += len(part)
    return found, odd


def _odd(voxels: bytes, kind: np.dtype) -> int:
    values = np.frombuffer(voxels, kind, count=len(voxels) // kind.itemsize)
    return int(values.size - np.isfinite(values).sum())
