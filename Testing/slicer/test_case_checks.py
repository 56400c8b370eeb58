"""What is found about a case: one sentence, and a fix where there is one."""

import numpy as np
import pytest
import slicer
import vtk

from case_scenes import (
    SHAPE,
    SPACING,
    addLabelMap,
    addSegmentation,
    caseList,
    ctArray,
    expected,
    looked,
    organMask,
    said,
    tumourMask,
)
from HLFDSegmentationLib.Cases.CaseFixes import applyFix, harmlessFix
from HLFDSegmentationLib.Cases.CasePatients import patientKeyOf
from HLFDSegmentationLib.Cases.CaseUsed import findingsOf, patientsOf, usedCases
from HLFDSegmentationLib.Cases.SegmentMeanings import ORGAN, TUMOR

MASKS = {"kidney": organMask(), "tumour": tumourMask()}


@pytest.fixture
def ct(aVolumeNode):
    return aVolumeNode(SPACING, ctArray())


@pytest.fixture
def labels(ct):
    return addSegmentation(ct, MASKS)


def fixed(cases, scene):
    """Press the first button that the case has; what is said then."""
    check = looked(cases, scene).of(cases.rows[0])
    applyFix(next(one for one in check.findings if one.fix), cases.rows[0], cases, scene)
    return said(cases, scene)


def test_nothing_is_said_of_a_good_case(scene, ct, labels):
    cases = caseList((ct, labels))
    check = looked(cases, scene).of(cases.rows[0])
    assert (check.findings, check.isUsable, check.hasTumor) == ([], True, True)
    assert [meaning.what for _structure, meaning in check.structures] == [ORGAN, TUMOR]


def test_a_label_map_without_names_is_taken_by_its_numbers(scene, ct):
    cases = caseList((ct, addLabelMap(ct, expected())))
    check = looked(cases, scene).of(cases.rows[0])
    assert (check.findings, check.hasTumor) == ([], True)
    assert [one.name for one, _meaning in check.structures] == ["value 1", "value 2"]


def test_a_case_without_tumour_is_used_and_that_is_told(scene, ct):
    cases = caseList((ct, addSegmentation(ct, {"kidney": organMask()})))
    assert said(cases, scene) == [("note", "labels has no tumour: it teaches what healthy tissue looks like.", "")]
    assert looked(cases, scene).of(cases.rows[0]).hasTumor is False


def test_a_case_without_organ_cannot_be_used(scene, ct):
    cases = caseList((ct, addSegmentation(ct, {"tumour": tumourMask()})))
    text = "labels has no kidney: tell below which segment it is, or leave the case out."
    assert said(cases, scene) == [("stop", text, "")]


def test_a_segment_that_is_not_recognised_is_told_and_can_be_given_a_meaning(scene, ct):
    cases = caseList((ct, addSegmentation(ct, {"Segment_1": organMask(), "tumour": tumourMask()})))
    assert ("warning", "Not recognised and ignored: Segment_1.", "") in said(cases, scene)
    cases.rows[0].meanings["Segment_1"] = ORGAN
    assert said(cases, scene) == []


def test_an_empty_segment_is_told(scene, ct):
    cases = caseList((ct, addSegmentation(ct, {"kidney": organMask(), "tumour": np.zeros(SHAPE, bool)})))
    assert ("warning", "tumour is empty.", "") in said(cases, scene)


def test_nodes_that_are_missing_or_gone_turn_into_sentences(scene, ct, labels):
    cases = caseList((ct, labels), (None, None))
    assert [text for _kind, text, _fix in said(cases, scene, 1)] == [
        "The case has no CT; choose one below.",
        "The case has no labels; choose a segmentation below.",
    ]
    checks = looked(cases, scene)
    scene.RemoveNode(ct)
    scene.RemoveNode(labels)
    found = looked(cases, scene, checks).of(cases.rows[0]).findings
    assert [one.text for one in found] == [
        "The CT CT is not in the scene any more; choose another one, or remove the case.",
        "The labels labels are not in the scene any more; choose others, or remove the case.",
    ]


def test_labels_on_another_grid_are_resampled_when_that_is_allowed(scene, ct, aVolumeNode):
    fine = aVolumeNode(SPACING @ np.diag((0.5, 0.5, 0.5, 1)), ctArray(1), "fine")
    cases = caseList((ct, addSegmentation(ct, MASKS, gridOf=fine)))
    assert said(cases, scene) == [("stop", "labels is on another grid than CT; resample it.", "resample")]
    assert fixed(cases, scene) == [
        ("note", "labels is brought to the grid of CT (nearest voxel).", "noResample"),
    ]


