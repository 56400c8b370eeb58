"""The demo, small: every part of the house in one run."""

import json
import subprocess
import sys
import zipfile

import pytest

from hlfd.cli import EXIT_BAD_INPUT, main


@pytest.fixture(scope="module")
def a_small_demo(tmp_path_factory):
    out = tmp_path_factory.mktemp("demo") / "out"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"SIZE": 128, "SLICES": "20,24", "PIXEL_MM": 3.2}.items():
            patch.setattr(f"hlfd.demo.{name}", value)
        assert main(["demo", str(out), "--cases", "8", "--steps", "2"]) == 0
    return out


def test_the_demo_leaves_a_model_a_segmentation_a_scene_and_a_report(a_small_demo):
    for name in ("hlfd/bundle/weights.safetensors", "segmentation.seg.nrrd", "scene/scene.mrb", "report.html"):
        assert (a_small_demo / name).stat().st_size > 0
    assert json.loads((a_small_demo / "demo.json").read_text())["finished"] is True


def test_the_scene_holds_the_ct_and_a_segmentation_of_the_expert_and_of_each_model(a_small_demo):
    summary = json.loads((a_small_demo / "scene" / "scene.json").read_text())
    classes = [node["class"] for node in summary["nodes"]]
    assert classes == ["vtkMRMLScalarVolumeNode"] + 4 * ["vtkMRMLSegmentationNode"]
    assert [node["name"] for node in summary["nodes"][1:]] == [
        "Expert labels",
        "Teacher, UNet++",
        "Student alone",
        "Student, HLFD",
    ]
    assert summary["segments"]["Expert labels"][1]["voxels"] > 0
    with zipfile.ZipFile(a_small_demo / "scene" / "scene.mrb") as archive:
        assert sum(name.endswith(".seg.nrrd") for name in archive.namelist()) == 4


def test_what_the_model_measured_and_what_it_segments_are_the_same_voxels(a_small_demo):
    """`evaluate` and `segment` share one predictor; the Slicer core reads what the one wrote, SimpleITK the other."""
    script = (
        "import sys, numpy as np, SimpleITK as sitk\n"
        "a, b = (sitk.GetArrayFromImage(sitk.ReadImage(path)) for path in sys.argv[1:])\n"
        "sys.exit(int((a != b).sum() > 0))\n"
    )
    report = (a_small_demo / "report.html").read_text(encoding="utf-8")
    case = next(path.name for path in sorted((a_small_demo / "phantoms").glob("case_*")) if f"{path.name}," in report)
    measured = a_small_demo / "evaluation" / "hlfd" / f"{case}.nii.gz"
    files = [str(a_small_demo / "segmentation.seg.nrrd"), str(measured)]
    assert subprocess.run([sys.executable, "-c", script, *files], check=False).returncode == 0


def test_a_demo_is_not_replaced_unasked(a_small_demo, capsys):
    before = (a_small_demo / "report.html").read_bytes()
    assert main(["demo", str(a_small_demo), "--cases", "8"]) == EXIT_BAD_INPUT
    assert "already exists" in capsys.readouterr().err
    assert (a_small_demo / "report.html").read_bytes() == before


def test_a_folder_that_is_no_demo_is_never_replaced(tmp_path, capsys):
    (tmp_path / "precious.txt").write_text("mine")
    assert main(["demo", str(tmp_path), "--overwrite"]) == EXIT_BAD_INPUT
    assert "is not a demo" in capsys.readouterr().err
    assert (tmp_path / "precious.txt").read_text() == "mine"
