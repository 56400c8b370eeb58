"""A segmentation on its way: told, cancelled, failed, interrupted, and what a scene does meanwhile."""

import os
import shutil
import threading

import slicer

from Testing.module.segment.segment_bench import (
    ActingBackend,
    aCt,
    addCt,
    click,
    isIdle,
    isSeen,
    leftovers,
    letPass,
    newParameters,
    segmentations,
    until,
)

NOBODY = 2**22 + 1
"""No process has such a number."""


def test_cancel_ends_the_job_and_leaves_nothing(ready, open_, home):
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: bench.panel._run.stage == "working", 30)
    click(bench.ui.cancelButton)
    assert not bench.ui.cancelButton.enabled
    until(isIdle(bench), 30)
    assert bench.ui.outcomeLabel.text == "The segmentation of CT was cancelled."
    assert isSeen(bench.ui.segmentButton)
    assert segmentations() == []
    until(lambda: leftovers(home) == [])


def test_cancel_while_the_ct_is_copied_leaves_nothing(ready, open_, acting, home):
    bench = open_()
    addCt()
    until(lambda: bench.ui.segmentButton.enabled)
    bench.ui.segmentButton.click()
    assert bench.panel._run.stage == "copying"
    bench.ui.cancelButton.click()
    assert not bench.panel._run.isBusy
    letPass(0.3)
    assert acting.jobs == []
    assert leftovers(home) == []


def test_a_job_that_fails_says_why(ready, open_, acting, home):
    acting.state, acting.say = "failed", "killed for lack of memory; close other programs"
    bench = open_()
    addCt()
    bench.segment()
    until(isIdle(bench))
    assert bench.ui.outcomeLabel.text == "CT: killed for lack of memory; close other programs"
    assert segmentations() == []
    until(lambda: leftovers(home) == [acting.jobs[0].name])  # its log is kept, the copy of the CT is not


def test_progress_is_told_in_slices_and_time(ready, open_, acting):
    acting.state = "starting"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: acting.jobs)
    acting.become(acting.jobs[0], "running", step=32, of=280, left_s=300)
    until(lambda: bench.ui.progressBar.maximum == 280)
    assert bench.ui.progressBar.value == 32
    assert bench.ui.runLabel.text == "Segmenting CT: slice 32 of 280, about 5 min left"


def test_a_ct_that_is_removed_stops_its_job(ready, open_, acting):
    acting.state = "running"
    bench, volume = open_(), addCt()
    bench.segment()
    until(lambda: acting.jobs)
    slicer.mrmlScene.RemoveNode(volume)
    until(acting.jobs[0].stop_file.exists)
    acting.become(acting.jobs[0], "cancelled")
    until(isIdle(bench))
    assert segmentations() == []


def test_a_ct_that_was_cropped_in_the_meantime_gets_no_segments_of_another_grid(ready, open_, acting):
    acting.state = "running"
    bench, volume = open_(), addCt()
    bench.segment()
    until(lambda: acting.jobs)
    job = acting.jobs[0]
    slicer.util.updateVolumeFromArray(volume, aCt()[:3])
    acting.state = "done"
    settings = job.request()["settings"]
    shutil.rmtree(job.folder)
    acting(None, "segment", settings, job.name)
    until(isIdle(bench))
    assert "is not the grid of the volume" in bench.ui.outcomeLabel.text
    assert segmentations() == []


def test_a_scene_that_is_closed_during_a_run_leaves_the_next_one_alone(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: bench.bench.parameters.segmentation)
    bench.bench.useParameters(None)
    slicer.mrmlScene.Clear(False)
    bench.bench.useParameters(newParameters())
    acting.become(acting.jobs[0], "done")
    letPass(0.5)
    assert not bench.panel._run.isBusy
    assert segmentations() == []
    assert not acting.jobs[0].stop_file.exists()


