"""Label map to segmentation node, and back, voxel for voxel."""

from collections.abc import Mapping, Sequence

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import numpy_to_vtk, vtk_to_numpy

from .Grids import dimensionsOf
from .LabelArrays import checkLabelArray, numberedInOrder
from .Labels import SegmentLabel, checkedLabels

LABELMAP = "Binary labelmap"
LARGEST_VALUE = 65535


def segmentationFromLabelArray(
    volumeNode,
    labels_zyx: np.ndarray,
    segmentLabels: Sequence[SegmentLabel],
    name: str,
    algorithmName: str = "HLFD",
):
    """A new segmentation node with the geometry, parent transform and subject hierarchy folder of the volume.

    labels_zyx has the axis order (k, j, i) of slicer.util.array(volumeNode). There is one segment for each
    label, in the order given, also for a label without voxels. ValueError says what is wrong with the input;
    the scene is then as it was.
    """
    segmentLabels = checkedLabels(segmentLabels)
    values = [label.value for label in segmentLabels]
    checkLabelArray(labels_zyx, dimensionsOf(volumeNode), values)
    image = orientedImageLike(volumeNode, numberedInOrder(labels_zyx, values))
    return segmentationFromImage(volumeNode, image, segmentLabels, name, algorithmName)


def segmentationFromImage(
    volumeNode, image, segmentLabels: Sequence[SegmentLabel], name: str, algorithmName: str = "HLFD"
):
    """The same from an image that is made already: vtkOrientedImageData on the grid of the volume or on a part of it,
    with 1 for the first of the labels, 2 for the second and so on. The node keeps it.
    """
    node = _newSegmentationNode(volumeNode, name)
    for number, label in enumerate(segmentLabels, start=1):
        node.GetSegmentation().AddSegment(_newSegment(label, image, number, algorithmName))
    placeBeside(node, volumeNode)
    return node


def labelArrayFromSegmentation(segmentationNode, volumeNode, nameToValue: Mapping[str, int]) -> np.ndarray:
    """Label array (k, j, i) on the grid of the volume, with the named segments at the given values.

    Segments are found by name. Where segments overlap, the one later in nameToValue wins; two names may share
    a value. Segments drawn on the volume's grid come back voxel-exact. Others, and those of a node which has
    another parent transform than the volume, are resampled to where the views show them, nearest voxel;
    what lies outside of the volume is cut off, and a segment wholly outside is refused.
    """
    _checkValues(nameToValue)
    idsAndValues = [(segmentIdByName(segmentationNode, name), value) for name, value in nameToValue.items()]
    labels_zyx = np.zeros(dimensionsOf(volumeNode)[::-1], np.min_scalar_type(max(nameToValue.values())))
    reference = orientedImageLike(volumeNode, np.zeros(labels_zyx.shape, np.uint8))
    transform = _transformFromTo(segmentationNode, volumeNode)
    for segmentId, value in idsAndValues:
        labels_zyx[segmentMask(segmentationNode, segmentId, reference, transform)] = value
    return labels_zyx


def segmentsOf(segmentationNode) -> list[tuple]:
    """Id and vtkSegment of each segment, in order."""
    segmentation = segmentationNode.GetSegmentation()
    ids = [segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments())]
    return [(segmentId, segmentation.GetSegment(segmentId)) for segmentId in ids]


def segmentIdByName(segmentationNode, name: str) -> str:
    """Id of the only segment with the name; ValueError lists the names there are."""
    pairs = segmentsOf(segmentationNode)
    names = [segment.GetName() for _, segment in pairs]
    if names.count(name) == 1:
        return pairs[names.index(name)][0]
    problem = "more than one segment" if name in names else "no segment"
    there = ", ".join(map(repr, names)) or "none"
    raise ValueError(f"{segmentationNode.GetName()} has {problem} named {name!r}; its segments are: {there}")


