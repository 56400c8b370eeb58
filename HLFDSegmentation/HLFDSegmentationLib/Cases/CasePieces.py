"""Voxels of single structures, where they lie, and how much they take up."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from ..Grids import TOLERANCE_VOXELS, arrayFromMatrix, ijkToRasOf
from ..SegmentationNodes import LABELMAP
from ..Words import Refusal
from ..Words import tr as _
from .CaseStructures import isSegmentation, labelArrayOf

VOXELS_AT_ONCE = 1 << 21


@dataclass(frozen=True)
class Piece:
    """The voxels of an array that have one value, and where they are."""

    array_zyx: np.ndarray
    """(k, j, i), a view of what the scene holds; several pieces may share it."""
    value: int
    ijkToFrame: np.ndarray
    """4 x 4 matrix from the index of the array to the frame that the CT is in as well, mm."""


@dataclass(frozen=True)
class Box:
    """What a piece takes up in its array."""

    voxels: int
    low: tuple[int, int, int]
    """First index (i, j, k) with a voxel."""
    high: tuple[int, int, int]
    """Last index."""


def parentMatrix(node) -> np.ndarray:
    """4 x 4 matrix of a node's parent transform to the world.

    Raises:
        Refusal: the transform is not linear.
    """
    parent, matrix = node.GetParentTransformNode(), vtk.vtkMatrix4x4()
    if parent is not None and not (parent.IsTransformToWorldLinear() and parent.GetMatrixTransformToWorld(matrix)):
        sentence = _("{node} is under a transform that is not linear; harden the transform.")
        raise Refusal(sentence.format(node=node.GetName()))
    return arrayFromMatrix(matrix)


def framesOf(ct, labels) -> tuple[np.ndarray, np.ndarray]:
    """Matrices that bring CT and labels from their own RAS into one frame: 4 x 4 each.

    Raises:
        Refusal: they are under different transforms, of which one is not linear.
    """
    if ct.GetTransformNodeID() == labels.GetTransformNodeID():
        return np.eye(4), np.eye(4)
    return parentMatrix(ct), parentMatrix(labels)


def pieceOf(labels, key: str, toFrame: np.ndarray) -> Piece | None:
    """The voxels of a structure (`Structure.key`); None if it has none at all.

    Raises:
        Refusal: the segmentation has no binary labelmap.
    """
    if not isSegmentation(labels):
        return Piece(labelArrayOf(labels), int(key), toFrame @ ijkToRasOf(labels))
    segmentation = labels.GetSegmentation()
    segment = segmentation.GetSegment(key)
    image = segment.GetRepresentation(LABELMAP) if segment is not None else None
    if image is None:
        sentence = _("{labels} has no binary labelmap; make one from its surfaces.")
        raise Refusal(sentence.format(labels=labels.GetName()))
    image = slicer.vtkOrientedImageData.SafeDownCast(image)
    scalars = image.GetPointData().GetScalars()
    if image.IsEmpty() or scalars is None:
        return None
    return Piece(
        vtk_to_numpy(scalars).reshape(image.GetDimensions()[::-1]), segment.GetLabelValue(), toFrame @ _fromArray(image)
    )


def boxOf(piece: Piece) -> Iterator[None]:
    """Find what a piece takes up, in slices of time: a generator that returns a Box, or None for an empty piece."""
    array, count = piece.array_zyx, 0
    seen = [np.zeros(size, bool) for size in array.shape]
    thickness = max(1, VOXELS_AT_ONCE // max(1, array[0].size))
    for start in range(0, len(array), thickness):
        isHere = array[start : start + thickness] == piece.value
        found = int(np.count_nonzero(isHere))
        if found:
            count += found
            inPlane = isHere.any(0)
            seen[0][start : start + thickness] = isHere.any((1, 2))
            seen[1] |= inPlane.any(1)
            seen[2] |= inPlane.any(0)
        yield
    if not count:
        return None
    ends = [np.flatnonzero(axis)[[0, -1]] for axis in reversed(seen)]
    return Box(count, tuple(int(end[0]) for end in ends), tuple(int(end[1]) for end in ends))


def isOnGrid(piece: Piece, ijkToFrame: np.ndarray) -> bool:
    """Whether the voxels of a piece are voxels of a grid, in whatever order of axes."""
    gridFromPiece = np.linalg.inv(ijkToFrame) @ piece.ijkToFrame
    whole = np.rint(gridFromPiece)
    turn = np.abs(whole[:3, :3])
    if not (np.all(turn.sum(0) == 1) and np.all(turn.sum(1) == 1)):
        return False
    corners = cornersOf((0, 0, 0), np.array(piece.array_zyx.shape[::-1]) - 1)
    return bool(np.abs((gridFromPiece - whole) @ corners).max() < TOLERANCE_VOXELS)


def cornersOf(low, high) -> np.ndarray:
    """The eight corners of a box of indices, as columns (i, j, k, 1)."""
    return np.array([(i, j, k, 1) for i in (low[0], high[0]) for j in (low[1], high[1]) for k in (low[2], high[2])]).T


def _fromArray(image) -> np.ndarray:
    """4 x 4 matrix from the index of the array of an image, which begins at its extent, to its own RAS."""
    matrix, shift = vtk.vtkMatrix4x4(), np.eye(4)
    image.GetImageToWorldMatrix(matrix)
    shift[:3, 3] = image.GetExtent()[::2]
    return arrayFromMatrix(matrix) @ shift
