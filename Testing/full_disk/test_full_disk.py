"""Every writer that hlfd uses, on a disk that is full: the old output stays, nothing is left, and it is said."""

import csv

import nrrd
import numpy as np
import pytest
import SimpleITK as sitk
import torch
from safetensors.torch import save_file

from hlfd.catalogue import make_labels
from hlfd.cli import EXIT_BAD_INPUT, main
from hlfd.data.frames import Frame
from hlfd.files import disk_is_full, whole_file, whole_folder, write_json
from hlfd.inference.output import write_segmentation

NOISE = np.random.default_rng(0).integers(0, 3, (40, 100, 100), np.uint8)  # 80 kB even when compressed
GRID = Frame((100, 100, 40), (1, 1, 1), (0, 0, 0), (1, 0, 0, 0, 1, 0, 0, 0, 1))


def write_rows(path):
    with path.open("w", newline="") as stream:
        csv.writer(stream).writerows([["x" * 100]] * 1000)


WRITERS = {
    "numpy": lambda path: np.save(path.open("wb"), NOISE),
    "torch": lambda path: torch.save({"weights": torch.from_numpy(NOISE)}, path),
    "torch, to a stream": lambda path: torch.save({"weights": torch.from_numpy(NOISE)}, path.open("wb")),
    "safetensors": lambda path: save_file({"weights": torch.from_numpy(NOISE)}, path),
    "nrrd": lambda path: nrrd.write(str(path), NOISE),
    "text": lambda path: path.write_text("x" * 100_000),
    "csv": write_rows,
}


@pytest.fixture
def old_output(tmp_path):
    """Makes an output of an earlier run."""

    def make(name):
        (tmp_path / name).write_text("old", encoding="utf-8")
        return tmp_path / name

    return make


def assert_as_before(file):
    assert file.read_text(encoding="utf-8") == "old"
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("writer", WRITERS)
def test_a_file_that_does_not_fit_is_a_full_disk_whatever_the_writer_says(writer, old_output, full_disk):
    file = old_output("result.nrrd")
    with pytest.raises(OSError) as caught, full_disk(), whole_file(file) as temporary:
        WRITERS[writer](temporary)
    assert disk_is_full(caught.value)
    assert caught.value.filename == str(file)
    assert_as_before(file)


@pytest.mark.parametrize("writer", WRITERS)
def test_a_folder_that_does_not_fit_is_a_full_disk(writer, tmp_path, full_disk):
    with pytest.raises(OSError) as caught, full_disk(), whole_folder(tmp_path / "out") as temporary:
        WRITERS[writer](temporary / "result.nrrd")
    assert disk_is_full(caught.value)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha", ".seg.nrrd"])
def test_a_segmentation_that_does_not_fit_never_replaces_the_old_one(ending, old_output, full_disk, capfd):
    file = old_output(f"result{ending}")
    with pytest.raises(OSError) as caught, full_disk():
        write_segmentation(file, NOISE, GRID, make_labels(("kidney", "tumor"), "kidney"))
    assert disk_is_full(caught.value)
    assert_as_before(file)
    assert capfd.readouterr().err == ""


def test_what_fits_is_written(old_output, full_disk):
    file = old_output("result.json")
    with full_disk():
        write_json(file, ["x"] * 100)
    assert file.read_text(encoding="utf-8").count("x") == 100


def test_segment_says_in_one_sentence_that_the_disk_is_full(refused, threshold_bundle, tmp_path, full_disk):
    hu = NOISE.astype(np.int16) * 120
    sitk.WriteImage(sitk.GetImageFromArray(hu), str(tmp_path / "ct.nrrd"))
    out = tmp_path / "out" / "result.nii.gz"
    out.parent.mkdir()
    with full_disk():
        sentence = refused("segment", tmp_path / "ct.nrrd", "--model", threshold_bundle, "--out", out)
    assert f"{out}: the disk is full; free some space or choose another disk" in sentence
    assert list(out.parent.iterdir()) == []


def test_phantoms_that_do_not_fit_are_a_full_disk_and_leave_nothing(tmp_path, full_disk, capsys):
    with full_disk():
        status = main(["phantom", str(tmp_path / "set"), "--count", "1", "--size", "128", "--slices", "20,20"])
    assert status == EXIT_BAD_INPUT
    assert "the disk is full" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
