"""Cases are written to a dataset folder that `hlfd prepare` reads: the right voxels, whole or not at all."""

import csv
import json
import os
import shutil
import threading

import numpy as np
import pytest
import SimpleITK as sitk
from vtk.util.numpy_support import vtk_to_numpy

from case_scenes import (
    SPACING,
    addLabelMap,
    addSegmentation,
    caseList,
    ctArray,
    expected,
    looked,
    organMask,
    tumourMask,
)
from hlfd.cli import main
from hlfd.data.store import Store
from HLFDSegmentationLib.Cases import CaseExport as exporting
from HLFDSegmentationLib.Cases.CasePlan import planOfScene
from HLFDSegmentationLib.Words import Refusal
from slicer_phantoms import fourByFour

MASKS = {"kidney": organMask(), "tumour": tumourMask(), "cyst": organMask() & ~tumourMask()}


def fully(export) -> None:
    while not export.step():
        pass


@pytest.fixture
def turned() -> np.ndarray:
    """The axes of the file run to inferior, left and anterior; no resampling is needed to undo that."""
    return fourByFour(np.array([[0, 0, 3.0], [0, 0.8, 0], [-0.8, 0, 0]]))


@pytest.fixture
def cases(scene, aVolumeNode, obliqueIjkToRas, turned):
    """Three CTs: an oblique one with overlapping segments, one with turned axes, one with a label map of floats' CT."""
    oblique = aVolumeNode(obliqueIjkToRas, ctArray(), "Mr Somebody")
    other = aVolumeNode(turned, ctArray(1), "turned")
    third = aVolumeNode(SPACING, ctArray(2).astype(np.float32) + 0.25, "third")
    labels = [addSegmentation(oblique, MASKS), addSegmentation(other, MASKS), addLabelMap(third, expected())]
    return caseList(*zip((oblique, other, third), labels, strict=True))


@pytest.fixture
def plan(cases, scene):
    return planOfScene(cases, scene, looked(cases, scene).of)


def test_a_plan_says_what_is_there(plan):
    assert (plan.count, plan.organ, plan.task, plan.warnings) == (3, "kidney", "kidney", [])
    assert plan.summary == "3 cases of 3 patients: 1 for training, 1 for validation, 1 for test"


def test_prepare_finds_the_right_voxels_in_the_store(plan, tmp_path, turned):
    export = plan.beginExport(tmp_path / "data")
    fully(export)
    assert (export.total, export.done) == (3, 3)
    settings = tmp_path / "settings.json"
    settings.write_text(json.dumps({**export.prepareSettings(), "store": str(tmp_path / "store"), "own_pixels": True}))
    assert main(["prepare", "--settings", str(settings)]) == 0
    store = Store(tmp_path / "store")
    hu, labels = slices(store, "case_0002")
    assert np.array_equal(hu, canonical(ctArray(1), turned))
    assert np.array_equal(labels, canonical(expected(), turned))
    assert np.array_equal(slices(store, "case_0003")[0], canonical(ctArray(2), SPACING))


def slices(store, name: str):
    case = next(one for one in store.manifest.cases if one.name == name)
    found = store.slices(case)
    return np.asarray(found.hu), np.asarray(found.labels)


def canonical(array_zyx: np.ndarray, ijkToRas: np.ndarray) -> np.ndarray:
    """Voxels towards superior, posterior and left, one by one."""
    ijkToLps = np.diag((-1, -1, 1)) @ ijkToRas[:3, :3]
    points = {tuple(ijkToLps @ ijk[::-1]): array_zyx[ijk] for ijk in np.ndindex(array_zyx.shape)}
    axes = [sorted({round(point[axis], 3) for point in points}) for axis in (2, 1, 0)]
    found = np.zeros([len(axis) for axis in axes], array_zyx.dtype)
    for point, value in points.items():
        found[tuple(axes[at].index(round(point[2 - at], 3)) for at in range(3))] = value
    return found


