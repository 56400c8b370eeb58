"""Finds out which segmentation or label map of a scene belongs to which CT, and says why."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import slicer
import vtk

from ..Grids import dimensionsOf, ijkToRasOf
from ..Lesions import reportOf
from ..SegmentationNodes import segmentsOf
from ..Words import tr as _
from .CaseLabelChecks import referenceVolumeOf
from .CaseStructures import isSegmentation

OWN_ALGORITHM = "HLFD"
NO_NAMES = {
    "ct",
    "volume",
    "image",
    "imaging",
    "img",
    "seg",
    "segmentation",
    "label",
    "labels",
    "labelmap",
    "mask",
    "nii",
}
"""Words of names that tell no case from another."""


@dataclass(frozen=True)
class Pair:
    """A CT and labels that belong together."""

    ct: object
    labels: object
    found: str
    """Why, in words."""


@dataclass(frozen=True)
class Found:
    """What was found in a scene."""

    pairs: list[Pair]
    alone: list
    """Labels whose CT could not be told."""
    byModels: list
    """Segmentations that a model made: training on them would teach its errors."""


def findPairs(scene) -> Found:
    """Pair the labels of a scene with its CTs: by the volume they were drawn on, subject hierarchy, grid, then name."""
    cts = [one for one in _nodes(scene, "vtkMRMLScalarVolumeNode") if one.GetClassName() == "vtkMRMLScalarVolumeNode"]
    cts = [one for one in cts if one.GetImageData() is not None and one.GetImageData().GetNumberOfPoints()]
    everything = [*_nodes(scene, "vtkMRMLSegmentationNode"), *_nodes(scene, "vtkMRMLLabelMapVolumeNode")]
    byModels = [one for one in everything if _isByModel(one)]
    found = Found([], [], byModels)
    for labels in everything:
        if labels in byModels:
            continue
        ct, why = _ctOf(labels, cts)
        if ct is None:
            found.alone.append(labels)
        else:
            found.pairs.append(Pair(ct, labels, why))
    return found


def _nodes(scene, kind: str) -> list:
    nodes = [scene.GetNthNodeByClass(index, kind) for index in range(scene.GetNumberOfNodesByClass(kind))]
    return [node for node in nodes if not node.GetHideFromEditors()]


def _ctOf(labels, cts: Sequence):
    """The CT of labels and why; None where none is sure."""
    reference = referenceVolumeOf(labels)
    if reference in cts:
        return reference, _("drawn on it")
    ways = (
        (_besideInHierarchy, _("beside it in the data tree")),
        (_onSameGrid, _("on the same grid")),
        (_withSameName, _("by its name")),
    )
    left = list(cts)
    for way, why in ways:
        fitting = way(labels, left)
        if len(fitting) == 1:
            return fitting[0], why
        left = fitting or left
    return None, ""


def _besideInHierarchy(labels, cts: Sequence) -> list:
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(labels.GetScene())
    if hierarchy is None:
        return []
    parents = {one: _parentItem(hierarchy, one) for one in (labels, *cts)}
    if not parents[labels]:
        return []
    return [ct for ct in cts if parents[ct] == parents[labels]]


def _parentItem(hierarchy, node) -> int:
    """The study or folder that a node is in; 0 for the scene itself, which says nothing."""
    item = hierarchy.GetItemByDataNode(node)
    parent = hierarchy.GetItemParent(item) if item else 0
    return 0 if parent == hierarchy.GetSceneItemID() else parent


def _onSameGrid(labels, cts: Sequence) -> list:
    grid = _gridOf(labels)
    if grid is None:
        return []
    dimensions, matrix = grid
    same = [ct for ct in cts if tuple(dimensionsOf(ct)) == tuple(dimensions)]
    return [ct for ct in same if np.allclose(ijkToRasOf(ct), matrix, atol=1e-3)]


def _gridOf(labels):
    """Dimensions and matrix of a label map, or of the geometry that a segmentation says it has."""
    if not isSegmentation(labels):
        return (dimensionsOf(labels), ijkToRasOf(labels)) if labels.GetImageData() is not None else None
    converter = slicer.vtkSegmentationConverter
    text = labels.GetSegmentation().GetConversionParameter(converter.GetReferenceImageGeometryParameterName())
    numbers = [float(one) for one in text.split(";") if one] if text else []
    if len(numbers) != 22:
        return None
    extent = numbers[16:]
    if any(extent[::2]):
        return None
    return tuple(int(last) + 1 for last in extent[1::2]), np.array(numbers[:16]).reshape(4, 4)


def _withSameName(labels, cts: Sequence) -> list:
    wanted = _wordsOf(labels.GetName())
    return [ct for ct in cts if wanted and _wordsOf(ct.GetName()) == wanted]


def _wordsOf(name: str) -> tuple[str, ...]:
    words = re.findall(r"[^\W_\d]+|\d+", name.lower())
    return tuple(word for word in words if word not in NO_NAMES)


def _isByModel(labels) -> bool:
    if not isSegmentation(labels):
        return False
    if reportOf(labels) is not None:
        return True
    tags = [_tagOf(segment, "DICOM.SegmentAlgorithmName") for _key, segment in segmentsOf(labels)]
    return bool(tags) and all(tag.startswith(OWN_ALGORITHM) for tag in tags)


def _tagOf(segment, name: str) -> str:
    value = vtk.reference("")
    return str(value) if segment.GetTag(name, value) else ""
