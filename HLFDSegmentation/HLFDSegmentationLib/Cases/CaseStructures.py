"""Segments of a segmentation, or values of a label map, as what may be given a meaning."""

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from ..SegmentationNodes import segmentsOf
from ..Words import tr as _
from .SegmentMeanings import Structure

SHARED_TABLES = ("vtkMRMLColorTableNodeLabels", "GenericAnatomyColors", "GenericColors")
"""Ids of colour tables whose names say nothing of a label map: they are given to any."""


def isSegmentation(node) -> bool:
    return node is not None and node.IsA("vtkMRMLSegmentationNode")


def isLabelMap(node) -> bool:
    return node is not None and node.IsA("vtkMRMLLabelMapVolumeNode")


def structuresOf(node) -> list[Structure]:
    """Structures of a segmentation or label map, in order; of a label map the values up to its largest."""
    if isSegmentation(node):
        return [Structure(key, segment.GetName(), segment.GetTerminology()) for key, segment in segmentsOf(node)]
    if not isLabelMap(node) or node.GetImageData() is None or not node.GetImageData().GetNumberOfPoints():
        return []
    colours = _ownColours(node)
    return [_structureOfValue(value, colours) for value in _valuesUpTo(node, colours)]


def labelArrayOf(node) -> np.ndarray:
    """Voxels (k, j, i) of a label map, a view."""
    image = node.GetImageData()
    return vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])


def _structureOfValue(value: int, colours) -> Structure:
    if colours is not None:
        return Structure(str(value), colours.GetColorName(value))
    return Structure(str(value), _("value {value}").format(value=value), value=value)


def _valuesUpTo(node, colours) -> list[int]:
    """Values that may occur, by the range of the voxels; they are many only where a map has many labels."""
    low, high = node.GetImageData().GetScalarRange()
    values = range(max(1, int(low)), min(int(high), 255) + 1)
    return [one for one in values if colours is None or _isNamed(colours, one)]


def _isNamed(colours, value: int) -> bool:
    return 0 <= value < colours.GetNumberOfColors() and bool(colours.GetColorName(value))


def _ownColours(node):
    """The colour table that was made for a label map, as an export of segments makes one; None for a shared one."""
    display = node.GetDisplayNode()
    colours = display.GetColorNode() if display is not None else None
    if colours is None or any(name in (colours.GetID() or "") for name in SHARED_TABLES):
        return None
    return colours
