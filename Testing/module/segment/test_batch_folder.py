"""Several CTs in a folder on disk, segmented by one job."""

import json

import numpy as np
import pytest
import SimpleITK as sitk
import slicer

from Testing.module.segment.segment_bench import ActingBackend, aCt, click, until


@pytest.fixture
def ctFolder(tmp_path):
    """Two CTs and a file that is none."""
    folder = tmp_path / "cts of a study"
    folder.mkdir()
    for seed, name in enumerate(("first.nrrd", "second.nii.gz")):
        sitk.WriteImage(sitk.GetImageFromArray(aCt(seed)), str(folder / name))
    (folder / "broken.nrrd").write_text("NRRD0004 and no more")
    return folder


def test_a_folder_is_segmented_as_a_job_and_each_result_loads_by_a_double_click(ready, openBatch, ctFolder):
    """With the real backend."""
    bench = openBatch(tab=1)
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


def test_results_are_proposed_anew_for_each_folder_until_the_user_names_one(openBatch, tmp_path):
    batch = openBatch(tab=1).batch
    for name in ("a", "b", "c"):
        (tmp_path / name).mkdir()
    for name in ("a", "b"):
        batch.ctFolderEdit.currentPath = str(tmp_path / name)
        assert batch.resultFolderEdit.currentPath == str(tmp_path / f"{name} segmented")
    batch.resultFolderEdit.currentPath = str(tmp_path / "mine")
    batch.ctFolderEdit.currentPath = str(tmp_path / "c")
    assert batch.resultFolderEdit.currentPath == str(tmp_path / "mine")


def test_the_folder_of_last_time_is_offered_again_with_results_of_its_own(openBatch, tmp_path):
    (tmp_path / "a").mkdir()
    first = openBatch(tab=1)
    first.batch.ctFolderEdit.currentPath = str(tmp_path / "a")
    first.batch.ctFolderEdit.addCurrentPathToHistory()
    batch = openBatch(tab=1).batch
    assert batch.ctFolderEdit.currentPath == str(tmp_path / "a")
    assert batch.resultFolderEdit.currentPath == str(tmp_path / "a segmented")


def test_a_folder_that_is_not_there_is_refused_and_nothing_is_started(ready, openBatch, tmp_path, home):
    bench = openBatch(tab=1)
    bench.batch.ctFolderEdit.currentPath = str(tmp_path / "gone")
    bench.batch.resultFolderEdit.currentPath = str(tmp_path / "results")
    click(bench.batch.folderButton)
    assert f"{tmp_path / 'gone'} is no folder" in bench.batch.folderMessage.text
    assert not (home / ".hlfd" / "jobs").exists()


def test_a_folder_that_is_being_segmented_is_found_again_when_slicer_is_opened(ready, openBatch, tmp_path, home):
    from hlfd.jobs.folder import create, default_folder

    settings = {"folder": str(tmp_path / "cts"), "model": "m", "out": str(tmp_path / "results")}
    job = create(default_folder(), "segment-folder", settings, tmp_path)
    ActingBackend().become(job, "running", step=3, of=7)
    bench = openBatch(tab=1)
    until(lambda: bench.batch.folderRunLabel.text == "3 of 7 CTs done")
    click(bench.batch.folderCancelButton)
    assert job.stop_file.exists()
    ActingBackend().become(job, "cancelled")
    until(bench.batch.folderButton.isVisible)
    assert bench.batch.folderMessage.text == "Stopped. CTs segmented: 0. Start it again to go on."
