"""Pieces are put together on the grid of a CT: numpy alone, so that a thread can do it beside the window.

It gives the voxels of `SegmentationNodes.labelArrayFromSegmentation`, which holds up the window while it resamples.
"""

from collections.abc import Sequence

import numpy as np

from .CasePieces import Piece, cornersOf, isOnGrid


def labelsOnGrid(pieces: Sequence[tuple[Piece, int]], shape_zyx, ijkToFrame: np.ndarray) -> np.ndarray:
    """Label array (k, j, i) of a grid: each piece with its label, the later over the earlier; nearest voxels.

    Args:
        pieces: with the label that each is to have, 1 to 255.
        shape_zyx: of the grid.
        ijkToFrame: of the grid, 4 x 4, in the frame of the pieces.
    """
    labels_zyx = np.zeros(shape_zyx, np.uint8)
    for piece, label in pieces:
        paste = _pasteExactly if isOnGrid(piece, ijkToFrame) else _pasteNearest
        paste(labels_zyx, piece, label, np.linalg.inv(ijkToFrame) @ piece.ijkToFrame)
    return labels_zyx


def _pasteExactly(labels_zyx: np.ndarray, piece: Piece, label: int, gridFromPiece: np.ndarray) -> None:
    """Of a piece on the grid: its axes are swapped and flipped, and what is outside of the grid is cut off."""
    whole = np.rint(gridFromPiece).astype(int)
    source = np.abs(whole[:3, :3]).argmax(axis=1)  # axis of the piece that runs along each axis of the grid
    array = np.transpose(piece.array_zyx, [2 - source[2], 2 - source[1], 2 - source[0]])
    array = np.flip(array, [2 - axis for axis in range(3) if whole[axis, source[axis]] < 0])
    first = (whole @ cornersOf((0, 0, 0), np.array(piece.array_zyx.shape[::-1]) - 1))[:3].min(1)[::-1]
    low = np.maximum(first, 0)
    high = np.minimum(first + array.shape, labels_zyx.shape)
    if np.any(low >= high):
        return
    inGrid = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    inPiece = tuple(slice(a, b) for a, b in zip(low - first, high - first, strict=True))
    labels_zyx[inGrid][array[inPiece] == piece.value] = label


def _pasteNearest(labels_zyx: np.ndarray, piece: Piece, label: int, gridFromPiece: np.ndarray) -> None:
    """Of any piece: each voxel of the grid takes the nearest one of the piece."""
    low, high = _reached(piece, gridFromPiece, labels_zyx.shape)
    if np.any(low > high):
        return
    back = np.linalg.inv(gridFromPiece)
    j, i = np.meshgrid(np.arange(low[1], high[1] + 1), np.arange(low[0], high[0] + 1), indexing="ij")
    inPlane = [back[axis, 0] * i + back[axis, 1] * j + back[axis, 3] for axis in range(3)]
    window = (slice(low[1], high[1] + 1), slice(low[0], high[0] + 1))
    for k in range(low[2], high[2] + 1):
        index = [np.floor(one + back[axis, 2] * k + 0.5).astype(np.intp) for axis, one in enumerate(inPlane)]
        labels_zyx[k][window][_isPiece(piece, index)] = label


def _isPiece(piece: Piece, index_ijk: list[np.ndarray]) -> np.ndarray:
    isInside = np.ones(index_ijk[0].shape, bool)
    for one, size in zip(index_ijk, piece.array_zyx.shape[::-1], strict=True):
        isInside &= (one >= 0) & (one < size)
    i, j, k = (np.where(isInside, one, 0) for one in index_ijk)
    return isInside & (piece.array_zyx[k, j, i] == piece.value)


def _reached(piece: Piece, gridFromPiece: np.ndarray, shape_zyx) -> tuple[np.ndarray, np.ndarray]:
    """First and last index (i, j, k) of the grid that a piece's array can reach."""
    sizes = np.array(piece.array_zyx.shape[::-1])
    reached = (gridFromPiece @ cornersOf((-0.5,) * 3, sizes - 0.5))[:3]
    low = np.maximum(np.floor(reached.min(1)), 0).astype(int)
    return low, np.minimum(np.ceil(reached.max(1)), np.array(shape_zyx[::-1]) - 1).astype(int)