def test_labels_that_were_drawn_on_another_volume_get_that_volume(scene, ct, aVolumeNode):
    moved = SPACING.copy()
    moved[:3, 3] = (1, 2, 3)
    other = aVolumeNode(moved, ctArray(1), "other CT")
    cases = caseList((ct, addSegmentation(other, MASKS)))
    text = "labels was drawn on other CT, which has another grid than CT."
    assert said(cases, scene)[0] == ("warning", text, "useVolume")
    check = looked(cases, scene).of(cases.rows[0])
    assert not check.isUsable
    assert harmlessFix(check).fix == "useVolume"
    assert fixed(cases, scene) == []
    assert cases.rows[0].ctName == "other CT"


def test_labels_that_fit_but_for_their_transform_get_that_of_the_ct(scene, ct, labels, aTransformNode):
    turn = np.eye(4)
    turn[:2, :2] = ((0.8, -0.6), (0.6, 0.8))
    ct.SetAndObserveTransformNodeID(aTransformNode(turn).GetID())
    cases = caseList((ct, labels))
    text = "labels fits CT, but the two are under different transforms."
    assert ("stop", text, "sameTransform") in said(cases, scene)
    assert fixed(cases, scene) == []
    assert labels.GetTransformNodeID() == ct.GetTransformNodeID()


def test_a_segment_wholly_outside_of_the_ct_is_refused(scene, ct, aVolumeNode):
    away = SPACING.copy()
    away[:3, 3] = SPACING[:3, :3] @ (100, 0, 0)
    labels = addSegmentation(ct, MASKS, gridOf=aVolumeNode(away, ctArray(1)))
    text = "kidney lies wholly outside of CT; choose the CT that it was drawn on."
    assert ("stop", text, "") in said(caseList((ct, labels)), scene)


def test_a_segment_that_reaches_out_of_the_ct_is_cut_and_that_is_told(scene, ct, aVolumeNode):
    away = SPACING.copy()
    away[:3, 3] = SPACING[:3, :3] @ (8, 0, 0)
    labels = addSegmentation(ct, {"kidney": organMask(), "tumour": tumourMask()}, gridOf=aVolumeNode(away, ctArray(1)))
    text = "kidney reaches out of CT; what is outside is cut off."
    assert ("warning", text, "") in said(caseList((ct, labels)), scene)


def test_a_bent_transform_is_hardened_on_a_click(scene, ct, labels):
    bent = scene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    bent.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    ct.SetAndObserveTransformNodeID(bent.GetID())
    cases = caseList((ct, labels))
    text = "CT is under a transform that is not linear; harden the transform."
    assert said(cases, scene) == [("stop", text, "harden")]
    fixed(cases, scene)
    assert ct.GetParentTransformNode() is None
    assert looked(cases, scene).of(cases.rows[0]).isUsable


def test_surfaces_become_a_labelmap_on_a_click(scene, ct, labels):
    labels.CreateClosedSurfaceRepresentation()
    labels.GetSegmentation().SetSourceRepresentationName("Closed surface")
    labels.GetSegmentation().RemoveRepresentation("Binary labelmap")
    cases = caseList((ct, labels))
    assert said(cases, scene) == [("stop", "labels has surfaces and no labelmap; make one from them.", "convert")]
    fixed(cases, scene)
    assert looked(cases, scene).of(cases.rows[0]).isUsable


@pytest.mark.parametrize(
    ("array", "kind", "text"),
    [
        (np.full(SHAPE, 7, np.int16), "stop", "All voxels of CT seem to be 7; choose a CT."),
        (ctArray() % 256, "warning", "CT has values from 0 to 255, as a picture has; a CT has Hounsfield units"),
        (ctArray() + 1000, "warning", "CT has no value below 0: these may not be Hounsfield units"),
        (np.full(SHAPE, np.nan, np.float32), "stop", "CT has voxels that are no numbers; load it again."),
    ],
)
def test_values_that_are_no_hounsfield_units_are_told(scene, aVolumeNode, array, kind, text):
    ct = aVolumeNode(SPACING, array.astype(np.float32))
    found = said(caseList((ct, addSegmentation(ct, MASKS))), scene)
    assert [(kind, text)] == [(one[0], one[1][: len(text)]) for one in found]


