"""Is an image file whole? Slicer reads a NIfTI file that was cut off without complaint, the rest as zeros."""

import gzip
import math
import struct
import zlib
from pathlib import Path

NIFTI1_HEADER_BYTES = 348
BYTES_AT_ONCE = 1 << 22


def checkWhole(path: Path) -> None:
    """Refuse a compressed file that ends early or is damaged, and a NIfTI-1 file with voxels missing."""
    opened = gzip.open if path.name.lower().endswith(".gz") else open
    if not path.name.lower().endswith((".nii", ".gz")):
        return
    try:
        with opened(path, "rb") as file:
            header = file.read(NIFTI1_HEADER_BYTES)
            size = len(header) + sum(map(len, iter(lambda: file.read(BYTES_AT_ONCE), b"")))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise ValueError(f"{path.name} is cut off or damaged; copy it again") from error
    if size < _bytesPromised(header):
        raise ValueError(f"{path.name} has fewer voxels than its header says; copy it again")


def _bytesPromised(header: bytes) -> int:
    """Size of the file by its NIfTI-1 header; 0 for another header."""
    if len(header) < NIFTI1_HEADER_BYTES or header[344:348] != b"n+1\0":
        return 0
    order = "<" if struct.unpack_from("<i", header)[0] == NIFTI1_HEADER_BYTES else ">"
    rank, *dimensions = struct.unpack_from(f"{order}8h", header, 40)
    (bitsPerVoxel,) = struct.unpack_from(f"{order}h", header, 72)
    (offset,) = struct.unpack_from(f"{order}f", header, 108)
    return int(offset) + math.prod(dimensions[:rank]) * bitsPerVoxel // 8
