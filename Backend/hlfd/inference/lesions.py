"""The lesions of a segmentation, piece by piece: how many, how large, where."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from hlfd.catalogue import LESION_CODES, Label
from hlfd.data.frames import Array, Frame

NEIGHBOURS = np.ones((3, 3, 3), bool)
"""Voxels that touch by a face, an edge or a corner are of one piece."""


@dataclass(frozen=True)
class Lesion:
    """A connected piece of a lesion label."""

    label: str
    """Name of the label, such as `tumor`."""
    number: int
    """1 is the largest piece of its label."""
    voxels: int
    volume_ml: float
    longest_axial_mm: float
    """Longest diameter on any one canonical axial slice."""
    centre_lps_mm: tuple[float, float, float]
    """The voxel of the piece that is nearest to its centroid; world millimetres towards left, posterior, superior."""
    slice: int
    """Canonical axial slice with the longest diameter, counted from 0 at the inferior end."""


def find_lesions(labels: Array, frame: Frame, named: Sequence[Label]) -> list[Lesion]:
    """Find every piece of every lesion label, of any size: label by label, the largest first.

    Args:
        labels: label values, z y x in canonical order.
        frame: grid of the CT's file.
        named: labels that the values mean; organs are passed over.
    """
    found: list[Lesion] = []
    for label in named:
        if label.name in LESION_CODES:
            pieces = sorted(_pieces(labels == label.value), key=lambda piece: -np.count_nonzero(piece[1]))
            numbered = enumerate(pieces, start=1)
            found += [_measured(label.name, number, *piece, frame) for number, piece in numbered]
    return found


def longest_diameter(pixels: Array, spacing_mm: tuple[float, float]) -> float:
    """Longest distance between two points of some pixels of a slice, in mm.

    A pixel reaches half a pixel from its centre, along rows and along columns: a lone pixel is as long as it is wide
    or high, and a disc has its true diameter to within a pixel, which corners of pixels would add to.

    Args:
        pixels: bool, y x; at least one is True.
        spacing_mm: x, y.
    """
    ends = _ends(pixels)
    corners = ends[ConvexHull(ends).vertices] if len(ends) > 4 else ends
    return float(pdist(corners * np.array(spacing_mm) / 2).max())


def _ends(pixels: Array) -> Array:
    """Both ends of each row's and each column's stretch of pixels, x y in half pixels: all others lie between them.

    Even of one pixel they are the four corners of a square on its tip, so that they never lie on one line.
    """
    ends = []
    for axis, reach in ((1, (1, 0)), (0, (0, 1))):
        lines = np.flatnonzero(pixels.any(axis=axis))
        within = pixels[lines] if axis == 1 else pixels[:, lines].T
        first, last = within.argmax(axis=1), within.shape[1] - 1 - within[:, ::-1].argmax(axis=1)
        for place, sense in ((first, -1), (last, 1)):
            centres = (place, lines) if axis == 1 else (lines, place)
            ends.append(2 * np.column_stack(centres) + sense * np.array(reach))
    return np.unique(np.concatenate(ends), axis=0)


def _pieces(mask: Array) -> Iterator[tuple[tuple[int, ...], Array]]:
    """Give each connected piece: where its box begins, z y x, and its voxels in that box, bool."""
    boxes = ndimage.find_objects(mask.view(np.uint8))
    if not boxes:
        return
    # Numbers of pieces take four bytes a voxel: only of the part of a CT that has any.
    outer = tuple(side.start for side in boxes[0])
    numbers, _count = ndimage.label(mask[boxes[0]], NEIGHBOURS)
    for number, box in enumerate(ndimage.find_objects(numbers), start=1):
        begin = tuple(start + side.start for start, side in zip(outer, box, strict=True))
        yield begin, numbers[box] == number


def _measured(label: str, number: int, begin: tuple[int, ...], voxels: Array, frame: Frame) -> Lesion:
    count = int(np.count_nonzero(voxels))
    x_mm, y_mm, _z_mm = frame.canonical.spacing_mm
    diameters = [longest_diameter(plane, (x_mm, y_mm)) if plane.any() else 0.0 for plane in voxels]
    longest = int(np.argmax(diameters))
    return Lesion(
        label=label,
        number=number,
        voxels=count,
        volume_ml=count * frame.voxel_ml,
        longest_axial_mm=diameters[longest],
        centre_lps_mm=_in_world(np.array(begin) + _innermost(voxels, frame), frame),
        slice=begin[0] + longest,
    )


def _innermost(voxels: Array, frame: Frame) -> Array:
    """Index z y x of the voxel nearest to the centroid, slice by slice: a large piece has many voxels."""
    count = np.count_nonzero(voxels)
    apart = []
    for axis, spacing in enumerate(reversed(frame.canonical.spacing_mm)):
        others = tuple(other for other in range(3) if other != axis)
        places = np.arange(voxels.shape[axis])
        centroid = (voxels.sum(axis=others) * places).sum() / count
        apart.append(((places - centroid) * spacing) ** 2)
    in_plane = apart[1][:, None] + apart[2]
    nearest_in_plane = [in_plane.min(where=plane, initial=np.inf) for plane in voxels]
    z = int(np.argmin(apart[0] + nearest_in_plane))
    nearest = np.where(voxels[z], in_plane, np.inf).argmin()
    return np.array([z, *np.unravel_index(nearest, in_plane.shape)])


def _in_world(index: Array, frame: Frame) -> tuple[float, float, float]:
    grid = frame.canonical
    steps_mm = index[::-1] * np.array(grid.spacing_mm)
    x, y, z = np.array(grid.origin_mm) + np.reshape(grid.direction, (3, 3)) @ steps_mm
    return float(x), float(y), float(z)
