"""Segmentation files, read back by those that will read them: slicerio, SimpleITK and Slicer's own core."""

import json
import subprocess
import sys

import numpy as np
import pytest
import SimpleITK as sitk
import slicerio

from hlfd.catalogue import make_labels
from hlfd.data.frames import Frame
from hlfd.data.image_files import write_image
from hlfd.data.volumes import frame_of
from hlfd.errors import InputError
from hlfd.inference.output import check_output_name, write_segmentation

READ_WITH_SLICER = """
import json, sys
import slicer, vtk
from vtk.util.numpy_support import vtk_to_numpy
scene = slicer.vtkMRMLScene()
node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode")
storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
storage.SetFileName(sys.argv[1])
assert storage.ReadData(node)
found = []
for index in range(node.GetSegmentation().GetNumberOfSegments()):
    segment_id = node.GetSegmentation().GetNthSegmentID(index)
    segment = node.GetSegmentation().GetSegment(segment_id)
    image = slicer.vtkOrientedImageData()
    node.GetBinaryLabelmapRepresentation(segment_id, image)
    matrix = vtk.vtkMatrix4x4()
    image.GetImageToWorldMatrix(matrix)
    found.append({
        "id": segment_id, "name": segment.GetName(), "color": segment.GetColor(), "value": segment.GetLabelValue(),
        "terminology": segment.GetTerminology(), "size": image.GetDimensions(),
        "voxels": vtk_to_numpy(image.GetPointData().GetScalars()).tolist(),
        "ijk_to_ras": [[matrix.GetElement(row, column) for column in range(4)] for row in range(4)],
    })
print(json.dumps(found))
"""


@pytest.fixture
def labels():
    """Label values x y z; without any symmetry."""
    return np.random.default_rng(2).choice(np.array([0, 1, 2], np.uint8), size=(7, 6, 5), p=[0.6, 0.3, 0.1])


@pytest.fixture
def named():
    return make_labels(("kidney", "tumor"), "kidney")


@pytest.fixture
def slicer_file(labels, named, oriented, oblique, tmp_path):
    """The labels in a patient who lies oblique, as a .seg.nrrd, and the same as an image."""
    image = oriented(labels, (1, 2, 0), (1, -1, -1), turned=oblique)
    file = tmp_path / "found.seg.nrrd"
    frame = frame_of(image)
    write_segmentation(file, frame.canonical_array(sitk.GetArrayFromImage(image)), frame, named)
    return file, image


def test_slicer_reads_names_colours_terminology_and_every_voxel(slicer_file, named):
    file, image = slicer_file
    run = [sys.executable, "-c", READ_WITH_SLICER, str(file)]
    segments = json.loads(subprocess.run(run, check=True, capture_output=True, text=True).stdout)
    assert [segment["name"] for segment in segments] == ["kidney", "tumor"]
    for segment, label in zip(segments, named, strict=True):
        assert segment["value"] == label.value
        assert segment["terminology"] == label.terminology
        np.testing.assert_allclose(segment["color"], label.color_rgb, atol=1e-6)
        voxels = np.reshape(segment["voxels"], segment["size"][::-1])
        np.testing.assert_array_equal(voxels, sitk.GetArrayFromImage(image) == label.value)
        np.testing.assert_allclose(segment["ijk_to_ras"], ijk_to_ras(image), atol=1e-5)


def ijk_to_ras(image):
    """Where ITK puts the first voxel and its neighbours, with the first two senses turned from LPS to RAS."""
    first = np.array(image.TransformIndexToPhysicalPoint((0, 0, 0)))
    steps = [image.TransformIndexToPhysicalPoint(tuple(row)) - first for row in np.eye(3, dtype=int).tolist()]
    return np.diag([-1, -1, 1, 1]) @ np.vstack([np.column_stack([*steps, first]), [0, 0, 0, 1]])


def test_slicerio_reads_the_same_segments(slicer_file, named):
    file, image = slicer_file
    found = slicerio.read_segmentation(str(file))
    assert [segment["name"] for segment in found["segments"]] == ["kidney", "tumor"]
    assert [segment["labelValue"] for segment in found["segments"]] == [1, 2]
    codes = [segment["terminology"]["type"][1:] for segment in found["segments"]]
    assert codes == [["64033007", "Kidney"], ["108369006", "Neoplasm"]]
    np.testing.assert_allclose([segment["color"] for segment in found["segments"]], [one.color_rgb for one in named])
    np.testing.assert_array_equal(found["voxels"].transpose(), sitk.GetArrayFromImage(image))


def test_a_label_without_voxels_is_still_a_segment(labels, named, tmp_path):
    file = tmp_path / "nothing.seg.nrrd"
    frame = Frame((7, 6, 5), (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    write_segmentation(file, np.zeros((5, 6, 7), np.uint8), frame, named)
    assert [one["name"] for one in slicerio.read_segmentation(str(file))["segments"]] == ["kidney", "tumor"]


@pytest.mark.parametrize("name", ["a.nii.gz", "a.nii", "a.nrrd", "a.mha", "a.seg.nrrd", "b.c.d.nii.gz"])
def test_known_endings_are_taken(name, tmp_path):
    check_output_name(tmp_path / name)


@pytest.mark.parametrize("name", ["a", "a.nii.gz.txt", "a.dcm", "a.png", "a.stl", "nii"])
def test_other_endings_are_refused_with_those_there_are(name, tmp_path):
    with pytest.raises(InputError, match=r"use one of \.seg\.nrrd, \.nii\.gz, \.nii, \.nrrd, \.mha"):
        check_output_name(tmp_path / name)


def test_a_folder_is_no_output_file(tmp_path):
    (tmp_path / "folder.nii.gz").mkdir()
    with pytest.raises(InputError, match="is a folder; name a file in it"):
        check_output_name(tmp_path / "folder.nii.gz")


def test_a_volume_that_cannot_be_written_is_an_error(labels, tmp_path):
    with pytest.raises(OSError, match="could not be written whole"):
        write_image(sitk.GetImageFromArray(labels), tmp_path / "no such folder" / "a.nii.gz")


def test_label_maps_are_small_files(named, tmp_path):
    shape = (20, 100, 100)
    frame = Frame(shape[::-1], (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    for ending in (".nii.gz", ".nrrd", ".seg.nrrd", ".mha"):
        write_segmentation(tmp_path / f"a{ending}", np.ones(shape, np.uint8), frame, named)
        assert (tmp_path / f"a{ending}").stat().st_size < 5000
