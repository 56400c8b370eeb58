"""Label maps that somebody else predicted, read so that a value cannot be taken for another label."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import slicerio

from hlfd.catalogue import Label
from hlfd.data.frames import Array, difference
from hlfd.data.volumes import Volume, read_labels
from hlfd.errors import InputError
from hlfd.inference.output import SEGMENTATION_ENDING


def read_prediction(file: Path, ct: Volume, labels: Sequence[Label]) -> Array:
    """Read a label map on the grid of `ct`, in any axis order: label values, uint8, z y x in canonical order.

    A `.seg.nrrd` tells its values by segment name; other formats have those of `labels`.

    Raises:
        InputError: not readable, on another grid, or with a value or segment that is none of `labels`.
    """
    volume = read_labels(file)
    if differs := difference(ct.frame, volume.frame):
        raise InputError(f"{file}: differs from its CT in {differs}; export it on the grid of the CT")
    by_name = file.name.endswith(SEGMENTATION_ENDING)
    told = _values_told(file) if by_name else {label.value: label.name for label in labels}
    value_of = {label.name: label.value for label in labels}
    table = np.zeros(256, np.uint8)
    for value in np.unique(volume.array[volume.array > 0]).tolist():
        if told.get(value) not in value_of:
            known = ", ".join(f"{name}={value}" for name, value in value_of.items())
            raise InputError(f"{file}: found {_called(value, told)}, known are {known}; export it with these")
        table[value] = value_of[told[value]]
    return table[volume.array]


def _values_told(file: Path) -> dict[int, str]:
    segments = slicerio.read_segmentation(str(file), skip_voxels=True)["segments"]
    return {int(segment["labelValue"]): segment["name"] for segment in segments}


def _called(value: int, told: dict[int, str]) -> str:
    return f"segment {told[value]!r}" if value in told else f"the value {value}"
