"""The files of a case: copied out of the scene in slices of time, then written by a thread."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..Grids import ijkToRasOf
from ..NrrdFiles import writeNrrd
from ..VolumeCopy import VolumeCopy
from ..Words import Refusal
from ..Words import tr as _
from .CaseCtChecks import frameOfExport
from .CaseLabels import labelsOnGrid
from .CasePieces import VOXELS_AT_ONCE, Piece, framesOf, pieceOf
from .CaseSplits import PARTS
from .SegmentMeanings import ORGAN, TUMOR

LABEL_OF = {ORGAN: 1, TUMOR: 2}
"""Values in files; the later wins where the two overlap, so that a tumour is never hidden by its organ."""
HU_RANGE = (-32768, 32767)


@dataclass(frozen=True)
class PlannedCase:
    """A case that is to be written."""

    name: str
    """Of its folder."""
    patient: str
    """Pseudonym."""
    part: str
    """training, validation or test."""
    ctId: str
    labelsId: str
    keys: dict[str, list[str]]
    """organ and tumor -> keys of the structures that are that."""


@dataclass(frozen=True)
class CaseCopy:
    """All of a case that its files need, apart from the scene."""

    name: str
    array_zyx: np.ndarray
    ijkToRas: np.ndarray
    """4 x 4, that the files have."""
    ijkToFrame: np.ndarray
    """4 x 4, in the frame of the pieces."""
    pieces: list[tuple[Piece, int]]


def copyCase(scene, case: PlannedCase) -> Iterator[None]:
    """Copy a case out of the scene, in slices of time: a generator that returns a CaseCopy.

    Raises:
        Refusal: a node is gone, or has changed so that it cannot be written.
    """
    ct, labels = _node(scene, case.ctId, case), _node(scene, case.labelsId, case)
    ctFrame, labelsFrame = framesOf(ct, labels)
    ijkToFrame, ijkToRas = ctFrame @ ijkToRasOf(ct), frameOfExport(ct)
    pieces = []
    for what, label in LABEL_OF.items():
        found = (pieceOf(labels, key, labelsFrame) for key in case.keys[what])
        pieces += [(piece, label) for piece in found if piece is not None]
    copies: dict[int, np.ndarray] = {}
    for piece, _label in pieces:
        if (address := piece.array_zyx.ctypes.data) not in copies:
            copies[address] = yield from _copied(piece.array_zyx)
    own = [(Piece(copies[one.array_zyx.ctypes.data], one.value, one.ijkToFrame), label) for one, label in pieces]
    copying = VolumeCopy(ct)
    while not copying.step():
        yield
    return CaseCopy(case.name, copying.array_zyx, ijkToRas, ijkToFrame, own)


def writeCase(folder: Path, copy: CaseCopy) -> None:
    """Write the CT and the labels of a case into a folder of its own.

    Raises:
        Refusal: the CT has voxels that are no numbers.
        OSError: it could not be written.
    """
    place = folder / copy.name
    place.mkdir()
    writeNrrd(place / "imaging.nrrd", _asHu(copy), copy.ijkToRas)
    labels_zyx = labelsOnGrid(copy.pieces, copy.array_zyx.shape, copy.ijkToFrame)
    writeNrrd(place / "segmentation.nrrd", labels_zyx, copy.ijkToRas)


def writeTables(folder: Path, cases: Sequence[PlannedCase]) -> None:
    """Write whose each case is (`patients.csv`) and what it serves (`splits.json`)."""
    with (folder / "patients.csv").open("w", newline="", encoding="utf-8") as stream:
        rows = csv.writer(stream)
        rows.writerow(("case", "patient"))
        rows.writerows((case.name, case.patient) for case in cases)
    parts = {part: [case.name for case in cases if case.part == part] for part in PARTS}
    (folder / "splits.json").write_text(json.dumps(parts, indent=2) + "\n", encoding="utf-8")


def _node(scene, nodeId: str, case: PlannedCase):
    node = scene.GetNodeByID(nodeId)
    if node is None:
        sentence = _("{case}: its CT or labels are not in the scene any more; start again without the case.")
        raise Refusal(sentence.format(case=case.name))
    return node


def _copied(array_zyx: np.ndarray) -> Iterator[None]:
    copy = np.empty_like(array_zyx)
    thickness = max(1, VOXELS_AT_ONCE // max(1, array_zyx[0].size))
    for start in range(0, len(array_zyx), thickness):
        copy[start : start + thickness] = array_zyx[start : start + thickness]
        yield
    return copy


def _asHu(copy: CaseCopy) -> np.ndarray:
    """Whole Hounsfield units, as the backend rounds them."""
    if copy.array_zyx.dtype == np.int16:
        return copy.array_zyx
    if not np.isfinite(copy.array_zyx).all():
        sentence = _("{case}: its CT has voxels that are no numbers; load it again.")
        raise Refusal(sentence.format(case=copy.name))
    return np.clip(np.rint(copy.array_zyx), *HU_RANGE).astype(np.int16)
