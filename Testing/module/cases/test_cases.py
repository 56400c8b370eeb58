"""The section Cases as a user meets it: found, checked, fixed, divided, kept with the scene."""

import json

import numpy as np
import pytest
import slicer

from Testing.module.cases.case_bench import SPACING, CaseBench, addCt, addLabels, newParameters
from Testing.module.clicking import choose, click, letPass, until, write


@pytest.fixture
def found(open_):
    """Makes cases, opens the section, and finds them; waits until they are checked."""

    def make(count: int = 1, **labels) -> CaseBench:
        for number in range(count):
            addLabels(addCt(f"CT {number + 1}", number), name=f"labels {number + 1}", **labels)
        return find(open_())

    return make


def find(bench: CaseBench) -> CaseBench:
    click(bench.panel.scene.ui.findButton)
    checked(bench)
    return bench


def checked(bench: CaseBench) -> None:
    until(lambda: bench.panel.checks.areDone)
    letPass(0.05)


def select(bench: CaseBench, row: int = 0) -> None:
    bench.table.selectRow(row)
    letPass(0.02)


def test_an_empty_section_says_what_to_do(open_):
    bench = open_()
    ui = bench.panel.scene.ui
    assert ui.emptyLabel.isVisible()
    assert ui.emptyLabel.text.startswith("Load CTs and their segmentations")
    assert not ui.caseTable.isVisible()
    assert not bench.panel.ui.divisionBox.isVisible()
    find(bench)
    assert ui.foundLabel.text == "The scene has no segmentation or label map of a CT."


def test_cases_of_the_scene_are_found_checked_and_divided(found):
    bench = found(4)
    assert bench.panel.scene.ui.foundLabel.text == "4 found."
    assert [row[:3] + row[4:] for row in bench.rows()] == [
        [f"CT {number}", f"labels {number}", str(number), "Ready"] for number in (1, 2, 3, 4)
    ]
    assert sorted(row[3] for row in bench.rows()) == ["Test", "Training", "Training", "Validation"]
    assert bench.panel.ui.divisionLabel.text == "4 cases of 4 patients: 2 for training, 1 for validation, 1 for test"
    plan = bench.panel.plan()
    assert (plan.count, plan.organ, plan.warnings) == (4, "kidney", [])
    find(bench)
    assert bench.panel.scene.ui.foundLabel.text == "Nothing new was found."
    assert len(bench.rows()) == 4


def test_the_organ_is_guessed_from_the_segments_and_can_be_chosen(found):
    bench = found(1, names=("Leber", "Tumor"))
    assert bench.panel.ui.taskSelector.currentText == "Liver"
    assert bench.state() == "Ready"
    choose(bench.panel.ui.taskSelector, "Kidney")
    checked(bench)
    assert bench.state() == "Not usable"


def test_few_cases_warn_that_nothing_validates_or_tests(found):
    bench = found(2)
    said = bench.panel.ui.warningLabel.text.splitlines()
    assert [one.split(":")[0] for one in said] == ["No case validates", "No case tests"]
    assert bench.panel.plan().warnings == said


def test_who_tests_can_be_chosen_for_several_cases_at_once(found):
    bench = found(4)
    bench.table.selectAll()
    choose(bench.panel.scene.details.ui.partSelector, "Test")
    assert [row[3] for row in bench.rows()] == ["Test"] * 4
    select(bench, 0)
    choose(bench.panel.scene.details.ui.partSelector, "Training")
    select(bench, 1)
    choose(bench.panel.scene.details.ui.partSelector, "Left out")
    assert [row[3] for row in bench.rows()] == ["Training", "Left out", "Test", "Test"]
    assert bench.panel.plan().count == 3


def test_a_segment_gets_its_meaning_for_one_case_and_then_for_all(found):
    bench = found(2, names=("Segment_1", "tumour"))
    assert [bench.state(0), bench.state(1)] == ["Not usable", "Not usable"]
    select(bench, 0)
    assert bench.choiceOf(0).currentText == "Ignored"
    choose(bench.choiceOf(0), "Kidney")
    checked(bench)
    assert [bench.state(0), bench.state(1)] == ["Ready", "Not usable"]
    click(bench.panel.scene.details.ui.forAllButton)
    checked(bench)
    assert [bench.state(0), bench.state(1)] == ["Ready", "Ready"]


def test_what_is_wrong_is_told_beside_a_button_that_mends_it(found):
    addCt("finer grid", 9, SPACING @ np.diag((0.5, 0.5, 0.5, 1)))
    bench = found(1, gridOf=slicer.util.getNode("finer grid"))
    assert bench.state() == "Not usable"
    select(bench)
    assert bench.said() == ["labels 1 is on another grid than CT 1; resample it."]
    assert bench.fixButton().text == "Resample"
    click(bench.fixButton())
    checked(bench)
    assert bench.state() == "Ready"
    assert bench.said() == ["labels 1 is brought to the grid of CT 1 (nearest voxel)."]


