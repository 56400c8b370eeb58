"""Checks of label arrays before they become nodes."""

import numpy as np


def checkLabelArray(labels_zyx: np.ndarray, dimensions: tuple[int, int, int], values: list[int]) -> None:
    """Refuse an array that isn't whole numbers on the grid, or that holds values which no label names."""
    if not isinstance(labels_zyx, np.ndarray) or not np.issubdtype(labels_zyx.dtype, np.integer):
        found = getattr(labels_zyx, "dtype", type(labels_zyx).__name__)
        raise ValueError(f"the labels are {found}; give a numpy array of whole numbers such as uint8")
    if labels_zyx.shape != tuple(dimensions[::-1]):
        found, wanted = (" x ".join(map(str, shape)) for shape in (labels_zyx.shape, dimensions[::-1]))
        raise ValueError(f"the labels are {found} voxels (k, j, i), the volume is {wanted}; use its grid")
    if sum(np.count_nonzero(labels_zyx == value) for value in (0, *values)) != labels_zyx.size:
        unnamed, named = sorted(set(np.unique(labels_zyx).tolist()) - {0, *values}), _listed(values)
        raise ValueError(f"the labels hold {_listed(unnamed)}, which no label names; named are {named}")


def numberedInOrder(labels_zyx: np.ndarray, values: list[int]) -> np.ndarray:
    """The array with values[0] as 1, values[1] as 2 and so on; uint8, or uint16 for many labels."""
    numbered = np.zeros(labels_zyx.shape, np.uint8 if len(values) < 256 else np.uint16)
    for number, value in enumerate(values, start=1):
        numbered[labels_zyx == value] = number
    return numbered


def wholeNumbers(array: np.ndarray) -> np.ndarray:
    """Labels stored as floating point, as some tools write them, as integers; fractions are refused."""
    if not np.issubdtype(array.dtype, np.floating):
        return array
    if not np.all(np.isfinite(array)) or np.any(array != np.rint(array)) or np.any(np.abs(array) > 2**31):
        raise ValueError("the labels hold fractions; give a map of whole numbers, not of probabilities")
    return array.astype(np.int64)


def _listed(values: list[int]) -> str:
    shown = ", ".join(map(str, values[:8]))
    return shown + (f" and {len(values) - 8} more" if len(values) > 8 else "")
