"""Voxel grids: their matrices, and reordering of one grid's axes into another's."""

import itertools

import numpy as np
import vtk

TOLERANCE_VOXELS = 0.05
"""Two grids are the same when no corner of one is further than this from a corner of the other."""


def ijkToRasOf(volumeNode) -> np.ndarray:
    """4 x 4 matrix from voxel index (i, j, k, 1) to RAS in mm, without the parent transform."""
    matrix = vtk.vtkMatrix4x4()
    volumeNode.GetIJKToRASMatrix(matrix)
    return arrayFromMatrix(matrix)


def arrayFromMatrix(matrix: vtk.vtkMatrix4x4) -> np.ndarray:
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def matrixFromArray(array: np.ndarray) -> vtk.vtkMatrix4x4:
    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy(np.asarray(array, float).ravel().tolist())
    return matrix


def dimensionsOf(volumeNode) -> tuple[int, int, int]:
    """Number of voxels along i, j, k; a node without voxels is refused."""
    if volumeNode is None or volumeNode.GetImageData() is None:
        raise ValueError("the volume node has no voxels; load a CT volume and choose it")
    return volumeNode.GetImageData().GetDimensions()


def reorderedToGrid(array_zyx: np.ndarray, arrayIjkToRas, targetIjkToRas, targetDimensions) -> np.ndarray:
    """The same voxels with the axes swapped and flipped so that they lie on the target grid.

    The matrices are 4 x 4. Nothing is interpolated; grids without the same voxel centres are refused.
    """
    sourceFromTarget = np.linalg.inv(arrayIjkToRas) @ targetIjkToRas
    permutation = np.rint(sourceFromTarget)
    if not _isSameGrid(sourceFromTarget, permutation, array_zyx.shape[::-1], targetDimensions):
        raise ValueError(
            f"{describeGrid(array_zyx.shape[::-1], arrayIjkToRas)} is not the grid of the volume, "
            f"{describeGrid(targetDimensions, targetIjkToRas)}; resample one onto the other first"
        )
    turn = permutation[:3, :3]
    source = np.abs(turn).argmax(axis=0)  # source axis along which each target axis runs
    array = np.transpose(array_zyx, [2 - source[2], 2 - source[1], 2 - source[0]])
    flipped = [2 - target for target in range(3) if turn[source[target], target] < 0]
    return np.ascontiguousarray(np.flip(array, flipped))


def describeGrid(dimensions, ijkToRas: np.ndarray) -> str:
    """For example "122 x 101 x 112 voxels of 3 x 3 x 3 mm at (-178, 11.3, 94.3)"."""
    spacing_mm = np.linalg.norm(ijkToRas[:3, :3], axis=0)
    size, spacing = (" x ".join(f"{one:.4g}" for one in triple) for triple in (dimensions, spacing_mm))
    return f"{size} voxels of {spacing} mm at ({', '.join(f'{one:.4g}' for one in ijkToRas[:3, 3])})"


def _isSameGrid(sourceFromTarget, permutation, sourceDimensions, targetDimensions) -> bool:
    turn = np.abs(permutation[:3, :3])
    if not (np.all(turn.sum(0) == 1) and np.all(turn.sum(1) == 1)):
        return False
    corners = np.array([(*ijk, 1) for ijk in itertools.product(*[(0, n - 1) for n in targetDimensions])]).T
    inSource = (permutation @ corners)[:3]
    fits = np.all(inSource.min(1) == 0) and np.all(inSource.max(1) == np.array(sourceDimensions) - 1)
    return bool(fits and np.abs((sourceFromTarget @ corners)[:3] - inSource).max() < TOLERANCE_VOXELS)
