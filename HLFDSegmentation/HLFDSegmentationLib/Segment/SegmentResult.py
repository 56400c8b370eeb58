"""From the files of a segmentation that is done to a node of the scene: the slow part for a thread, and the rest."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..Grids import matrixFromArray, reorderedToGrid
from ..LabelArrays import checkLabelArray, numberedInOrder, wholeNumbers
from ..Labels import SegmentLabel, labelsFromManifest
from ..Lesions import keepReport
from ..NrrdFiles import readNrrd
from ..SegmentationNodes import segmentationFromImage
from ..Words import Refusal
from ..Words import tr as _
from .SegmentFiles import MODEL, REPORT, RESULT
from .Surfaces import addSurfaces, surfacesOf

ALGORITHM = "HLFD"
"""How the algorithm's name begins: by it, a result that comes back as DICOM is known for what it is."""
LONGEST_IN_DICOM = 64


@dataclass(frozen=True)
class SegmentResult:
    """What a segmentation found, ready for the scene."""

    title: str
    """Of the model."""
    labels: tuple[SegmentLabel, ...]
    image: object
    """vtkOrientedImageData of the part that holds segments: 1 for the first label, 2 for the second..."""
    surfaces: list | None
    """vtkPolyData of each label in order, if they were wanted."""
    report: dict
    """docs/segment.md explains it."""


def readResult(folder: Path, ijkToRas: np.ndarray, dimensions, withSurfaces: bool) -> SegmentResult:
    """Read the folder of a segmentation that is done. For a thread: it takes seconds for a large CT.

    Args:
        folder: of the segmentation.
        ijkToRas: 4 x 4 matrix of the CT's grid.
        dimensions: voxels of the CT along i, j, k.
        withSurfaces: whether to make surfaces, too.

    Raises:
        Refusal: the result is on another grid than the CT, or cannot be read.
    """
    try:
        about = json.loads((folder / MODEL).read_text(encoding="utf-8"))
        report = json.loads((folder / REPORT).read_text(encoding="utf-8"))
        labels = labelsFromManifest(about)
        labels_zyx = _labelsOnGrid(folder / RESULT, ijkToRas, dimensions)
        image = labelImage(labels_zyx, ijkToRas, [label.value for label in labels])
    except (OSError, ValueError) as error:
        sentence = _("The result cannot be used: {reason}. Segment the CT again.")
        raise Refusal(sentence.format(reason=str(error).rstrip("."))) from None
    surfaces = surfacesOf(image, len(labels)) if withSurfaces else None
    return SegmentResult(str(about["title"]), labels, image, surfaces, report)


def addToScene(volumeNode, result: SegmentResult):
    """A segmentation node of a result beside its CT."""
    scene = volumeNode.GetScene()
    name = scene.GetUniqueNameByString(_("{volume} segmentation").format(volume=volumeNode.GetName()))
    algorithm = f"{ALGORITHM}: {result.title}"[:LONGEST_IN_DICOM]
    node = segmentationFromImage(volumeNode, result.image, result.labels, name, algorithm)
    keepReport(node, result.report)
    if result.surfaces is not None:
        addSurfaces(node, result.surfaces)
    return node


def labelImage(labels_zyx: np.ndarray, ijkToRas: np.ndarray, values: list[int]):
    """vtkOrientedImageData of the box of a label array that holds labels, numbered 1, 2... in the order of `values`.

    What is drawn, saved and made surfaces of is then as small as can be. An array without labels becomes one voxel.

    Raises:
        ValueError: a label that is none of `values`.
    """
    box = _boxOf(labels_zyx)
    part = labels_zyx[box]
    checkLabelArray(part, part.shape[::-1], values)
    image = slicer.vtkOrientedImageData()
    image.SetExtent([end for side in box[::-1] for end in (side.start, side.stop - 1)])
    image.AllocateScalars(vtk.VTK_UNSIGNED_CHAR, 1)
    vtk_to_numpy(image.GetPointData().GetScalars()).reshape(part.shape)[:] = numberedInOrder(part, values)
    image.SetGeometryFromImageToWorldMatrix(matrixFromArray(ijkToRas))
    return image


def _labelsOnGrid(path: Path, ijkToRas: np.ndarray, dimensions) -> np.ndarray:
    array_zyx, fileIjkToRas = readNrrd(path)
    return reorderedToGrid(wholeNumbers(array_zyx), fileIjkToRas, ijkToRas, dimensions)


def _boxOf(labels_zyx: np.ndarray) -> tuple[slice, slice, slice]:
    flat = labels_zyx.any(axis=0)  # of the three this is the quick one
    sides = (labels_zyx.any(axis=(1, 2)), flat.any(axis=1), flat.any(axis=0))
    if not flat.any():
        return (slice(0, 1),) * 3
    return tuple(slice(int(side.argmax()), len(side) - int(side[::-1].argmax())) for side in sides)