def test_an_oblique_ct_is_written_where_it_is(plan, tmp_path, obliqueIjkToRas):
    fully(plan.beginExport(tmp_path / "data"))
    image = sitk.ReadImage(str(tmp_path / "data" / "case_0001" / "imaging.nrrd"))
    labels = sitk.ReadImage(str(tmp_path / "data" / "case_0001" / "segmentation.nrrd"))
    assert np.array_equal(sitk.GetArrayFromImage(image), ctArray())
    assert np.array_equal(sitk.GetArrayFromImage(labels), expected())
    corner = np.diag((-1, -1, 1)) @ (obliqueIjkToRas @ (15, 13, 5, 1))[:3]
    for one in (image, labels):
        np.testing.assert_allclose(one.TransformIndexToPhysicalPoint((15, 13, 5)), corner, atol=1e-6)


def test_a_linear_transform_moves_the_file_as_it_moves_the_view(cases, scene, tmp_path, aTransformNode, aVolumeNode):
    turn = np.eye(4)
    turn[:3, :3], turn[:3, 3] = [[0, -1, 0], [1, 0, 0], [0, 0, 1]], (5, 6, 7)
    ct = aVolumeNode(SPACING, ctArray())
    ct.SetAndObserveTransformNodeID(aTransformNode(turn).GetID())
    moved = caseList((ct, addSegmentation(ct, MASKS)))
    fully(planOfScene(moved, scene, looked(moved, scene).of).beginExport(tmp_path / "data"))
    image = sitk.ReadImage(str(tmp_path / "data" / "case_0001" / "imaging.nrrd"))
    np.testing.assert_allclose(
        image.TransformIndexToPhysicalPoint((2, 3, 1)), np.diag((-1, -1, 1)) @ (turn @ SPACING @ (2, 3, 1, 1))[:3]
    )


def test_no_name_of_a_patient_is_in_what_is_written(plan, tmp_path):
    fully(plan.beginExport(tmp_path / "data"))
    files = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert not any(b"Somebody" in path.read_bytes() or "Somebody" in str(path) for path in files)
    with (tmp_path / "data" / "patients.csv").open() as stream:
        assert next(tuple(row.values()) for row in csv.DictReader(stream)) == ("case_0001", "patient-1")


def test_the_division_is_that_of_the_plan(cases, scene, tmp_path):
    for row, part in zip(cases.rows, ("training", "test", "training"), strict=True):
        row.part = part
    fully(planOfScene(cases, scene, looked(cases, scene).of).beginExport(tmp_path / "data"))
    parts = json.loads((tmp_path / "data" / "splits.json").read_text())
    assert parts == {"training": ["case_0001", "case_0003"], "validation": [], "test": ["case_0002"]}


def test_a_case_that_is_left_out_is_not_written(cases, scene, tmp_path):
    cases.rows[1].part = "none"
    plan = planOfScene(cases, scene, looked(cases, scene).of)
    fully(plan.beginExport(tmp_path / "data"))
    assert sorted(path.name for path in (tmp_path / "data").glob("case_*")) == ["case_0001", "case_0003"]


@pytest.fixture
def smallSteps(monkeypatch):
    """A step does as little as it can."""
    monkeypatch.setattr(exporting, "STEP_S", 0.0)


def test_before_its_end_nothing_is_there_and_after_a_cancel_nothing_is_left(plan, tmp_path, smallSteps):
    export = plan.beginExport(tmp_path / "here" / "data")
    while export.done < 2:
        export.step()
    assert not (tmp_path / "here" / "data").exists()
    export.cancel()
    assert list((tmp_path / "here").iterdir()) == []


