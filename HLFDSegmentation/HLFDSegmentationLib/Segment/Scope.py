"""Does a volume look like what a model was made for? A quick look at a few voxels and the words that came with them."""

from dataclasses import dataclass

import numpy as np
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from ..Grids import dimensionsOf, ijkToRasOf
from ..Words import tr as _

SAMPLES_A_SIDE = 40
AIR_BELOW_HU = -300
"""A CT of a body has air around or within it."""
SMALLEST_MM = (150.0, 120.0, 60.0)
"""Along the patient's left, posterior and superior: less does not show an abdomen with a whole organ."""
THINNER, THICKER = 0.7, 1.3
"""Slices may differ that much from those of the training; beyond, nothing is known."""
ELSEWHERE = (
    *("HEAD", "BRAIN", "SKULL", "NECK", "CSPINE", "JAW", "ORBIT", "SINUS", "CHEST", "THORAX", "LUNG", "HEART"),
    *("CARDIAC", "BREAST", "TSPINE", "SHOULDER", "ARM", "ELBOW", "WRIST", "HAND", "HIP", "LEG", "KNEE", "ANKLE"),
    *("FOOT", "EXTREMITY"),
)
"""Parts of the body, as DICOM names them, that show neither kidneys nor liver as a whole."""

DICOM_WORDS = (("DICOM.Modality", "0008,0060"), ("DICOM.BodyPartExamined", "0018,0015"))


@dataclass(frozen=True)
class CtFacts:
    """What a quick look tells of a volume."""

    modality: str
    """DICOM's word, such as CT; empty where it is not known."""
    bodyPart: str
    """The same."""
    sizeMm: tuple[float, float, float]
    """Along the patient's left, posterior and superior."""
    sliceMm: float
    """Distance of axial slices."""
    lowest: float
    highest: float
    """Of some voxels."""


def factsOf(volumeNode) -> CtFacts:
    """Look at a volume that has voxels; takes milliseconds, however large it is."""
    ijkToRas, dimensions = ijkToRasOf(volumeNode), dimensionsOf(volumeNode)
    spacing_mm = np.linalg.norm(ijkToRas[:3, :3], axis=0)
    axes = _axesOf(ijkToRas)
    size_mm = tuple(float(dimensions[axis] * spacing_mm[axis]) for axis in axes)
    lowest, highest = _rangeOf(volumeNode, dimensions)
    modality, bodyPart = (_dicomWord(volumeNode, name, tag) for name, tag in DICOM_WORDS)
    return CtFacts(modality, bodyPart, size_mm, float(spacing_mm[axes[2]]), lowest, highest)


def scopeWarnings(facts: CtFacts, model) -> list[str]:
    """In sentences, what is unlike the CTs that a model (`ModelLibrary.Model`) was made for; none if all is well."""
    checks = (_synthetic, _notCt, _notHu, _elsewhere, _tooSmall, _sliceThickness)
    return [sentence for check in checks if (sentence := check(facts, model))]


def _synthetic(facts: CtFacts, model) -> str:
    if not model.isSynthetic:
        return ""
    return _("This model learnt from synthetic CTs: it shows that the software works, and is not for patients.")


def _notCt(facts: CtFacts, model) -> str:
    if facts.modality in ("", "CT"):
        return ""
    sentence = _("By its DICOM data this is {modality}, and the model was made for CT.")
    return sentence.format(modality=facts.modality)


def _notHu(facts: CtFacts, model) -> str:
    if not np.isfinite([facts.lowest, facts.highest]).all():
        return _("Some voxels are not numbers; repair the volume before it is segmented.")
    if facts.lowest == facts.highest:
        return _("All voxels looked at are {value:g}; this shows nothing.").format(value=facts.lowest)
    if facts.lowest < AIR_BELOW_HU:
        return ""
    sentence = _("The values ({low:g} to {high:g}) do not look like Hounsfield units: there is no air near -1000.")
    return sentence.format(low=facts.lowest, high=facts.highest)


def _elsewhere(facts: CtFacts, model) -> str:
    if facts.bodyPart.upper().replace("-", "").replace(" ", "") not in ELSEWHERE:
        return ""
    sentence = _("By its DICOM data this shows {part}, and the model looks for the {organ}.")
    return sentence.format(part=facts.bodyPart, organ=model.organ)


def _tooSmall(facts: CtFacts, model) -> str:
    if all(found >= least for found, least in zip(facts.sizeMm, SMALLEST_MM, strict=True)):
        return ""
    sentence = _("It is only {size} mm (left-right, front-back, head-foot); a whole {organ} may not lie within it.")
    return sentence.format(size=" x ".join(f"{side:.0f}" for side in facts.sizeMm), organ=model.organ)


def _sliceThickness(facts: CtFacts, model) -> str:
    if not model.sliceMm:
        return ""
    low, high = model.sliceMm
    if low * THINNER <= facts.sliceMm <= high * THICKER:
        return ""
    learnt = f"{low:g}" if low == high else _("{low:g} to {high:g}").format(low=low, high=high)
    sentence = _("Its slices are {found:.3g} mm apart, and the model learnt from CTs with {learnt} mm.")
    return sentence.format(found=facts.sliceMm, learnt=learnt)


def _axesOf(ijkToRas: np.ndarray) -> tuple[int, int, int]:
    """Which axis of the grid runs most nearly along left, posterior and superior."""
    along = np.abs(ijkToRas[:3, :3] / np.linalg.norm(ijkToRas[:3, :3], axis=0))
    superior = int(along[2].argmax())
    left = max((axis for axis in range(3) if axis != superior), key=lambda axis: along[0, axis])
    return left, 3 - superior - left, superior


def _rangeOf(volumeNode, dimensions) -> tuple[float, float]:
    scalars = vtk_to_numpy(volumeNode.GetImageData().GetPointData().GetScalars())
    steps = tuple(slice(None, None, max(1, count // SAMPLES_A_SIDE)) for count in dimensions[::-1])
    sample = scalars.reshape(dimensions[::-1])[steps]
    return float(sample.min()), float(sample.max())


def _dicomWord(volumeNode, name: str, tag: str) -> str:
    """What DICOM says of a volume: the scene knows it, or Slicer's database of DICOM files does."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(volumeNode.GetScene())
    item = hierarchy.GetItemByDataNode(volumeNode) if hierarchy is not None else 0
    known = (hierarchy.GetItemAttribute(item, name) if item else "") or volumeNode.GetAttribute(name)
    instances = (volumeNode.GetAttribute("DICOM.instanceUIDs") or "").split()
    database = getattr(slicer, "dicomDatabase", None)
    if not known and instances and database is not None:
        known = database.instanceValue(instances[0], tag)
    return (known or "").strip()
