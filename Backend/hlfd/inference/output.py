"""Writing a segmentation in the grid of its CT, as a label map or as a segmentation that Slicer opens as such."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import slicerio
from slicerio.segmentation import terminology_entry_from_string

from hlfd.catalogue import Label
from hlfd.data.frames import Array, Frame
from hlfd.data.image_files import write_image
from hlfd.data.volumes import label_image
from hlfd.errors import InputError
from hlfd.files import whole_file

SEGMENTATION_ENDING = ".seg.nrrd"
LABEL_MAP_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".mha")
FAST_COMPRESSION = 3


def check_output_name(path: Path) -> None:
    """Refuse, before any work, a name that says no format.

    Raises:
        InputError: a folder, or an ending that hlfd doesn't write.
    """
    if path.is_dir():
        raise InputError(f"{path}: is a folder; name a file in it, such as {path / ('result' + SEGMENTATION_ENDING)}")
    if not path.name.endswith(LABEL_MAP_ENDINGS):
        endings = ", ".join((SEGMENTATION_ENDING, *LABEL_MAP_ENDINGS))
        raise InputError(f"{path}: the ending chooses the format; use one of {endings}")


def write_segmentation(path: Path, labels: Array, frame: Frame, named: Sequence[Label]) -> None:
    """Write label values, z y x in canonical order, into `path`, whole or not at all.

    `.seg.nrrd` holds names, colours and terminology; the other formats hold the values alone.

    Raises:
        InputError: an ending that hlfd doesn't write.
        OSError: the file could not be written whole.
    """
    check_output_name(path)
    with whole_file(path) as temporary:
        if path.name.endswith(SEGMENTATION_ENDING):
            _write_slicer(temporary, labels, frame, named)
        else:
            write_image(label_image(labels, frame), temporary)


def _write_slicer(path: Path, labels: Array, frame: Frame, named: Sequence[Label]) -> None:
    ijk_to_lps = np.eye(4)
    ijk_to_lps[:3, :3] = np.reshape(frame.direction, (3, 3)) * np.array(frame.spacing_mm)
    ijk_to_lps[:3, 3] = frame.origin_mm
    content = {
        "voxels": np.asfortranarray(frame.own_array(labels).transpose()),
        "ijkToLPS": ijk_to_lps,
        "containedRepresentationNames": ["Binary labelmap"],
        "segments": [_segment(label) for label in named],
    }
    slicerio.write_segmentation(str(path), content, compression_level=FAST_COMPRESSION)


def _segment(label: Label) -> dict[str, object]:
    return {
        "id": label.name,
        "name": label.name,
        "color": list(label.color_rgb),
        "labelValue": label.value,
        "layer": 0,
        "terminology": terminology_entry_from_string(label.terminology),
    }
