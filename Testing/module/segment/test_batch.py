"""Several CTs of the scene, one after the other."""

import slicer

from Testing.module.segment.segment_bench import addCt, click, newParameters, until


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


def test_chosen_cts_are_segmented_one_after_the_other_and_the_last_one_is_shown_with_surfaces(ready, openBatch, acting):
    bench = openBatch()
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


def test_one_that_cannot_be_segmented_does_not_end_the_others(ready, openBatch, acting):
    bench = openBatch()
    addCt("good")
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "hollow")
    addCt("good too")
    until(lambda: len(listed(bench)) == 3)
    click(bench.batch.queueButton)
    until(isEnded(bench))
    said = listed(bench)
    assert said == {"good": "segmented", "hollow": "hollow is empty; load the CT again.", "good too": "segmented"}


def test_cancel_ends_the_one_at_work_and_those_that_wait(ready, openBatch, acting):
    acting.state = "running"
    bench = openBatch()
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


def test_a_queue_that_came_with_a_scene_waits_for_a_click(ready, openBatch, acting):
    from HLFDSegmentationLib.NodeMarks import markOf
    from HLFDSegmentationLib.Segment.SegmentQueue import SegmentQueue

    bench = openBatch()
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


def test_a_queue_goes_on_when_the_module_is_entered_again(ready, openBatch, acting):
    acting.state = "running"
    bench = openBatch()
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


def test_without_cts_there_is_a_sentence_and_no_list(ready, openBatch):
    bench = openBatch()
    assert bench.batch.noCtLabel.isVisible()
    assert not bench.batch.sceneTable.isVisible()
    addCt()
    until(bench.batch.sceneTable.isVisible)
    assert not bench.batch.noCtLabel.isVisible()


def test_a_ct_that_is_deleted_while_it_waits_is_passed_over(ready, openBatch, acting):
    acting.state = "running"
    bench = openBatch()
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