def test_very_thick_slices_are_told_along_the_axis_of_the_patient(scene, aVolumeNode):
    ct = aVolumeNode(np.diag((0.8, 0.8, 10.0, 1.0)), ctArray())
    text = "CT has slices 10 mm apart: small tumours may be in one slice or none."
    assert said(caseList((ct, addSegmentation(ct, MASKS))), scene) == [("warning", text, "")]


def test_a_volume_without_voxels_is_told(scene, ct, labels):
    empty = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "empty")
    assert said(caseList((empty, labels)), scene) == [("stop", "empty is empty; load the CT again.", "")]


def dicom(scene, ct, **attributes):
    """Put a CT under a patient of the subject hierarchy, as Slicer's DICOM import does."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    item = hierarchy.GetItemByDataNode(ct) or hierarchy.CreateItem(hierarchy.GetSceneItemID(), ct)
    patient = hierarchy.CreateSubjectItem(hierarchy.GetSceneItemID(), "somebody")
    study = hierarchy.CreateStudyItem(patient, "study")
    hierarchy.SetItemParent(item, study)
    hierarchy.SetItemAttribute(item, "DICOM.Modality", attributes.get("modality", "CT"))
    hierarchy.SetItemAttribute(patient, "DICOM.PatientID", attributes.get("patient", ""))


def test_what_dicom_calls_no_ct_is_refused(scene, ct, labels):
    dicom(scene, ct, modality="MR")
    text = "CT is MR by its DICOM data, and training takes CTs; choose a CT."
    assert said(caseList((ct, labels)), scene) == [("stop", text, "")]


def test_cts_of_one_patient_are_known_by_dicom_and_no_key_tells_who_it_is(scene, ct, aVolumeNode):
    later, other = aVolumeNode(SPACING, ctArray(1), "later"), aVolumeNode(SPACING, ctArray(2), "other")
    for node, patient in ((ct, "MUSTER^1234"), (later, "MUSTER^1234"), (other, "OTHER")):
        dicom(scene, node, patient=patient)
    keys = [patientKeyOf(node) for node in (ct, later, other)]
    assert keys[0] == keys[1] != keys[2]
    assert not any("1234" in key for key in keys)
    cases = caseList(*((node, addSegmentation(node, MASKS)) for node in (ct, later, other)))
    assert patientsOf(cases, looked(cases, scene).of) == ["patient-1", "patient-1", "patient-2"]


def test_a_patient_can_be_told_by_hand(scene, ct, aVolumeNode):
    later = aVolumeNode(SPACING, ctArray(1), "later")
    cases = caseList((ct, addSegmentation(ct, MASKS)), (later, addSegmentation(later, MASKS)))
    assert patientsOf(cases, looked(cases, scene).of) == ["patient-1", "patient-2"]
    cases.rows[0].patient = cases.rows[1].patient = "A"
    assert patientsOf(cases, looked(cases, scene).of) == ["patient-1", "patient-1"]


def test_a_pair_that_stands_twice_is_used_once_and_can_be_removed(scene, ct, labels):
    cases = caseList((ct, labels), (ct, labels))
    checks = looked(cases, scene)
    found = findingsOf(cases, 1, checks.of)
    assert [(one.kind, one.text, one.fix) for one in found] == [
        ("stop", "The same CT and labels stand above already.", "remove")
    ]
    assert usedCases(cases, checks.of).numbers == [0]
    applyFix(found[0], cases.rows[1], cases, scene)
    assert len(cases.rows) == 1


def test_two_readers_of_one_ct_are_one_patient(scene, ct, labels):
    cases = caseList((ct, labels), (ct, addSegmentation(ct, MASKS, "second reader")))
    checks = looked(cases, scene)
    assert "as one patient" in findingsOf(cases, 1, checks.of)[0].text
    assert patientsOf(cases, checks.of) == ["patient-1", "patient-1"]


def test_a_case_is_looked_at_again_when_its_voxels_change_and_not_before(scene, ct, labels):
    cases = caseList((ct, labels))
    checks = looked(cases, scene)
    assert checks.update(cases, scene) is False
    labels.GetSegmentation().RemoveSegment(labels.GetSegmentation().GetNthSegmentID(1))
    assert checks.update(cases, scene) is True
    assert looked(cases, scene, checks).of(cases.rows[0]).hasTumor is False
