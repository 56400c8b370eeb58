"""The command: two files and a manifest become a folder, or one sentence and nothing."""

import json
import shutil
import subprocess
import sys
import zipfile

import numpy as np
import pytest
import SimpleITK as sitk

from HLFDSegmentationLib.SceneFromFiles import main

VIEWS = ("axial", "coronal", "sagittal", "3d")
SHAPE_ZYX, SPACING_MM = (20, 24, 28), (2.0, 2.5, 3.0)


def writeImage(path, array_zyx):
    image = sitk.GetImageFromArray(array_zyx)
    image.SetSpacing(SPACING_MM)
    sitk.WriteImage(image, str(path))


@pytest.fixture
def aCase(tmp_path, manifest):
    """A folder with ct.nii.gz, seg.nii.gz of 480 kidney and 60 tumour voxels, and manifest.json."""
    labels = np.zeros(SHAPE_ZYX, np.uint8)
    labels[4:12, 6:12, 6:16] = 1
    labels[4:8, 6:9, 6:11] = 7
    ct = np.full(SHAPE_ZYX, -1000, np.int16)
    ct[:, 2:-2, 2:-2] = 40
    writeImage(tmp_path / "ct.nii.gz", ct)
    writeImage(tmp_path / "seg.nii.gz", labels)
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    return tmp_path


def argumentsFor(case, **changed):
    files = {"volume": "ct.nii.gz", "labels": "seg.nii.gz", "manifest": "manifest.json", "out": "result"} | changed
    return [part for option, name in files.items() for part in (f"--{option}", str(case / name))]


def test_the_command_writes_scene_pictures_and_summary(aCase, moduleFolder):
    command = [sys.executable, "-m", "HLFDSegmentationLib.SceneFromFiles", *argumentsFor(aCase)]
    done = subprocess.run(command, cwd=moduleFolder, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
    written = {path.name for path in (aCase / "result").iterdir()}
    assert written == {"scene.mrb", "scene.json", "view1"}
    summary = json.loads((aCase / "result" / "scene.json").read_text())
    assert summary["pictures"] == {"seg": {view: f"view1/{view}.png" for view in VIEWS}}
    assert {path.name for path in (aCase / "result" / "view1").iterdir()} == {f"{view}.png" for view in VIEWS}
    assert [(one["name"], one["voxels"], one["volume_ml"]) for one in summary["segments"]["seg"]] == [
        ("tumour", 60, 0.9),
        ("kidney", 420, 6.3),
        ("cyst", 0, 0.0),
    ]
    assert [node["name"] for node in summary["nodes"]] == ["ct", "seg"]
    assert summary["volume"]["dimensions"] == [28, 24, 20]
    assert set(summary["versions"]) == {"slicer-core", "vtk", "numpy", "python"}


def test_several_label_maps_become_a_segmentation_each_seen_from_one_place(aCase):
    shutil.copy(aCase / "seg.nii.gz", aCase / "twin.nii.gz")
    writeImage(aCase / "none.nii.gz", np.zeros(SHAPE_ZYX, np.uint8))
    more = ["--labels", f"the twin={aCase / 'twin.nii.gz'}", "--labels", f"nothing={aCase / 'none.nii.gz'}"]
    assert main(argumentsFor(aCase) + more) == 0
    summary = json.loads((aCase / "result" / "scene.json").read_text())
    assert [node["name"] for node in summary["nodes"]] == ["ct", "seg", "the twin", "nothing"]
    assert [segment["voxels"] for segment in summary["segments"]["nothing"]] == [0, 0, 0]
    for view in VIEWS:
        first, twin, empty = (aCase / "result" / summary["pictures"][name][view] for name in summary["pictures"])
        assert first.read_bytes() == twin.read_bytes()
        assert first.read_bytes() != empty.read_bytes()


def test_two_label_maps_of_one_name_are_refused(aCase, capfd):
    assert main([*argumentsFor(aCase), "--labels", str(aCase / "seg.nii.gz")]) == 2
    assert "seg stands twice" in capfd.readouterr().err


def test_the_scene_opens_on_the_ct_and_names_no_path_of_this_machine(aCase):
    assert main(argumentsFor(aCase)) == 0
    with zipfile.ZipFile(aCase / "result" / "scene.mrb") as bundle:
        (name,) = [name for name in bundle.namelist() if name.endswith(".mrml")]
        scene = bundle.read(name).decode()
    for view in ("Red", "Green", "Yellow"):
        assert f'id="vtkMRMLSliceCompositeNode{view}"' in scene
    assert scene.count("backgroundVolume:vtkMRMLScalarVolumeNode1;") == 3
    assert str(aCase) not in scene
    assert str(aCase.parent) not in (aCase / "result" / "scene.json").read_text()


def spoil(case, what):
    if what == "no such volume":
        (case / "ct.nii.gz").unlink()
    elif what == "labels without a name":
        writeImage(case / "seg.nii.gz", np.full(SHAPE_ZYX, 5, np.uint8))
    elif what == "another grid":
        writeImage(case / "seg.nii.gz", np.zeros((20, 24, 27), np.uint8))
    elif what == "no json":
        (case / "manifest.json").write_text("{labels")
    elif what == "no manifest":
        (case / "manifest.json").unlink()
    elif what == "no labels":
        (case / "manifest.json").write_text("{}")
    elif what == "not an image":
        (case / "seg.nii.gz").write_text("seg")


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        ("no such volume", "ct.nii.gz is not a file"),
        ("labels without a name", "the labels hold 5, which no label names; named are 7, 1, 3"),
        ("another grid", "seg.nii.gz: 27 x 24 x 20 voxels of 2 x 2.5 x 3 mm"),
        ("no json", "manifest.json is not JSON"),
        ("no manifest", "manifest.json is not a file"),
        ("no labels", "the manifest has no labels"),
        ("not an image", "seg.nii.gz is cut off or damaged"),
    ],
)
def test_bad_input_ends_with_one_sentence_status_two_and_no_folder(aCase, what, sentence, capfd):
    spoil(aCase, what)
    before = set(aCase.iterdir())
    assert main(argumentsFor(aCase)) == 2
    error = capfd.readouterr().err
    assert sentence in error
    assert error.startswith("SceneFromFiles: ") and error.count("\n") == 1
    assert set(aCase.iterdir()) == before


def test_a_folder_that_exists_is_not_touched(aCase, capfd):
    (aCase / "result").mkdir()
    (aCase / "result" / "precious.txt").write_text("mine")
    assert main(argumentsFor(aCase)) == 2
    assert "result exists already; give the name of a new folder" in capfd.readouterr().err
    assert [path.name for path in (aCase / "result").iterdir()] == ["precious.txt"]


def test_a_folder_in_no_folder_is_refused(aCase, capfd):
    assert main(argumentsFor(aCase, out="nowhere/result")) == 2
    assert "nowhere is not a folder; make it first" in capfd.readouterr().err


def test_a_missing_argument_ends_with_status_two(capfd):
    with pytest.raises(SystemExit) as ended:
        main(["--volume", "ct.nii.gz"])
    assert ended.value.code == 2
