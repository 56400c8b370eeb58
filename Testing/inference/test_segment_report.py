"""`hlfd segment --report`: what it tells is what the result's voxels have; both files come, or none."""

import json

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd.inference import segment as of_segment


@pytest.fixture
def a_scan(tmp_path):
    """A CT with a kidney, a tumour of 4 x 3 x 2 voxels in it, and one of a single voxel."""
    hu = np.full((5, 12, 16), -500, np.int16)
    hu[1:4, 2:10, 2:12] = 150
    hu[2:4, 4:7, 4:8] = 250
    hu[4, 11, 15] = 250
    image = sitk.GetImageFromArray(hu)
    image.SetSpacing((0.75, 0.75, 4.0))
    image.SetOrigin((10, 20, 30))
    file = tmp_path / "ct.nrrd"
    sitk.WriteImage(image, str(file))
    return file


@pytest.fixture
def segment(command, a_scan, threshold_bundle, tmp_path):
    """Segment the scan with a report, and further options."""
    return lambda *more, report=tmp_path / "r.json": command(
        *("segment", a_scan, "--model", threshold_bundle, "--out", tmp_path / "out.seg.nrrd", "--report", report, *more)
    )


def test_the_report_has_model_ct_volumes_and_every_lesion(segment, tmp_path):
    answer = segment()
    assert answer.status == 0, answer
    assert "2 lesions, the longest 3.4 mm across" in answer.out
    told = json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))
    assert told["format"] == 1
    assert told["ct"] == {"spacing_mm": [0.75, 0.75, 4.0], "slices": 5, "shape": [5, 12, 16]}
    assert told["model"].items() >= {"organ": "kidney", "synthetic": True}.items()
    assert told["model"]["name"] == "kidney tumour student, by hand"
    voxel_ml = 0.75 * 0.75 * 4 / 1000
    kidney, tumor = told["labels"]
    assert kidney == {"name": "kidney", "value": 1, "volume_ml": pytest.approx((240 - 24) * voxel_ml)}
    assert tumor == {"name": "tumor", "value": 2, "volume_ml": pytest.approx(25 * voxel_ml)}
    assert told["lesions"] == [
        {
            **{"label": "tumor", "number": 1, "voxels": 24, "volume_ml": pytest.approx(24 * voxel_ml)},
            "longest_axial_mm": pytest.approx(0.75 * np.hypot(4, 2)),
            "centre_lps_mm": pytest.approx([10 + 5 * 0.75, 20 + 5 * 0.75, 38]),
            "slice": 2,
        },
        {
            **{"label": "tumor", "number": 2, "voxels": 1, "volume_ml": pytest.approx(voxel_ml)},
            "longest_axial_mm": pytest.approx(0.75),
            "centre_lps_mm": pytest.approx([10 + 15 * 0.75, 20 + 11 * 0.75, 46]),
            "slice": 4,
        },
    ]
    assert told["seconds"] >= 0


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("ct.nrrd", "ct.nrrd: is the CT itself; choose another name for the report"),
        ("out.seg.nrrd", "out.seg.nrrd: is the result itself; choose another name for the report"),
        ("r.csv", "r.csv: a report is JSON; give it a name that ends in .json"),
        ("threshold bundle", "threshold bundle: is a folder; name a file in it"),
    ],
)
def test_a_report_that_cannot_be_there_is_refused_before_any_work(name, told, segment, tmp_path):
    before = sorted(tmp_path.iterdir())
    answer = segment("--overwrite", report=tmp_path / name)
    assert answer.status == 2
    assert told in answer.error
    assert sorted(tmp_path.iterdir()) == before


def test_a_report_that_exists_is_replaced_only_if_asked(segment, tmp_path):
    (tmp_path / "r.json").write_text("mine", encoding="utf-8")
    assert "r.json: already exists; choose another name or add --overwrite" in segment().error
    assert not (tmp_path / "out.seg.nrrd").exists()
    assert (tmp_path / "r.json").read_text(encoding="utf-8") == "mine"
    assert segment("--overwrite").status == 0
    assert json.loads((tmp_path / "r.json").read_text(encoding="utf-8"))["format"] == 1


def test_where_the_result_cannot_be_written_there_is_no_report_either(segment, tmp_path, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device", "out.seg.nrrd")

    monkeypatch.setattr(of_segment, "write_segmentation", full)
    before = sorted(tmp_path.iterdir())
    answer = segment()
    assert answer.status == 2
    assert "the disk is full" in answer.error
    assert sorted(tmp_path.iterdir()) == before


def test_without_the_option_there_is_no_report(command, a_scan, threshold_bundle, tmp_path):
    assert command("segment", a_scan, "--model", threshold_bundle, "--out", tmp_path / "out.nii.gz").status == 0
    assert not list(tmp_path.glob("*.json"))
