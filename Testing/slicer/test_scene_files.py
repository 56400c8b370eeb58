"""Files through Slicer's storage nodes: nothing lost, nothing turned without notice."""

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
import slicer
from vtk.util.numpy_support import vtk_to_numpy

from HLFDSegmentationLib.Headless import headlessScene
from HLFDSegmentationLib.SceneFiles import (
    loadLabelArray,
    loadScene,
    loadSegmentation,
    loadVolume,
    removeWithHelpers,
    saveScene,
)
from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation, segmentationFromLabelArray, segmentsOf
from slicer_phantoms import SHAPE_ZYX, axisOrders, randomLabels

READ_BACK = """
import json, sys
import numpy as np
from HLFDSegmentationLib.Grids import dimensionsOf, ijkToRasOf
from HLFDSegmentationLib.Headless import headlessScene
from HLFDSegmentationLib.SceneFiles import loadScene
from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation, segmentsOf
from vtk.util.numpy_support import vtk_to_numpy

with headlessScene() as scene:
    loadScene(scene, sys.argv[1])
    volume = scene.GetFirstNodeByClass("vtkMRMLScalarVolumeNode")
    node = scene.GetFirstNodeByClass("vtkMRMLSegmentationNode")
    voxels = vtk_to_numpy(volume.GetImageData().GetPointData().GetScalars()).reshape(dimensionsOf(volume)[::-1])
    print(json.dumps({
        "ct": voxels.tolist(), "dtype": str(voxels.dtype), "ijkToRas": ijkToRasOf(volume).tolist(),
        "labels": labelArrayFromSegmentation(node, volume, {"tumour": 7, "kidney": 1, "cyst": 3}).tolist(),
        "segments": [[s.GetName(), s.GetColor(), s.GetTerminology()] for _, s in segmentsOf(node)],
        "names": [volume.GetName(), node.GetName()], "hasDisplay": node.GetDisplayNode() is not None,
    }))
"""


def writeImage(path, array_zyx, axes=None, spacing=(1.0, 1.7, 2.9), origin=(10.0, -20.5, 33.0)):
    image = sitk.GetImageFromArray(array_zyx)
    image.SetSpacing(spacing)
    image.SetOrigin(origin)
    image.SetDirection((np.eye(3) if axes is None else axes).ravel().tolist())
    sitk.WriteImage(image, str(path))
    return path


def inAnotherAxisOrder(path, array_zyx, axes):
    """The same voxels at the same places, stored along other axes; worked out apart from the library."""
    order, signs = np.abs(axes).argmax(0), axes.sum(0)
    array = array_zyx.transpose([2 - order[2], 2 - order[1], 2 - order[0]])
    corner = np.array([10.0, -20.5, 33.0])
    for stored, (axis, sign) in enumerate(zip(order, signs, strict=True)):
        if sign < 0:
            array = np.flip(array, 2 - stored)
            corner[axis] += (SHAPE_ZYX[2 - axis] - 1) * (1.0, 1.7, 2.9)[axis]
    spacing = [(1.0, 1.7, 2.9)[axis] for axis in order]
    return writeImage(path, np.ascontiguousarray(array), axes, spacing, corner.tolist())


@pytest.fixture
def ctPath(tmp_path):
    return writeImage(tmp_path / "ct.nii.gz", np.random.default_rng(1).integers(-1000, 1000, SHAPE_ZYX, np.int16))


@pytest.mark.parametrize("suffix", ["nrrd", "nii.gz"])
def test_a_volume_file_becomes_a_node_with_its_voxels_and_places(scene, tmp_path, suffix):
    array = np.random.default_rng(1).integers(-1000, 1000, SHAPE_ZYX, np.int16)
    node = loadVolume(scene, writeImage(tmp_path / f"patient.{suffix}", array))
    assert node.GetName() == "patient"
    assert np.array_equal(vtk_to_numpy(node.GetImageData().GetPointData().GetScalars()), array.ravel())
    assert node.GetOrigin() == pytest.approx((-10.0, 20.5, 33.0), abs=1e-4)
    assert node.GetSpacing() == pytest.approx((1.0, 1.7, 2.9), abs=1e-6)


