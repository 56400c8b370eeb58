"""Do labels fit their CT: are they on its grid, do they lie in it, and do they have an organ and a tumour?"""

from collections.abc import Iterator

import numpy as np

from ..Grids import dimensionsOf, ijkToRasOf
from ..NodeMarks import markOf
from ..SegmentationNodes import LABELMAP
from ..Words import Refusal
from ..Words import tr as _
from .CaseFindings import (
    CONVERT,
    HARDEN,
    NO_RESAMPLE,
    NOTE,
    RESAMPLE,
    SAME_TRANSFORM,
    STOP,
    USE_VOLUME,
    WARNING,
    CaseCheck,
    Finding,
)
from .CasePieces import Piece, boxOf, cornersOf, framesOf, isOnGrid, pieceOf
from .CaseStructures import isSegmentation
from .SegmentMeanings import IGNORED, ORGAN, TUMOR, UNKNOWN, inWords


def referenceVolumeOf(labels):
    """The volume that a segmentation was drawn on, None where nothing tells."""
    if not isSegmentation(labels):
        return None
    return labels.GetNodeReference(labels.GetReferenceImageGeometryReferenceRole())


def checkLabels(check: CaseCheck, ct, labels, task: str, resamples: bool) -> Iterator[None]:
    """Add what is found about labels to a check that has their structures; a generator, in slices of time."""
    if not check.structures:
        empty = _("{labels} has no segments; draw them, or choose other labels.").format(labels=labels.GetName())
        check.findings.append(Finding(STOP, empty))
        return
    if isSegmentation(labels) and not labels.GetSegmentation().ContainsRepresentation(LABELMAP):
        text = _("{labels} has surfaces and no labelmap; make one from them.").format(labels=labels.GetName())
        check.findings.append(Finding(STOP, text, CONVERT))
        return
    check.findings += _otherVolume(ct, labels)
    try:
        ctFrame, labelsFrame = framesOf(ct, labels)
    except Refusal as error:
        check.findings.append(Finding(STOP, str(error), HARDEN))
        return
    pieces = {one.key: pieceOf(labels, one.key, labelsFrame) for one, _meaning in _used(check)}
    for key, piece in pieces.items():
        check.boxes[key] = (yield from boxOf(piece)) if piece is not None else None
    ijkToFrame = ctFrame @ ijkToRasOf(ct)
    there = {key: piece for key, piece in pieces.items() if check.boxes[key] is not None}
    check.findings += _grid(ct, labels, list(there.values()), ijkToFrame, resamples)
    check.findings += _places(check, ct, there, ijkToFrame)
    check.findings += _whatIsThere(check, labels, task)


def _used(check: CaseCheck):
    return [(one, meaning) for one, meaning in check.structures if meaning.what != IGNORED]


def _otherVolume(ct, labels) -> list[Finding]:
    other = referenceVolumeOf(labels)
    if other is None or other is ct or _isSameGrid(ct, other):
        return []
    text = _("{labels} was drawn on {other}, which has another grid than {ct}.")
    text = text.format(labels=labels.GetName(), other=other.GetName(), ct=ct.GetName())
    return [Finding(WARNING, text, USE_VOLUME, markOf(other))]


def _isSameGrid(one, other) -> bool:
    if other.GetImageData() is None:
        return False
    return dimensionsOf(one) == dimensionsOf(other) and np.allclose(ijkToRasOf(one), ijkToRasOf(other), atol=1e-3)


def _grid(ct, labels, pieces: list[Piece], ijkToFrame: np.ndarray, resamples: bool) -> list[Finding]:
    if all(isOnGrid(piece, ijkToFrame) for piece in pieces):
        return []
    names = {"labels": labels.GetName(), "ct": ct.GetName()}
    own = np.linalg.inv(framesOf(ct, labels)[1])
    isByTransform = all(isOnGrid(_moved(piece, own), ijkToRasOf(ct)) for piece in pieces)
    if resamples:
        text = _("{labels} is brought to the grid of {ct} (nearest voxel).")
        return [Finding(NOTE, text.format(**names), NO_RESAMPLE)]
    if isByTransform and ct.GetTransformNodeID() != labels.GetTransformNodeID():
        text = _("{labels} fits {ct}, but the two are under different transforms.")
        return [Finding(STOP, text.format(**names), SAME_TRANSFORM)]
    return [Finding(STOP, _("{labels} is on another grid than {ct}; resample it.").format(**names), RESAMPLE)]


def _moved(piece: Piece, matrix: np.ndarray) -> Piece:
    return Piece(piece.array_zyx, piece.value, matrix @ piece.ijkToFrame)


def _places(check: CaseCheck, ct, pieces: dict[str, Piece], ijkToFrame: np.ndarray) -> list[Finding]:
    """Segments that lie outside of the CT, wholly or in part."""
    found, sizes = [], np.array(dimensionsOf(ct))
    for structure, _meaning in _used(check):
        piece, box = pieces.get(structure.key), check.boxes.get(structure.key)
        if piece is None:
            continue
        gridFromPiece = np.linalg.inv(ijkToFrame) @ piece.ijkToFrame
        corners = (gridFromPiece @ cornersOf(box.low, box.high))[:3]
        if np.any(corners.max(1) < -0.5) or np.any(corners.min(1) > sizes - 0.5):
            text = _("{segment} lies wholly outside of {ct}; choose the CT that it was drawn on.")
            found.append(Finding(STOP, text.format(segment=structure.name, ct=ct.GetName())))
        elif np.any(corners.min(1) < -1) or np.any(corners.max(1) > sizes):
            text = _("{segment} reaches out of {ct}; what is outside is cut off.")
            found.append(Finding(WARNING, text.format(segment=structure.name, ct=ct.GetName())))
    return found


def _whatIsThere(check: CaseCheck, labels, task: str) -> list[Finding]:
    found = []
    voxels = {what: _voxelsOf(check, what) for what in (ORGAN, TUMOR)}
    empty = [one.name for one, _meaning in _used(check) if check.boxes.get(one.key) is None]
    organ = inWords(ORGAN, task).lower()
    if not voxels[ORGAN]:
        text = _("{labels} has no {organ}: tell below which segment it is, or leave the case out.")
        found.append(Finding(STOP, text.format(labels=labels.GetName(), organ=organ)))
    if not voxels[TUMOR]:
        text = _("{labels} has no tumour: it teaches what healthy tissue looks like.")
        found.append(Finding(NOTE, text.format(labels=labels.GetName())))
    for name in empty if isSegmentation(labels) else []:
        found.append(Finding(WARNING, _("{segment} is empty.").format(segment=name)))
    unknown = [one.name for one, meaning in check.structures if meaning.how == UNKNOWN]
    if unknown:
        text = _("Not recognised and ignored: {segments}.").format(segments=", ".join(unknown[:6]))
        found.append(Finding(WARNING if not (voxels[ORGAN] and voxels[TUMOR]) else NOTE, text))
    return found


def _voxelsOf(check: CaseCheck, what: str) -> int:
    boxes = (check.boxes.get(one.key) for one, meaning in check.structures if meaning.what == what)
    return sum(box.voxels for box in boxes if box is not None)