def test_a_look_into_another_module_does_not_end_a_segmentation(ready, open_, acting):
    bench = open_()
    addCt()
    until(lambda: bench.ui.segmentButton.enabled)
    bench.ui.segmentButton.click()
    for stage in ("copying", "loading"):
        until(lambda stage=stage: bench.panel._run.stage == stage)
        bench.bench.useParameters(bench.bench.parameters)  # as when the module is entered, or a scene is added
        assert bench.panel._run.stage == stage
    until(isIdle(bench))
    assert bench.ui.outcomeLabel.text == "CT was segmented."
    assert len(segmentations()) == 1
    assert bench.bench.parameters.segmentation == ""


def test_a_scene_that_is_added_to_this_one_takes_the_running_segmentation_over(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: bench.bench.parameters.segmentation)
    kept, added = bench.bench.parameters.segmentation, newParameters()
    bench.bench.useParameters(added)
    assert added.segmentation == kept


def test_what_a_scene_has_chosen_outlasts_the_reading_of_its_nodes(ready, open_):
    bench, scene = open_(), slicer.mrmlScene
    scene.StartState(scene.ImportState)
    addCt("first")
    bench.bench.parameters.volume = addCt("chosen")
    bench.ui.volumeSelector.setCurrentNodeIndex(0)  # as a selector may, while nodes come
    scene.EndState(scene.ImportState)
    bench.bench.useParameters(bench.bench.parameters)
    assert bench.ui.volumeSelector.currentNode().GetName() == "chosen"


def test_a_segmentation_that_was_interrupted_says_so_in_words_of_the_panel(ready, open_, acting):
    acting.state = "running"
    bench = open_()
    addCt()
    bench.segment()
    until(lambda: acting.jobs and bench.panel._run.stage == "working")
    acting.become(acting.jobs[0], "running", pid=NOBODY)
    until(isIdle(bench))
    assert bench.ui.outcomeLabel.text.startswith("The segmentation of CT was interrupted")


def test_what_was_given_up_while_it_started_is_stopped_and_cleared_away(home, desktop):
    from HLFDSegmentationLib.Segment.SegmentFiles import clearAway, folderOf

    folder, backend = folderOf("given-up"), ActingBackend("running")
    folder.mkdir(parents=True)
    job = backend(None, "segment", {"out": str(folder / "labels.nrrd")}, "given-up")
    thread = threading.Thread(target=clearAway, args=("given-up", False), daemon=True)
    thread.start()
    until(job.stop_file.exists)
    assert folder.exists()
    backend.become(job, "cancelled")
    thread.join(20)
    assert leftovers(home) == []


def test_a_run_whose_files_are_gone_says_so(ready, open_):
    from HLFDSegmentationLib.NodeMarks import markOf
    from HLFDSegmentationLib.Segment.SegmentFiles import Running

    bench, volume = open_(), addCt()
    parameters = newParameters()
    parameters.segmentation = Running("segment-of-another-computer", markOf(volume), "tiny").toText()
    bench.bench.useParameters(parameters)
    until(isIdle(bench))
    assert "is not on this computer any more" in bench.ui.outcomeLabel.text


def test_copies_of_cts_and_old_leftovers_are_swept_when_the_section_is_entered(ready, open_, acting, home):
    place = home / ".hlfd" / "segmentations"
    for name in ("of-a-crash", "a-month-ago", "at-work", "filled-now"):
        (place / name).mkdir(parents=True)
        (place / name / "ct.nrrd").write_text("voxels")
    month = 31 * 86400
    for name, state in (("of-a-crash", "failed"), ("a-month-ago", "done"), ("at-work", "running")):
        acting.state = "queued"
        acting.become(acting(None, "segment", {"out": str(place / name / "labels.nrrd")}, name), state)
    old = (place / "a-month-ago").stat().st_mtime - month
    os.utime(place / "a-month-ago", (old, old))
    open_()
    until(lambda: not (place / "a-month-ago").exists() and not (place / "of-a-crash" / "ct.nrrd").exists())
    assert (place / "at-work" / "ct.nrrd").exists()
    assert (place / "filled-now" / "ct.nrrd").exists()