@pytest.mark.parametrize("axes", axisOrders(), ids=lambda axes: str((axes @ (1, 2, 3)).astype(int)))
def test_a_label_map_in_any_axis_order_lands_on_the_voxels_of_the_ct(scene, ctPath, tmp_path, axes):
    labels_zyx = randomLabels()
    path = inAnotherAxisOrder(tmp_path / "labels.nrrd", labels_zyx, axes)
    assert np.array_equal(loadLabelArray(scene, path, loadVolume(scene, ctPath)), labels_zyx)


def test_a_ct_in_a_left_handed_order_gets_its_labels_where_they_belong(scene, tmp_path):
    """Slicer turns such a grid as it loads, so neither array is in the order of the files."""
    bright = np.where(randomLabels() == 7, 900, -900).astype(np.int16)
    mirrored = np.diag((1.0, 1.0, -1.0))
    volumeNode = loadVolume(scene, writeImage(tmp_path / "ct.nrrd", bright, mirrored))
    labels_zyx = loadLabelArray(scene, writeImage(tmp_path / "l.nrrd", randomLabels(), mirrored), volumeNode)
    voxels = vtk_to_numpy(volumeNode.GetImageData().GetPointData().GetScalars()).reshape(SHAPE_ZYX)
    assert np.array_equal(labels_zyx == 7, voxels == 900)
    assert not np.array_equal(voxels, bright)


@pytest.mark.parametrize(
    "change",
    [
        {"spacing": (1.0, 1.7, 3.0)},
        {"origin": (10.5, -20.5, 33.0)},
        {"origin": (11.0, -20.5, 33.0)},
        {"array_zyx": randomLabels((5, 6, 8))},
        {"axes": np.array([[1, 0, 0], [0, 0.8, -0.6], [0, 0.6, 0.8]])},
    ],
    ids=["spacing", "half a voxel", "one voxel", "size", "tilt"],
)
def test_a_label_map_on_another_grid_is_refused_and_leaves_nothing(scene, ctPath, tmp_path, change):
    volumeNode = loadVolume(scene, ctPath)
    path = writeImage(tmp_path / "labels.nii.gz", **({"array_zyx": randomLabels()} | change))
    before = scene.GetNumberOfNodes()
    with pytest.raises(ValueError, match=r"labels.nii.gz: .* is not the grid of the volume, 7 x 6 x 5 voxels"):
        loadLabelArray(scene, path, volumeNode)
    assert scene.GetNumberOfNodes() == before


def test_whole_numbers_stored_as_floating_point_are_labels(scene, ctPath, tmp_path):
    path = writeImage(tmp_path / "labels.nii.gz", randomLabels().astype(np.float64))
    assert np.array_equal(loadLabelArray(scene, path, loadVolume(scene, ctPath)), randomLabels())


@pytest.mark.parametrize("oddOne", [0.5, np.nan, np.inf])
def test_fractions_are_no_labels(scene, ctPath, tmp_path, oddOne):
    array = randomLabels().astype(np.float32)
    array[0, 0, 0] = oddOne
    path = writeImage(tmp_path / "labels.nrrd", array)
    with pytest.raises(ValueError, match=r"labels.nrrd: the labels hold fractions"):
        loadLabelArray(scene, path, loadVolume(scene, ctPath))


def test_a_picture_in_colour_is_no_ct(scene, tmp_path):
    sitk.WriteImage(
        sitk.GetImageFromArray(np.zeros((*SHAPE_ZYX, 3), np.uint8), isVector=True), str(tmp_path / "c.nrrd")
    )
    before = scene.GetNumberOfNodes()
    with pytest.raises(ValueError, match=r"c.nrrd could not be read"):
        loadVolume(scene, tmp_path / "c.nrrd")
    assert scene.GetNumberOfNodes() == before


@pytest.mark.parametrize("suffix", ["nii", "nii.gz"])
def test_a_file_that_was_cut_off_is_refused(scene, tmp_path, suffix):
    array = np.random.default_rng(1).integers(-1000, 1000, (20, 20, 20), np.int16)
    path = writeImage(tmp_path / f"ct.{suffix}", array)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ValueError, match=rf"ct.{suffix} (is cut off|has fewer voxels)"):
        loadVolume(scene, path)


