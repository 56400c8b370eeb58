"""A copy of a volume's voxels, made in slices of time: a large CT at once would hold up the window."""

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from .Grids import dimensionsOf, ijkToRasOf
from .Words import Refusal
from .Words import tr as _

BYTES_AT_ONCE = 1 << 23


class VolumeCopy:
    """Copies voxels step by step, so that a thread may write them while the scene goes on changing.

    Attributes:
        array_zyx: voxels (k, j, i), complete after the last step.
        ijkToRas: 4 x 4 matrix of the volume's own grid, without its parent transform.

    Raises:
        Refusal: the node has no voxels, or several numbers a voxel.
    """

    def __init__(self, volumeNode):
        requireVoxels(volumeNode)
        self.ijkToRas = ijkToRasOf(volumeNode)
        shape = dimensionsOf(volumeNode)[::-1]
        # A view keeps the voxels alive, whatever becomes of the node.
        self._source = vtk_to_numpy(volumeNode.GetImageData().GetPointData().GetScalars()).reshape(shape)
        self.array_zyx = np.empty(shape, self._source.dtype)
        self._slicesAtOnce = max(1, BYTES_AT_ONCE // max(1, self._source[0].nbytes))
        self._done = 0

    def step(self) -> bool:
        """Copy some slices; True when all are copied."""
        part = slice(self._done, self._done + self._slicesAtOnce)
        self.array_zyx[part] = self._source[part]
        self._done = part.stop
        return self._done >= len(self.array_zyx)


def requireVoxels(volumeNode) -> None:
    """Refuse a volume that cannot be a CT.

    Raises:
        Refusal: no voxels, or several numbers a voxel.
    """
    image = volumeNode.GetImageData()
    scalars = image.GetPointData().GetScalars() if image is not None else None
    # While another module changes a volume, its size and its voxels may not fit for a moment.
    if scalars is None or not image.GetNumberOfPoints() == scalars.GetNumberOfTuples() > 0:
        raise Refusal(_("{volume} is empty; load the CT again.").format(volume=volumeNode.GetName()))
    if image.GetNumberOfScalarComponents() != 1:
        raise Refusal(_("{volume} is a colour or vector image; choose a CT.").format(volume=volumeNode.GetName()))
