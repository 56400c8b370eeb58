"""Words for the tests of cases: CTs with an organ and a tumour that overlap, and looks at them to their end."""

import numpy as np
import slicer

from HLFDSegmentationLib.Cases.CaseChecks import CaseChecks
from HLFDSegmentationLib.Cases.CaseRows import CaseList, rowOf
from HLFDSegmentationLib.Grids import matrixFromArray
from HLFDSegmentationLib.SegmentationNodes import LABELMAP, orientedImageLike

SHAPE = (6, 14, 16)
SPACING = np.diag((0.8, 0.8, 3.0, 1.0))


def ctArray(seed: int = 0, shape=SHAPE) -> np.ndarray:
    return np.random.default_rng(seed).integers(-900, 900, shape).astype(np.int16)


def organMask(shape=SHAPE) -> np.ndarray:
    mask = np.zeros(shape, bool)
    mask[1:5, 3:9, 4:12] = True
    return mask


def tumourMask(shape=SHAPE) -> np.ndarray:
    """Half in the organ, half out of it."""
    mask = np.zeros(shape, bool)
    mask[2:4, 6:11, 6:9] = True
    return mask


def expected(shape=SHAPE) -> np.ndarray:
    """Labels in files: the tumour wins."""
    return np.where(tumourMask(shape), 2, organMask(shape)).astype(np.uint8)


def addSegmentation(ct, masks: dict, name: str = "labels", gridOf=None):
    """A segmentation whose segments (name -> mask) overlap, each with an image of its own."""
    node = ct.GetScene().AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetAndObserveTransformNodeID(ct.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(ct)
    node.GetSegmentation().SetSourceRepresentationName(LABELMAP)
    for segmentName, mask in masks.items():
        segment = slicer.vtkSegment()
        segment.SetName(segmentName)
        segment.SetLabelValue(1)
        segment.AddRepresentation(LABELMAP, orientedImageLike(gridOf or ct, mask.astype(np.uint8)))
        node.GetSegmentation().AddSegment(segment)
    return node


def addLabelMap(ct, labels_zyx: np.ndarray, name: str = "label map", matrix=None):
    """A label map; on the grid of the CT unless a 4 x 4 matrix is given."""
    node = ct.GetScene().AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
    image = orientedImageLike(ct, labels_zyx)
    image.SetOrigin(0, 0, 0)
    image.SetSpacing(1, 1, 1)
    image.SetDirections([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
    node.SetAndObserveImageData(image)
    node.CopyOrientation(ct)
    if matrix is not None:
        node.SetIJKToRASMatrix(matrixFromArray(matrix))
    node.CreateDefaultDisplayNodes()
    return node


def caseList(*pairs, **more) -> CaseList:
    """Of pairs of a CT and labels."""
    return CaseList(rows=[rowOf(ct, labels) for ct, labels in pairs], **more)


def looked(cases: CaseList, scene, checks: CaseChecks | None = None) -> CaseChecks:
    """Checks that have looked at every case."""
    checks = checks or CaseChecks()
    checks.update(cases, scene)
    while not checks.areDone:
        checks.step()
    return checks


def said(cases: CaseList, scene, number: int = 0) -> list[tuple[str, str, str]]:
    """Kind, sentence and fix of what is found about a case."""
    return [(one.kind, one.text, one.fix) for one in looked(cases, scene).of(cases.rows[number]).findings]