@pytest.mark.parametrize("load", [loadVolume, loadSegmentation])
def test_a_file_that_is_no_image_is_refused_in_silence(scene, tmp_path, load, capfd):
    (tmp_path / "notes.seg.nrrd").write_text("not an image")
    before = scene.GetNumberOfNodes()
    with pytest.raises(ValueError, match=r"notes.seg.nrrd could not be read"):
        load(scene, tmp_path / "notes.seg.nrrd")
    assert scene.GetNumberOfNodes() == before
    assert "ERR" not in capfd.readouterr().err


def test_a_file_that_is_not_there_is_refused(scene, tmp_path):
    with pytest.raises(ValueError, match="is not a file"):
        loadVolume(scene, tmp_path / "nowhere.nrrd")


def test_a_seg_nrrd_keeps_voxels_names_colours_and_terminology(
    scene, aVolumeNode, obliqueIjkToRas, segmentLabels, nameToValue, tmp_path
):
    volumeNode = aVolumeNode(obliqueIjkToRas)
    node = segmentationFromLabelArray(volumeNode, randomLabels(), segmentLabels, "result")
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(tmp_path / "result.seg.nrrd"))
    assert storage.WriteData(node)
    loaded = loadSegmentation(scene, tmp_path / "result.seg.nrrd")
    assert np.array_equal(labelArrayFromSegmentation(loaded, volumeNode, nameToValue), randomLabels())
    for label, (_, segment) in zip(segmentLabels, segmentsOf(loaded), strict=True):
        assert (segment.GetName(), segment.GetTerminology()) == (label.name, label.terminology)
        assert segment.GetColor() == pytest.approx(label.color, abs=1e-6)


def test_a_new_process_reads_from_the_mrb_what_was_saved(
    scene, aVolumeNode, aTransformNode, obliqueIjkToRas, segmentLabels, tmp_path, moduleFolder
):
    volumeNode = aVolumeNode(obliqueIjkToRas)
    volumeNode.SetAndObserveTransformNodeID(aTransformNode(obliqueIjkToRas).GetID())
    voxels = vtk_to_numpy(volumeNode.GetImageData().GetPointData().GetScalars()).reshape(SHAPE_ZYX)
    segmentationFromLabelArray(volumeNode, randomLabels(), segmentLabels, "result of the student")
    saveScene(scene, tmp_path / "scene.mrb")
    command = [sys.executable, "-c", READ_BACK, str(tmp_path / "scene.mrb")]
    found = json.loads(subprocess.run(command, cwd=moduleFolder, check=True, capture_output=True).stdout)
    assert np.array_equal(found["ct"], voxels)
    assert found["dtype"] == str(voxels.dtype)
    assert np.allclose(found["ijkToRas"], obliqueIjkToRas, atol=1e-6)
    assert np.array_equal(found["labels"], randomLabels())
    assert found["names"] == ["CT", "result of the student"]
    assert found["hasDisplay"]
    for label, (name, color, terminology) in zip(segmentLabels, found["segments"], strict=True):
        assert (name, terminology) == (label.name, label.terminology)
        assert color == pytest.approx(label.color, abs=1e-6)


def test_a_scene_is_saved_as_mrb_only(scene, tmp_path):
    with pytest.raises(ValueError, match=r"scene.mrml is no .mrb file name"):
        saveScene(scene, tmp_path / "scene.mrml")


def test_a_file_that_is_no_scene_is_refused(scene, tmp_path):
    with pytest.raises(ValueError, match=r"could not be read as a .mrb scene"):
        loadScene(scene, tmp_path / "nowhere.mrb")


def test_a_removed_node_takes_its_helpers_along(scene, ctPath):
    before = scene.GetNumberOfNodes()
    removeWithHelpers(scene, loadVolume(scene, ctPath))
    assert scene.GetNumberOfNodes() == before


def test_a_headless_scene_gives_back_what_was_there_before(scene):
    assert slicer.mrmlScene is scene
    with headlessScene() as inner:
        assert slicer.mrmlScene is inner
    assert slicer.mrmlScene is scene


def test_a_headless_scene_is_refused_inside_of_slicer(monkeypatch):
    monkeypatch.setattr(slicer, "app", object(), raising=False)
    with pytest.raises(RuntimeError, match=r"use slicer.mrmlScene"), headlessScene():
        pass