def test_fix_all_mends_every_case_that_it_can(found):
    addCt("finer grid", 9, SPACING @ np.diag((0.5, 0.5, 0.5, 1)))
    bench = found(3, gridOf=slicer.util.getNode("finer grid"))
    click(bench.panel.scene.ui.fixButton)
    checked(bench)
    assert [row[4] for row in bench.rows()] == ["Ready"] * 3
    assert not bench.panel.scene.ui.fixButton.enabled


def test_hardening_a_transform_is_asked_for_first(found, desktop):
    import qt
    import vtk

    bench = found(1)
    bent = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTransformNode", "bent")
    bent.SetAndObserveTransformToParent(vtk.vtkThinPlateSplineTransform())
    slicer.util.getNode("CT 1").SetAndObserveTransformNodeID(bent.GetID())
    until(lambda: bench.state() == "Not usable")
    select(bench)
    qt.answers.give(qt.QMessageBox.No, qt.QMessageBox.Yes)
    click(bench.fixButton())
    assert slicer.util.getNode("CT 1").GetParentTransformNode() is not None
    click(bench.fixButton())
    assert slicer.util.getNode("CT 1").GetParentTransformNode() is None


def test_a_case_can_be_made_by_hand(open_):
    addLabels(addCt("my CT"), name="my labels").SetNodeReferenceID("referenceImageGeometryRef", None)
    bench = open_()
    click(bench.panel.scene.ui.addButton)
    letPass(0.05)
    assert bench.said() == [
        "The case has no CT; choose one below.",
        "The case has no labels; choose a segmentation below.",
    ]
    choose(bench.panel.scene.details.ui.ctSelector, "my CT")
    choose(bench.panel.scene.details.ui.labelsSelector, "my labels")
    checked(bench)
    assert bench.rows() == [["my CT", "my labels", "1", "Training", "Ready"]]
    click(bench.panel.scene.ui.removeButton)
    assert bench.rows() == []
    assert slicer.util.getNode("my CT") is not None


def test_cases_of_one_patient_told_by_hand_are_divided_as_one(found):
    bench = found(3)
    for row in (0, 1):
        select(bench, row)
        write(bench.panel.scene.details.ui.patientEdit, "A")
        checked(bench)
    assert [row[2] for row in bench.rows()] == ["1", "1", "2"]
    assert bench.panel.ui.divisionLabel.text.startswith("3 cases of 2 patients")


def test_a_deleted_node_turns_its_row_into_a_sentence_and_nothing_breaks(found):
    bench = found(1)
    select(bench)
    slicer.mrmlScene.RemoveNode(slicer.util.getNode("CT 1"))
    until(lambda: bench.state() == "Not usable")
    assert bench.said() == ["The CT CT 1 is not in the scene any more; choose another one, or remove the case."]
    with pytest.raises(ValueError, match="None of the 1 cases can be used"):
        bench.panel.plan()


def test_the_list_comes_back_with_its_scene_and_goes_with_it(found, open_, tmp_path):
    bench = found(2)
    select(bench, 1)
    choose(bench.panel.scene.details.ui.partSelector, "Test")
    slicer.mrmlScene.WriteToMRB(str(tmp_path / "scene.mrb"), None)
    bench.bench.useParameters(None)
    slicer.mrmlScene.Clear(0)
    bench.bench.useParameters(newParameters())
    assert bench.rows() == []
    bench.bench.useParameters(None)
    assert slicer.mrmlScene.ReadFromMRB(str(tmp_path / "scene.mrb"), True)
    again = open_(parametersInScene())
    checked(again)
    assert [row[:2] + row[3:] for row in again.rows()] == [
        ["CT 1", "labels 1", "Training", "Ready"],
        ["CT 2", "labels 2", "Test", "Ready"],
    ]


def parametersInScene():
    from HLFDSegmentationLib.ParameterNode import HLFDSegmentationParameterNode

    nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
    return HLFDSegmentationParameterNode(next(node for node in nodes if node.GetParameter("cases")))


def test_looking_at_a_section_changes_nothing_in_the_scene(open_):
    addLabels(addCt())
    parameters = newParameters()
    open_(parameters)
    letPass(0.1)
    assert parameters.cases == ""
    assert not any(node.GetAttribute("HLFDSegmentation.mark") for node in slicer.util.getNodes("*").values())


def test_a_plan_is_written_from_the_window_while_it_lives(found, tmp_path):
    export = found(2).panel.plan().beginExport(tmp_path / "run" / "data")
    until(export.step)
    assert json.loads((tmp_path / "run" / "data" / "splits.json").read_text())["training"] == ["case_0001", "case_0002"]


def test_a_plan_is_not_made_before_all_cases_are_checked(found, monkeypatch):
    bench = found(1)
    addLabels(addCt("CT 2", 2), name="labels 2")
    monkeypatch.setattr("HLFDSegmentationLib.Cases.CasesPanel.PATIENCE_S", 0.0)
    bench.panel.scene._onFind()
    with pytest.raises(ValueError, match="The cases are still being checked; try again in a moment"):
        bench.panel.plan()
    checked(bench)
    assert bench.panel.plan().count == 2
