"""Which labels belong to which CT, and why."""

import numpy as np
import pytest
import slicer

from case_scenes import SPACING, addLabelMap, addSegmentation, ctArray, expected, organMask
from HLFDSegmentationLib.Cases.CasePairing import findPairs
from HLFDSegmentationLib.Cases.CaseRows import CaseList, CaseRow, FolderRow, caseListFromText, nodesByMark, rowOf
from HLFDSegmentationLib.Lesions import keepReport
from HLFDSegmentationLib.SceneFiles import loadScene, saveScene
from HLFDSegmentationLib.SegmentationNodes import placeBeside, segmentationFromLabelArray, segmentsOf


def paired(scene) -> list[tuple[str, str, str]]:
    return [(one.ct.GetName(), one.labels.GetName(), one.found) for one in findPairs(scene).pairs]


@pytest.fixture
def twoCts(aVolumeNode):
    """Two CTs on one grid."""
    return aVolumeNode(SPACING, ctArray(), "case 1 CT"), aVolumeNode(SPACING, ctArray(1), "case 2 CT")


def withoutReference(labels):
    labels.SetNodeReferenceID(labels.GetReferenceImageGeometryReferenceRole(), None)
    return labels


def test_a_segmentation_belongs_to_the_volume_that_it_was_drawn_on(scene, twoCts):
    addSegmentation(twoCts[1], {"kidney": organMask()}, "case 1 misnamed")
    assert paired(scene) == [("case 2 CT", "case 1 misnamed", "drawn on it")]


def test_labels_in_the_folder_of_a_ct_belong_to_it(scene, twoCts):
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    labels = withoutReference(addSegmentation(twoCts[1], {"kidney": organMask()}, "A"))
    folder = hierarchy.CreateFolderItem(hierarchy.GetSceneItemID(), "folder")
    hierarchy.SetItemParent(hierarchy.CreateItem(folder, twoCts[1]), folder)
    placeBeside(labels, twoCts[1])
    assert paired(scene) == [("case 2 CT", "A", "beside it in the data tree")]


def test_labels_on_the_grid_of_one_ct_alone_belong_to_it(scene, twoCts, aVolumeNode):
    moved = SPACING.copy()
    moved[0, 3] = 11
    third = aVolumeNode(moved, ctArray(2), "third")
    addLabelMap(third, expected(), "A")
    withoutReference(addSegmentation(third, {"kidney": organMask()}, "B"))
    assert [one[0] for one in paired(scene)] == ["third", "third"]
    assert {one[2] for one in paired(scene)} == {"on the same grid"}


def test_where_grids_do_not_tell_names_do(scene, twoCts):
    addLabelMap(twoCts[0], expected(), "case_2_segmentation")
    assert paired(scene) == [("case 2 CT", "case_2_segmentation", "by its name")]


def test_labels_of_which_nothing_tells_are_named_and_not_guessed(scene, twoCts):
    labels = addLabelMap(twoCts[0], expected(), "something")
    assert paired(scene) == []
    assert findPairs(scene).alone == [labels]


@pytest.mark.parametrize(("algorithm", "report"), [("HLFD kidney", None), ("kidney tumor student", {"lesions": []})])
def test_what_a_model_segmented_is_no_training_material(scene, twoCts, segmentLabels, algorithm, report):
    values = {label.value for label in segmentLabels}
    array = np.where(expected() > 0, min(values), 0).astype(np.uint8)
    made = segmentationFromLabelArray(twoCts[0], array, segmentLabels, "made", algorithm)
    if report:
        keepReport(made, report)
    assert paired(scene) == []
    assert findPairs(scene).byModels == [made]


def test_label_maps_are_no_cts(scene, twoCts):
    addLabelMap(twoCts[0], expected(), "case 2 label")
    assert [one[:2] for one in paired(scene)] == [("case 2 CT", "case 2 label")]


def test_the_list_of_cases_survives_a_saved_scene(scene, twoCts, tmp_path):
    labels = addSegmentation(twoCts[1], {"kidney": organMask()}, "labels")
    row = rowOf(twoCts[1], labels, "drawn on it")
    row.part, row.meanings, row.resamples, row.patient = "test", {"kidney": "tumor"}, True, "A"
    cases = CaseList(task="liver", rows=[row, CaseRow()], validation=0.3, seed=4, meanings={"B": "organ"})
    cases.folder, cases.folderRows, cases.organValues = "/data", [FolderRow("case_1", "p", "test")], "1, 3"
    text = cases.toText()
    saveScene(scene, tmp_path / "scene.mrb")
    loadScene(scene, tmp_path / "scene.mrb")
    back = caseListFromText(text)
    assert back == cases
    nodes = nodesByMark(scene)
    assert nodes[back.rows[0].ct].GetName() == "case 2 CT"
    assert [one.GetName() for _key, one in segmentsOf(nodes[back.rows[0].labels])] == ["kidney"]


@pytest.mark.parametrize(
    "text", ["", "nonsense", "[]", "3", '{"format": 2, "task": "liver"}', '{"format": 1, "rows": 3, "task": 7}']
)
def test_a_text_that_is_no_list_of_cases_is_an_empty_one(text):
    assert caseListFromText(text) == CaseList()


def test_a_part_that_is_unknown_counts_as_automatic():
    assert caseListFromText('{"format": 1, "rows": [{"part": "exam"}, 3]}').rows == [CaseRow()]