def segmentMask(segmentationNode, segmentId: str, reference, transform=None) -> np.ndarray:
    """Where the segment is on the reference grid: bool (k, j, i)."""
    name = segmentationNode.GetSegmentation().GetSegment(segmentId).GetName()
    if not segmentationNode.GetSegmentation().ContainsRepresentation(LABELMAP):
        raise ValueError(f"{segmentationNode.GetName()} has no binary labelmap; create that first")
    segment, resampled = slicer.vtkOrientedImageData(), slicer.vtkOrientedImageData()
    segmentationNode.GetBinaryLabelmapRepresentation(segmentId, segment)
    shape = reference.GetDimensions()[::-1]
    if segment.IsEmpty() or not vtk_to_numpy(segment.GetPointData().GetScalars()).any():
        return np.zeros(shape, bool)
    resample = slicer.vtkOrientedImageDataResample.ResampleOrientedImageToReferenceOrientedImage
    if not resample(segment, reference, resampled, False, False, transform):
        raise ValueError(f"segment {name!r} could not be resampled to the grid of the volume")
    mask = vtk_to_numpy(resampled.GetPointData().GetScalars()).reshape(shape) != 0
    if not mask.any():
        raise ValueError(f"segment {name!r} lies wholly outside of the volume; check their parent transforms")
    return mask


def orientedImageLike(volumeNode, array_zyx: np.ndarray):
    """vtkOrientedImageData with a copy of the array on the grid of the volume."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    image = slicer.vtkOrientedImageData()
    image.SetDimensions(array_zyx.shape[::-1])
    image.GetPointData().SetScalars(numpy_to_vtk(np.ascontiguousarray(array_zyx).ravel(), deep=True))
    image.SetImageToWorldMatrix(matrix)
    return image


def placeBeside(segmentationNode, volumeNode) -> None:
    """Put the segmentation into the subject hierarchy folder of the volume."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(volumeNode.GetScene())
    if hierarchy is None:
        return
    volumeItem = _itemOf(hierarchy, volumeNode, hierarchy.GetSceneItemID(), "Volumes")
    folder = hierarchy.GetItemParent(volumeItem)
    hierarchy.SetItemParent(_itemOf(hierarchy, segmentationNode, folder, "Segmentations"), folder)


def _itemOf(hierarchy, node, folder: int, ownerPlugin: str) -> int:
    """The item of a node. Slicer makes it as the node is added; outside of Slicer it is made here."""
    item = hierarchy.GetItemByDataNode(node)
    if not item:
        item = hierarchy.CreateItem(folder, node)
        hierarchy.SetItemOwnerPluginName(item, ownerPlugin)
    return item


def _newSegmentationNode(volumeNode, name: str):
    node = volumeNode.GetScene().AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    # The transform first: the reference geometry is in the frame of the node, and saving resamples to it.
    node.SetAndObserveTransformNodeID(volumeNode.GetTransformNodeID())
    node.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    node.GetSegmentation().SetSourceRepresentationName(LABELMAP)
    return node


def _newSegment(label: SegmentLabel, sharedImage, number: int, algorithmName: str):
    """A segment which is the voxels of that number in the shared image."""
    segment = slicer.vtkSegment()
    segment.SetName(label.name)
    segment.SetColor(label.color)
    segment.SetTerminology(label.terminology)
    segment.SetTag("DICOM.SegmentAlgorithmType", "AUTOMATIC")
    segment.SetTag("DICOM.SegmentAlgorithmName", algorithmName)
    segment.SetLabelValue(number)
    segment.AddRepresentation(LABELMAP, sharedImage)
    return segment


def _checkValues(nameToValue: Mapping[str, int]) -> None:
    if not nameToValue:
        raise ValueError("no segment names were given; name at least one segment to export")
    for name, value in nameToValue.items():
        if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= LARGEST_VALUE:
            raise ValueError(f"segment {name!r} was given the value {value!r}; use 1 to {LARGEST_VALUE}")


def _transformFromTo(sourceNode, targetNode):
    """Transform from the parent transform of one node to that of another, None if they share it."""
    source, target = sourceNode.GetParentTransformNode(), targetNode.GetParentTransformNode()
    if source is target:
        return None
    transform = vtk.vtkGeneralTransform()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(source, target, transform)
    return transform
