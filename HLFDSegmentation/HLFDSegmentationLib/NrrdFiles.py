"""NRRD files of arrays, written and read without MRML: so that a thread can do it beside the window.

The patient's axes in files are left-posterior-superior, as Slicer and ITK write them.
"""

import math
import re
import zlib
from pathlib import Path

import numpy as np

from .BackendPlace import useBackend
from .Words import Refusal
from .Words import tr as _

TYPES = {
    "int8": ("signed char", "int8_t"),
    "uint8": ("unsigned char", "uchar", "uint8_t"),
    "int16": ("short", "signed short", "short int", "int16_t"),
    "uint16": ("unsigned short", "ushort", "uint16_t"),
    "int32": ("int", "signed int", "int32_t"),
    "uint32": ("unsigned int", "uint", "uint32_t"),
    "int64": ("long long", "longlong", "int64_t"),
    "uint64": ("unsigned long long", "ulonglong", "uint64_t"),
    "float32": ("float",),
    "float64": ("double",),
}
"""Type of numpy -> NRRD's names of it; the last one is written."""
TO_LPS = {
    "left-posterior-superior": (1, 1, 1),
    "lps": (1, 1, 1),
    "right-anterior-superior": (-1, -1, 1),
    "ras": (-1, -1, 1),
    "left-anterior-superior": (1, -1, 1),
    "las": (1, -1, 1),
}
MAGIC = b"NRRD000"
BYTES_AT_ONCE, PACKED_AT_ONCE = 1 << 22, 1 << 16


def writeNrrd(path, array_zyx: np.ndarray, ijkToRas: np.ndarray) -> None:
    """Write an array (k, j, i) as a NRRD file, not compressed, whole or not at all.

    Args:
        path: ends in .nrrd; its folder is made if need be.
        array_zyx: whole numbers or floating point.
        ijkToRas: 4 x 4 matrix from voxel index (i, j, k, 1) to RAS in mm.

    Raises:
        OSError: it could not be written whole.
    """
    useBackend()
    from hlfd.files import whole_file

    array_zyx = np.ascontiguousarray(array_zyx)
    bytesOfAll = memoryview(array_zyx).cast("B")
    with whole_file(Path(path)) as temporary, temporary.open("wb") as stream:
        stream.write(_headerOf(array_zyx, ijkToRas).encode("ascii"))
        for start in range(0, len(bytesOfAll), BYTES_AT_ONCE):
            stream.write(bytesOfAll[start : start + BYTES_AT_ONCE])


def readNrrd(path) -> tuple[np.ndarray, np.ndarray]:
    """Array (k, j, i) of a 3D NRRD file with its data in it, raw or gzip'd, and its 4 x 4 matrix from IJK to RAS.

    Of a file that is not compressed the array cannot be written to.

    Raises:
        Refusal: it is no such file, or it is cut off or damaged.
        OSError: it could not be read.
    """
    path = Path(path)
    content = path.read_bytes()
    header, separator, data = content.partition(b"\n\n")
    if not content.startswith(MAGIC) or not separator:
        raise Refusal(_("{file} is no NRRD file; segment the CT again.").format(file=path.name))
    try:
        fields = _fieldsOf(header)
        shape, dtype, ijkToRas = _shapeOf(fields), _typeOf(fields), _ijkToRasOf(fields)
        values = _unpacked(fields["encoding"], data, math.prod(shape) * dtype.itemsize)
    except (KeyError, ValueError, zlib.error) as error:
        sentence = _("{file} cannot be read as a NRRD file ({reason}); segment the CT again.")
        raise Refusal(sentence.format(file=path.name, reason=error)) from None
    return values.view(dtype).reshape(shape), ijkToRas


def _headerOf(array_zyx: np.ndarray, ijkToRas: np.ndarray) -> str:
    ijkToLps = np.diag((-1.0, -1.0, 1.0, 1.0)) @ ijkToRas
    lines = (
        "NRRD0004",
        f"type: {TYPES[array_zyx.dtype.name][-1]}",
        "dimension: 3",
        "space: left-posterior-superior",
        f"sizes: {' '.join(map(str, array_zyx.shape[::-1]))}",
        f"space directions: {' '.join(_vector(column) for column in ijkToLps[:3, :3].T)}",
        "kinds: domain domain domain",
        f"endian: {'big' if array_zyx.dtype.str.startswith('>') else 'little'}",
        "encoding: raw",
        f"space origin: {_vector(ijkToLps[:3, 3])}",
    )
    return "\n".join(lines) + "\n\n"


def _vector(numbers) -> str:
    return f"({','.join(repr(float(number) + 0.0) for number in numbers)})"  # + 0.0: no -0.0


def _fieldsOf(header: bytes) -> dict[str, str]:
    """Fields of the header; of `key:=value` pairs and comments nothing is needed."""
    fields = {}
    for line in header.decode("ascii", "replace").splitlines()[1:]:
        key, colon, value = line.partition(": ")
        if colon and not line.startswith("#"):
            fields[key.strip().lower().replace("centers", "centerings")] = value.strip()
    if "data file" in fields or "datafile" in fields:
        raise ValueError("its voxels are in another file")
    return fields


def _shapeOf(fields: dict[str, str]) -> tuple[int, ...]:
    sizes = tuple(int(size) for size in fields["sizes"].split())
    if len(sizes) != 3 or min(sizes) < 1:
        raise ValueError(f"sizes: {fields['sizes']}")
    return sizes[::-1]


def _typeOf(fields: dict[str, str]) -> np.dtype:
    found = fields["type"].lower()
    name = next((name for name, others in TYPES.items() if found == name or found in others), None)
    if name is None:
        raise ValueError(f"type: {found}")
    return np.dtype(name).newbyteorder(">" if fields.get("endian") == "big" else "<")


def _ijkToRasOf(fields: dict[str, str]) -> np.ndarray:
    toLps = TO_LPS.get(fields["space"].lower())
    if toLps is None:
        raise ValueError(f"space: {fields['space']}")
    columns = [_numbersOf(vector) for vector in re.findall(r"\(([^)]*)\)", fields["space directions"])]
    ijkToRas = np.eye(4)
    ijkToRas[:3, :3] = np.array(columns).T
    ijkToRas[:3, 3] = _numbersOf(fields["space origin"].strip("()"))
    return np.diag((-1.0, -1.0, 1.0, 1.0)) @ np.diag((*toLps, 1.0)) @ ijkToRas


def _numbersOf(vector: str) -> list[float]:
    return [float(number) for number in vector.split(",")]


def _unpacked(encoding: str, data: bytes, size: int) -> np.ndarray:
    """Bytes of the voxels. They come in pieces: each lets the window's thread run, one large copy would not."""
    if encoding == "raw":
        values = np.frombuffer(data, np.uint8)
        filled = len(values)
    elif encoding in ("gzip", "gz"):
        values, filled = np.empty(size, np.uint8), 0
        for piece in _inflated(data):
            room = values[filled : filled + len(piece)]
            room[:] = np.frombuffer(piece, np.uint8)[: len(room)]
            filled += len(piece)
    else:
        raise ValueError(f"encoding: {encoding}")
    if filled < size:
        raise ValueError("it ends early")
    return values[:size]


def _inflated(data: bytes):
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    for start in range(0, len(data), PACKED_AT_ONCE):
        packed = data[start : start + PACKED_AT_ONCE]
        while packed:
            yield unpacker.decompress(packed, BYTES_AT_ONCE)
            packed = unpacker.unconsumed_tail
