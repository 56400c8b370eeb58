"""Is a volume a CT that can be trained with? Looks at its grid and a sample of its voxels: milliseconds for any CT."""

import numpy as np
from vtk.util.numpy_support import vtk_to_numpy

from ..Grids import ijkToRasOf
from ..VolumeCopy import requireVoxels
from ..Words import Refusal
from ..Words import tr as _
from .CaseFindings import HARDEN, STOP, WARNING, Finding
from .CasePatients import modalityOf
from .CasePieces import parentMatrix

THICK_MM = 7.0
SAMPLES_PER_AXIS = 48
SKEW = 1e-3


def ctFindings(ct) -> list[Finding]:
    """What is to be said of a volume as a CT."""
    try:
        requireVoxels(ct)
    except Refusal as error:
        return [Finding(STOP, str(error))]
    return [*_modality(ct), *_values(ct), *_grid(ct)]


def frameOfExport(ct) -> np.ndarray:
    """4 x 4 matrix from voxel index to RAS that a CT is written with: where it is seen, if that has right angles.

    Raises:
        Refusal: its parent transform is not linear, or its axes are not at right angles.
    """
    own = ijkToRasOf(ct)
    for matrix in (parentMatrix(ct) @ own, own):
        if _hasRightAngles(matrix):
            return matrix
    sentence = _("{ct} has axes that are not at right angles; resample it (module Resample Scalar Volume).")
    raise Refusal(sentence.format(ct=ct.GetName()))


def _modality(ct) -> list[Finding]:
    modality = modalityOf(ct)
    if modality in ("", "CT"):
        return []
    sentence = _("{ct} is {modality} by its DICOM data, and training takes CTs; choose a CT.")
    return [Finding(STOP, sentence.format(ct=ct.GetName(), modality=modality))]


def _values(ct) -> list[Finding]:
    sample = _sampled(ct)
    if not np.all(np.isfinite(sample)):
        return [Finding(STOP, _("{ct} has voxels that are no numbers; load it again.").format(ct=ct.GetName()))]
    low, high = float(sample.min()), float(sample.max())
    if low == high:
        sentence = _("All voxels of {ct} seem to be {value:g}; choose a CT.")
        return [Finding(STOP, sentence.format(ct=ct.GetName(), value=low))]
    if low >= 0 and high <= 255:
        text = _("{ct} has values from {low:g} to {high:g}, as a picture has; a CT has Hounsfield units, air at -1000.")
    elif low >= 0:
        text = _("{ct} has no value below 0: these may not be Hounsfield units, where fat and air are below.")
    elif high > 32767 or low < -32768:
        text = _("{ct} has values from {low:g} to {high:g}; Hounsfield units are from -1024 to about 3000.")
    else:
        return []
    return [Finding(WARNING, text.format(ct=ct.GetName(), low=low, high=high))]


def _grid(ct) -> list[Finding]:
    try:
        matrix = frameOfExport(ct)
    except Refusal as error:
        isBent = ct.GetParentTransformNode() is not None and not ct.GetParentTransformNode().IsTransformToWorldLinear()
        return [Finding(STOP, str(error), HARDEN if isBent else "")]
    thickness_mm = _sliceThickness(matrix)
    if thickness_mm <= THICK_MM:
        return []
    sentence = _("{ct} has slices {thickness:.3g} mm apart: small tumours may be in one slice or none.")
    return [Finding(WARNING, sentence.format(ct=ct.GetName(), thickness=thickness_mm))]


def _sampled(ct) -> np.ndarray:
    image = ct.GetImageData()
    array = vtk_to_numpy(image.GetPointData().GetScalars()).reshape(image.GetDimensions()[::-1])
    steps = [max(1, size // SAMPLES_PER_AXIS) for size in array.shape]
    return array[:: steps[0], :: steps[1], :: steps[2]]


def _sliceThickness(ijkToRas: np.ndarray) -> float:
    """Spacing along the axis that is nearest to the patient's: the backend trains on axial slices."""
    spacing = np.linalg.norm(ijkToRas[:3, :3], axis=0)
    return float(spacing[np.argmax(np.abs(ijkToRas[2, :3]) / spacing)])


def _hasRightAngles(matrix: np.ndarray) -> bool:
    lengths = np.linalg.norm(matrix[:3, :3], axis=0)
    if np.any(lengths == 0):
        return False
    axes = matrix[:3, :3] / lengths
    return bool(np.abs(axes.T @ axes - np.eye(3)).max() < SKEW)
