"""Several CTs one after the other: those of the scene, or a folder on disk."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from Testing.module.segment_bench import (
    ActingBackend,
    SegmentBench,
    aCt,
    addCt,
    addModel,
    click,
    newParameters,
    until,
    writeEnvironment,
)


@pytest.fixture
def ready(home, facts_of_a_bundle):
    """The backend is installed and there is a model."""
    writeEnvironment(home)
    addModel(home, facts_of_a_bundle)


@pytest.fixture
def acting(desktop, monkeypatch):
    """A backend whose jobs a test directs."""
    backend = ActingBackend()
    monkeypatch.setattr("HLFDSegmentationLib.Segment.SegmentRun.startJob", backend)
    return backend


@pytest.fixture
def open_(desktop):
    """Opens the section with its part "Several CTs"."""
    opened = []

    def make(tab: int = 0) -> SegmentBench:
        opened.append(SegmentBench())
        opened[-1].ui.batchSection.collapsed = False
        opened[-1].batch = opened[-1].panel._batch.ui
        opened[-1].batch.batchTabs.currentIndex = tab
        return opened[-1]

    yield make
    for bench in opened:
        bench.close()


def listed(bench) -> dict[str, str]:
    """Name of a CT -> what is said of it, as the list shows them."""
    table = bench.batch.sceneTable
    return {table.item(row, 0).text(): table.item(row, 1).text() for row in range(table.rowCount)}


def check(bench, name: str, isChecked: bool) -> None:
    import qt

    table = bench.batch.sceneTable
    [item] = [table.item(row, 0) for row in range(table.rowCount) if table.item(row, 0).text() == name]
    item.setCheckState(qt.Qt.Checked if isChecked else qt.Qt.Unchecked)


def nodesByName() -> dict:
    return {node.GetName(): node for node in slicer.util.getNodesByClass("vtkMRMLSegmentationNode")}


def hasSurfaces(node) -> bool:
    return node.GetSegmentation().ContainsRepresentation("Closed surface")


def isEnded(bench):
    return lambda: not bench.panel._run.isBusy and not bench.panel._batch.isWaiting


def test_chosen_cts_are_segmented_one_after_the_other_and_the_last_one_is_shown_with_surfaces(ready, open_, acting):
    bench = open_()
    for name in ("a", "b", "left out", "c"):
        addCt(name)
    until(lambda: len(listed(bench)) == 4)
    check(bench, "left out", False)
    assert bench.batch.queueButton.text == "Segment 3 CTs"
    click(bench.batch.queueButton)
    assert listed(bench) == {"a": "at work", "b": "waits", "left out": "", "c": "waits"}
    until(isEnded(bench))
    assert listed(bench) == {"a": "segmented", "b": "segmented", "left out": "", "c": "segmented"}
    nodes = nodesByName()
    assert list(nodes) == [f"{name} segmentation" for name in "abc"]
    assert [hasSurfaces(node) for node in nodes.values()] == [False, False, True]
    assert [bool(node.GetDisplayNode().GetVisibility()) for node in nodes.values()] == [False, False, True]
    assert bench.ui.volumeSelector.currentNode().GetName() == "c"


def test_one_that_cannot_be_segmented_does_not_end_the_others(ready, open_, acting):
    bench = open_()
    addCt("good")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    addCt("good too")
    until(lambda: len(listed(bench)) == 3)
    click(bench.batch.queueButton)
    until(isEnded(bench))
    said = listed(bench)
    assert said == {"good": "segmented", "hollow": "hollow is empty; load the CT again.", "good too": "segmented"}


def test_cancel_ends_the_one_at_work_and_those_that_wait(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt("a")
    addCt("b")
    until(lambda: len(listed(bench)) == 2)
    click(bench.batch.queueButton)
    until(lambda: acting.jobs)
    click(bench.ui.cancelButton)
    acting.become(acting.jobs[0], "cancelled")
    until(isEnded(bench))
    assert listed(bench) == {"a": "cancelled", "b": "not begun"}
    assert len(acting.jobs) == 1


def test_a_queue_that_came_with_a_scene_waits_for_a_click(ready, open_, acting):
    from HLFDSegmentationLib.NodeMarks import markOf
    from HLFDSegmentationLib.Segment.SegmentQueue import SegmentQueue

    bench = open_()
    marks = [markOf(addCt(name)) for name in "ab"]
    parameters = newParameters()
    parameters.queue = SegmentQueue("tiny", marks[1:], {marks[0]: "segmented", marks[1]: "waits"}).toText()
    bench.bench.useParameters(parameters)
    assert listed(bench) == {"a": "segmented", "b": "waits"}
    assert acting.jobs == []
    assert bench.batch.queueButton.text == "Go on with 1"
    click(bench.batch.queueButton)
    until(isEnded(bench))
    assert listed(bench) == {"a": "segmented", "b": "segmented"}
    assert list(nodesByName()) == ["b segmentation"]


def test_a_queue_goes_on_when_the_module_is_entered_again(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt("a")
    addCt("b")
    until(lambda: len(listed(bench)) == 2)
    click(bench.batch.queueButton)
    until(lambda: acting.jobs and bench.panel._run.stage == "working")
    bench.bench.useParameters(newParameters())
    assert listed(bench) == {"a": "at work", "b": "waits"}
    acting.become(acting.jobs[0], "failed", "the disk is full")
    until(lambda: len(acting.jobs) == 2)
    assert listed(bench) == {"a": "a: the disk is full", "b": "at work"}


def test_without_cts_there_is_a_sentence_and_no_list(ready, open_):
    bench = open_()
    assert bench.batch.noCtLabel.isVisible()
    assert not bench.batch.sceneTable.isVisible()
    addCt()
    until(bench.batch.sceneTable.isVisible)
    assert not bench.batch.noCtLabel.isVisible()


def test_a_ct_that_is_deleted_while_it_waits_is_passed_over(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt("a")
    gone = addCt("b")
    until(lambda: len(listed(bench)) == 2)
    click(bench.batch.queueButton)
    until(lambda: acting.jobs)
    slicer.mrmlScene.RemoveNode(gone)
    acting.become(acting.jobs[0], "failed", "the disk is full")
    until(isEnded(bench))
    until(lambda: listed(bench) == {"a": "a: the disk is full"})


def test_what_is_no_queue_in_a_scene_is_taken_for_none(desktop):
    from HLFDSegmentationLib.Segment.SegmentQueue import SegmentQueue

    for text in ("", "{", "[]", '{"waiting": [3]}', '{"said": 1}', '{"another": 1}'):
        assert SegmentQueue.fromText(text) == SegmentQueue()


@pytest.fixture
def ctFolder(tmp_path):
    """Two CTs and a file that is none."""
    folder = tmp_path / "cts of a study"
    folder.mkdir()
    for seed, name in enumerate(("first.nrrd", "second.nii.gz")):
        sitk.WriteImage(sitk.GetImageFromArray(aCt(seed)), str(folder / name))
    (folder / "broken.nrrd").write_text("NRRD0004 and no more")
    return folder


def test_a_folder_is_segmented_as_a_job_and_each_result_loads_by_a_double_click(ready, open_, ctFolder):
    """With the real backend."""
    bench = open_(tab=1)
    batch = bench.batch
    assert not batch.folderButton.enabled
    batch.ctFolderEdit.currentPath = str(ctFolder)
    results = ctFolder.with_name("cts of a study segmented")
    assert batch.resultFolderEdit.currentPath == str(results)
    click(batch.folderButton)
    until(batch.folderButton.isVisible, 90)
    assert batch.folderMessage.text == "CTs segmented: 2. Failed: 1 (double-click one to see why)."
    table = batch.folderTable
    rows = {table.item(row, 0).text(): row for row in range(table.rowCount)}
    assert list(rows) == ["broken", "first", "second"]
    assert table.item(rows["broken"], 1).text() == "failed"
    assert "broken.nrrd" in table.item(rows["broken"], 0).toolTip()
    report = json.loads((results / "second.json").read_text())
    assert table.item(rows["second"], 1).text() == str(len(report["lesions"]))
    table.cellDoubleClicked.emit(rows["second"], 0)
    volume = slicer.util.getNode("second")
    assert sorted(np.unique(slicer.util.arrayFromVolume(volume)))[0] == -1000
    until(lambda: bench.ui.volumeSelector.currentNode() is volume)
    assert bench.ui.lesionTable.rowCount == min(200, len(report["lesions"]))
    table.cellDoubleClicked.emit(rows["broken"], 0)
    assert "broken.nrrd" in batch.folderMessage.text


def test_results_are_proposed_anew_for_each_folder_until_the_user_names_one(open_, tmp_path):
    batch = open_(tab=1).batch
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        batch.ctFolderEdit.currentPath = str(tmp_path / name)
        assert batch.resultFolderEdit.currentPath == str(tmp_path / f"{name} segmented")
    batch.resultFolderEdit.currentPath = str(tmp_path / "mine")
    batch.ctFolderEdit.currentPath = str(tmp_path / "c")
    assert batch.resultFolderEdit.currentPath == str(tmp_path / "mine")


def test_the_folder_of_last_time_is_offered_again_with_results_of_its_own(open_, tmp_path):
    (tmp_path / "a").mkdir()
    first = open_(tab=1)
    first.batch.ctFolderEdit.currentPath = str(tmp_path / "a")
    first.batch.ctFolderEdit.addCurrentPathToHistory()
    batch = open_(tab=1).batch
    assert batch.ctFolderEdit.currentPath == str(tmp_path / "a")
    assert batch.resultFolderEdit.currentPath == str(tmp_path / "a segmented")


def test_a_folder_that_is_not_there_is_refused_and_nothing_is_started(ready, open_, tmp_path, home):
    bench = open_(tab=1)
    bench.batch.ctFolderEdit.currentPath = str(tmp_path / "gone")
    bench.batch.resultFolderEdit.currentPath = str(tmp_path / "results")
    click(bench.batch.folderButton)
    assert f"{tmp_path / 'gone'} is no folder" in bench.batch.folderMessage.text
    assert not (home / ".hlfd" / "jobs").exists()


def test_a_folder_that_is_being_segmented_is_found_again_when_slicer_is_opened(ready, open_, tmp_path, home):
    from hlfd.jobs.folder import create, default_folder

    settings = {"folder": str(tmp_path / "cts"), "model": "m", "out": str(tmp_path / "results")}
    job = create(default_folder(), "segment-folder", settings, tmp_path)
    ActingBackend().become(job, "running", step=3, of=7)
    bench = open_(tab=1)
    until(lambda: bench.batch.folderRunLabel.text == "3 of 7 CTs done")
    click(bench.batch.folderCancelButton)
    assert job.stop_file.exists()
    ActingBackend().become(job, "cancelled")
    until(bench.batch.folderButton.isVisible)
    assert bench.batch.folderMessage.text == "Stopped. CTs segmented: 0. Start it again to go on."
