"""Arrays, matrices and terminology which the tests of the Slicer library share."""

import itertools

import numpy as np

SHAPE_ZYX = (5, 6, 7)
MASTER, ANATOMIC = "Segmentation category and type - DICOM master list", "Anatomic codes - DICOM master list"
KIDNEY = f"{MASTER}~SCT^123037004^Anatomical Structure~SCT^64033007^Kidney~^^~{ANATOMIC}~^^~^^"
TUMOUR = (
    f"{MASTER}~SCT^49755003^Morphologically Altered Structure~SCT^108369006^Neoplasm~^^~"
    f"{ANATOMIC}~SCT^64033007^Kidney~^^"
)


def axisOrders() -> list[np.ndarray]:
    """The 48 ways to lay the axes of an image along those of the patient, as 3 x 3 matrices."""
    signs = list(itertools.product((1, -1), repeat=3))
    return [np.eye(3)[:, list(axes)] * sign for axes in itertools.permutations(range(3)) for sign in signs]


def fourByFour(axes: np.ndarray, origin=(10.0, -20.3, 33.1)) -> np.ndarray:
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = axes, origin
    return matrix


def randomLabels(shape=SHAPE_ZYX, values=(0, 1, 7), seed: int = 0) -> np.ndarray:
    """Labels everywhere, also at all borders."""
    return np.random.default_rng(seed).choice(values, shape).astype(np.uint8)
