"""Where to look: the point to centre on, the part of a slice with the body, the camera's distance."""

import itertools

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from .Grids import arrayFromMatrix, dimensionsOf
from .Labels import isAbnormalTerminology
from .SegmentationNodes import LABELMAP, segmentsOf

BODY_HU = -300.0
"""Air and lung are below, the body's outline is above."""
SAMPLES_PER_AXIS = 96


def worldFromIjk(volumeNode) -> np.ndarray:
    """4 x 4 matrix from voxel index to RAS in mm, with the parent transform, which must be linear."""
    matrix, toWorld = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    parent = volumeNode.GetParentTransformNode()
    if parent is not None and not parent.GetMatrixTransformToWorld(toWorld):
        raise ValueError(f"{volumeNode.GetName()} is under a transform that is not linear; harden it first")
    vtk.vtkMatrix4x4.Multiply4x4(toWorld, matrix, matrix)
    return arrayFromMatrix(matrix)


def bodyPoints(volumeNode) -> np.ndarray:
    """RAS (n, 3) of a coarse sample of the voxels in the body; of the volume's corners if there is none."""
    dimensions = dimensionsOf(volumeNode)
    array = vtk_to_numpy(volumeNode.GetImageData().GetPointData().GetScalars()).reshape(dimensions[::-1])
    steps = [max(1, n // SAMPLES_PER_AXIS) for n in array.shape]
    inside = np.argwhere(array[:: steps[0], :: steps[1], :: steps[2]] > BODY_HU) * steps
    if len(inside) < 100:
        inside = np.array(list(itertools.product(*[(0, n - 1) for n in array.shape])))
    return _transformed(worldFromIjk(volumeNode), inside[:, ::-1])


def bodyBox(points: np.ndarray, sliceToRas: np.ndarray, centreRas, slab_mm: float = 10.0):
    """Centre (RAS) and width and height (mm) of the body in a slice plane through centreRas."""
    axes = sliceToRas[:3, :3] / np.linalg.norm(sliceToRas[:3, :3], axis=0)
    inSlice = (points - np.asarray(centreRas)) @ axes
    near = inSlice[np.abs(inSlice[:, 2]) < slab_mm]
    inPlane = (near if len(near) >= 20 else inSlice)[:, :2]
    low, high = np.percentile(inPlane, [0.2, 99.8], axis=0)
    middle = np.asarray(centreRas) + axes[:, :2] @ ((low + high) / 2)
    return middle, high - low


def centreOfInterest(segmentationNode, volumeNode) -> np.ndarray:
    """RAS of a voxel in the middle of the largest tumour, else of the largest segment, else of the volume."""
    segments = segmentsOf(segmentationNode)
    for chosen in ([pair for pair in segments if isAbnormalTerminology(pair[1].GetTerminology())], segments):
        centres = [_largestPiece(segmentationNode, segmentId) for segmentId, _ in chosen]
        centres = [one for one in centres if one is not None]
        if centres:
            return max(centres, key=lambda pair: pair[0])[1]
    middle = (np.array(dimensionsOf(volumeNode)) - 1) / 2
    return _transformed(worldFromIjk(volumeNode), middle[None])[0]


def cameraDistance(offsets: np.ndarray, toCamera: np.ndarray, size, viewAngle_deg: float) -> float:
    """How far from its focus a camera, superior up, sees all points, which are at these offsets from it."""
    right = np.cross((0, 0, 1), toCamera)
    right /= np.linalg.norm(right)
    tangent = np.tan(np.radians(viewAngle_deg) / 2)
    sideways = np.abs(offsets @ right) / (tangent * size[0] / size[1])
    upwards = np.abs(offsets @ np.cross(toCamera, right)) / tangent
    return float(np.max(np.maximum(sideways, upwards) + offsets @ toCamera))


def _largestPiece(segmentationNode, segmentId: str):
    """Volume (mm3) and central voxel (RAS) of a segment's largest connected piece; None if it is empty."""
    if not segmentationNode.GetSegmentation().ContainsRepresentation(LABELMAP):
        return None
    image = slicer.vtkOrientedImageData()
    segmentationNode.GetBinaryLabelmapRepresentation(segmentId, image)
    if image.IsEmpty() or not vtk_to_numpy(image.GetPointData().GetScalars()).any():
        return None
    toWorld = _imageToWorld(segmentationNode, image)
    ijk = _largestComponent(image)
    middle = ijk[np.linalg.norm(ijk - ijk.mean(0), axis=1).argmin()]
    return len(ijk) * abs(np.linalg.det(toWorld[:3, :3])), _transformed(toWorld, middle[None])[0]


def _largestComponent(image) -> np.ndarray:
    """Voxel indices (n, 3) of the largest connected component."""
    plain = vtk.vtkImageData()
    plain.SetExtent(image.GetExtent())
    plain.GetPointData().SetScalars(image.GetPointData().GetScalars())
    connectivity = vtk.vtkImageConnectivityFilter()
    connectivity.SetInputData(plain)
    connectivity.SetScalarRange(1, plain.GetScalarRange()[1])
    connectivity.SetExtractionModeToLargestRegion()
    connectivity.Update()
    output = connectivity.GetOutput()
    array = vtk_to_numpy(output.GetPointData().GetScalars()).reshape(output.GetDimensions()[::-1])
    return np.argwhere(array)[:, ::-1] + np.array(output.GetExtent()[::2])


def _imageToWorld(segmentationNode, image) -> np.ndarray:
    matrix, toWorld = vtk.vtkMatrix4x4(), vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    if segmentationNode.GetParentTransformNode() is not None:
        segmentationNode.GetParentTransformNode().GetMatrixTransformToWorld(toWorld)
    return arrayFromMatrix(toWorld) @ arrayFromMatrix(matrix)


def _transformed(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:3, :3].T + matrix[:3, 3]
