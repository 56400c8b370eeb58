"""Who is one patient: cases of a patient never come apart. What tells patients apart stays here; files get numbers."""

import hashlib
from collections.abc import Sequence

import slicer

UNKNOWN_ITEM = 0


def patientKeyOf(ct) -> str:
    """What the CTs of one patient have in common: by DICOM's patient id, else study, else the volume itself.

    The key is a digest: no name or id of a patient can be read from it.
    """
    for what, value in (("patient", _patientOf(ct)), ("study", _studyOf(ct))):
        if value:
            return hashlib.sha256(f"{what}:{value}".encode()).hexdigest()
    return f"node:{ct.GetID()}"


def modalityOf(ct) -> str:
    """DICOM's modality of a volume, such as CT; empty where nothing tells it."""
    hierarchy, item = _itemOf(ct)
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    return (hierarchy.GetItemAttribute(item, name) if item else "") or ct.GetAttribute("DICOM.Modality") or ""


def pseudonyms(keys: Sequence[str]) -> list[str]:
    """A number for each patient in the order of the keys: patient-1, patient-2, patient-1 ..."""
    numbers: dict[str, int] = {}
    return [f"patient-{numbers.setdefault(key, len(numbers) + 1)}" for key in keys]


def _patientOf(ct) -> str:
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy, item = _itemOf(ct)
    while item and item != UNKNOWN_ITEM:
        if patient := hierarchy.GetItemAttribute(item, constants.GetDICOMPatientIDAttributeName()):
            return patient
        if hierarchy.GetItemLevel(item) == constants.GetDICOMLevelPatient():
            # A patient made by hand, or one of whom DICOM tells the name alone.
            return hierarchy.GetItemUID(item, constants.GetDICOMUIDName()) or f"item {item}"
        item = _parent(hierarchy, item)
    return ""


def _studyOf(ct) -> str:
    constants = slicer.vtkMRMLSubjectHierarchyConstants
    hierarchy, item = _itemOf(ct)
    while item and item != UNKNOWN_ITEM:
        if hierarchy.GetItemLevel(item) == constants.GetDICOMLevelStudy():
            return hierarchy.GetItemUID(item, constants.GetDICOMUIDName()) or f"item {item}"
        item = _parent(hierarchy, item)
    return ""


def _parent(hierarchy, item: int) -> int:
    return UNKNOWN_ITEM if item == hierarchy.GetSceneItemID() else hierarchy.GetItemParent(item)


def _itemOf(node):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(node.GetScene())
    return hierarchy, hierarchy.GetItemByDataNode(node) if hierarchy is not None else UNKNOWN_ITEM