def test_a_cancel_while_a_file_is_written_removes_it_when_it_is(plan, tmp_path, smallSteps, monkeypatch):
    goOn, isWriting, write = threading.Event(), threading.Event(), exporting.writeCase

    def slowly(folder, copy):
        isWriting.set()
        goOn.wait(20)
        write(folder, copy)

    monkeypatch.setattr(exporting, "writeCase", slowly)
    export = plan.beginExport(tmp_path / "here" / "data")
    while not isWriting.is_set():
        export.step()
    export.cancel()
    writer = next(one for one in threading.enumerate() if one.name == "HLFDSegmentation export")
    goOn.set()
    writer.join(20)
    assert list((tmp_path / "here").iterdir()) == []


def test_a_node_that_goes_meanwhile_ends_it_in_a_sentence(plan, cases, scene, tmp_path, smallSteps):
    export = plan.beginExport(tmp_path / "here" / "data")
    while export.done < 1:
        export.step()
    scene.Clear(False)
    with pytest.raises(Refusal, match="its CT or labels are not in the scene any more; start again without the case"):
        fully(export)
    assert list((tmp_path / "here").iterdir()) == []


def test_a_folder_that_has_something_in_it_is_not_written_to(plan, tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "mine.txt").touch()
    with pytest.raises(Refusal, match=r"data: already exists; choose another name\.$"):
        fully(plan.beginExport(tmp_path / "data"))
    assert [path.name for path in tmp_path.iterdir()] == ["data"]


def test_too_little_room_is_told_before_anything_is_written(plan, tmp_path, monkeypatch):
    free = shutil.disk_usage(tmp_path)._replace(free=1000)
    monkeypatch.setattr(exporting.shutil, "disk_usage", lambda place: free)
    with pytest.raises(Refusal, match=r"0\.0 GB are free, and the cases take 0\.1 GB; free space, or use fewer"):
        fully(plan.beginExport(tmp_path / "data"))
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_is_no_folder_is_told(plan, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match="file"):
        fully(plan.beginExport(tmp_path / "file" / "data"))


def test_voxels_that_are_no_numbers_are_refused_by_name(scene, aVolumeNode, tmp_path):
    array = ctArray().astype(np.float32)
    ct = aVolumeNode(SPACING, array)
    cases = caseList((ct, addSegmentation(ct, MASKS)))
    plan = planOfScene(cases, scene, looked(cases, scene).of)
    vtk_to_numpy(ct.GetImageData().GetPointData().GetScalars())[5] = np.inf
    with pytest.raises(Refusal, match="case_0001: its CT has voxels that are no numbers; load it again"):
        fully(plan.beginExport(tmp_path / "data"))
    assert list(tmp_path.iterdir()) == []


def test_what_an_export_left_that_was_killed_is_swept_up_later(plan, tmp_path):
    left = tmp_path / "old" / ".hlfd-part-cases-abc"
    left.mkdir(parents=True)
    os.utime(left, (0, 0))
    young = tmp_path / "new" / ".hlfd-part-cases-def"
    young.mkdir(parents=True)
    fully(plan.beginExport(tmp_path / "mine" / "data"))
    assert not left.exists()
    assert young.exists()


def test_plans_that_cannot_be_are_refused(scene, cases, aVolumeNode):
    with pytest.raises(Refusal, match="There are no cases yet"):
        planOfScene(caseList(), scene, looked(caseList(), scene).of)
    ct = aVolumeNode(SPACING, ctArray())
    healthy = caseList((ct, addSegmentation(ct, {"kidney": organMask()})))
    with pytest.raises(Refusal, match="No case has tumour: tell under Cases which segment is the tumour"):
        planOfScene(healthy, scene, looked(healthy, scene).of)
    unusable = caseList((ct, None))
    with pytest.raises(Refusal, match="None of the 1 cases can be used; see under Cases why"):
        planOfScene(unusable, scene, looked(unusable, scene).of)
    for row in cases.rows:
        row.part = "test"
    with pytest.raises(Refusal, match="No case for training has tumour; let one with a tumour train"):
        planOfScene(cases, scene, looked(cases, scene).of)
