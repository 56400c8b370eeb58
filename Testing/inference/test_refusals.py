"""Bad input to `hlfd segment`: one sentence that names the thing, what was found and what to do; nothing written."""

import json
import shutil

import numpy as np
import pytest
import SimpleITK as sitk


@pytest.fixture
def segment_refused(refused, tmp_path, threshold_bundle):
    """Run `hlfd segment` on a CT, which must be refused and leave nothing new anywhere; give the sentence."""

    def run(ct, out=None, *more, model=threshold_bundle):
        before = everything(tmp_path)
        sentence = refused("segment", ct, "--model", model, "--out", out or tmp_path / "out.nii.gz", *more)
        assert everything(tmp_path) == before
        return sentence

    return run


def everything(folder):
    """Every file below a folder and its bytes; folders as well."""
    return {path: path.read_bytes() if path.is_file() else None for path in folder.rglob("*")}


def written(image, file):
    sitk.WriteImage(image, str(file))
    return file


def test_a_missing_ct(segment_refused, tmp_path):
    assert f"{tmp_path / 'none.nii.gz'}: no such file; check the path" in segment_refused(tmp_path / "none.nii.gz")


def test_the_ct_itself_is_never_overwritten(body, oriented, segment_refused, tmp_path):
    ct = written(oriented(body), tmp_path / "ct.nii.gz")
    sentence = segment_refused(ct, ct, "--overwrite")
    assert f"{ct}: is the CT itself; choose another name for the result" in sentence


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".mha"])
@pytest.mark.parametrize("share", [0, 0.01, 0.5, 0.97])
def test_a_truncated_ct(ending, share, body, oriented, segment_refused, tmp_path):
    ct = written(oriented(body), tmp_path / f"ct{ending}")
    ct.write_bytes(ct.read_bytes()[: int(share * ct.stat().st_size)])
    sentence = segment_refused(ct)
    assert str(ct) in sentence
    assert "again" in sentence or "not a volume" in sentence


@pytest.mark.parametrize("shape", [(5, 4), (2, 3, 4, 5)])
def test_a_2d_or_4d_image(shape, segment_refused, tmp_path):
    image = sitk.GetImageFromArray(np.zeros(shape, np.int16), isVector=False)
    assert f"found a {len(shape)}D image" in segment_refused(written(image, tmp_path / "ct.nrrd"))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_voxels_that_are_no_numbers(value, body, oriented, segment_refused, tmp_path):
    voxels = body.astype(np.float32)
    voxels[3, 4, 1:3] = value
    sentence = segment_refused(written(oriented(voxels), tmp_path / "ct.nii.gz"))
    assert "2 voxels are NaN or infinite" in sentence


def test_a_text_file(segment_refused, tmp_path):
    (tmp_path / "ct.txt").write_text("not a CT", encoding="utf-8")
    assert "not a volume that can be read" in segment_refused(tmp_path / "ct.txt")


def test_an_empty_folder(segment_refused, tmp_path):
    (tmp_path / "empty").mkdir()
    assert f"{tmp_path / 'empty'}: no DICOM series" in segment_refused(tmp_path / "empty")


def test_several_series(segment_refused, body, oriented, a_series):
    folder = a_series(oriented(body), series="1.2.3.1")
    a_series(oriented(body), folder, series="1.2.3.2")
    sentence = segment_refused(folder)
    assert "--series" in sentence
    assert "1.2.3.1" in sentence
    assert "1.2.3.2" in sentence
    assert "1.2.3.9" in segment_refused(folder, None, "--series", "1.2.3.9")


def test_a_series_with_a_missing_slice(segment_refused, body, oriented, a_series):
    folder = a_series(oriented(body))
    sorted(folder.iterdir(), key=lambda file: file.name.rpartition("-")[2])[2].unlink()
    assert "not evenly spaced" in segment_refused(folder)


@pytest.mark.parametrize("name", ["out", "out.png", "out.nii.gz.zip"])
def test_an_unknown_ending(name, a_ct, segment_refused, tmp_path):
    assert "the ending chooses the format" in segment_refused(a_ct, tmp_path / name)


def test_an_output_that_exists_is_replaced_only_if_asked(a_ct, segment_refused, command, tmp_path, threshold_bundle):
    out = tmp_path / "out.nii.gz"
    out.write_text("years of work", encoding="utf-8")
    assert f"{out}: already exists; choose another name or add --overwrite" in segment_refused(a_ct, out)
    assert command("segment", a_ct, "--model", threshold_bundle, "--out", out, "--overwrite").status == 0
    assert sitk.ReadImage(str(out)).GetSize() == (13, 10, 6)


def test_an_output_that_is_a_folder(a_ct, segment_refused, tmp_path):
    (tmp_path / "results").mkdir()
    assert "results: is a folder; name a file in it" in segment_refused(a_ct, tmp_path / "results")
    assert "results: is a folder" in segment_refused(a_ct, tmp_path / "results", "--overwrite")


def test_an_output_below_a_file(a_ct, segment_refused, tmp_path):
    assert "nothing can be written there" in segment_refused(a_ct, a_ct / "out.nii.gz")


def test_a_folder_that_is_not_there_is_made(a_ct, command, tmp_path, threshold_bundle):
    out = tmp_path / "new" / "deep" / "out.nii.gz"
    assert command("segment", a_ct, "--model", threshold_bundle, "--out", out).status == 0
    assert [path.name for path in out.parent.iterdir()] == ["out.nii.gz"]


def test_a_bundle_that_is_not_there(a_ct, segment_refused, tmp_path):
    assert "none: no such bundle" in segment_refused(a_ct, model=tmp_path / "none")


@pytest.mark.parametrize("name", ["weights.safetensors", "MODEL_CARD.md", "manifest.json"])
def test_a_bundle_with_a_missing_file(name, a_ct, segment_refused, threshold_bundle):
    (threshold_bundle / name).unlink()
    assert name in segment_refused(a_ct)


@pytest.mark.parametrize("name", ["weights.safetensors", "MODEL_CARD.md"])
def test_a_bundle_with_an_altered_file(name, a_ct, segment_refused, threshold_bundle):
    content = bytearray((threshold_bundle / name).read_bytes())
    content[-1] ^= 1
    (threshold_bundle / name).write_bytes(content)
    assert f"{name} was altered" in segment_refused(a_ct)


def test_a_bundle_with_an_altered_manifest(a_ct, segment_refused, threshold_bundle):
    manifest = threshold_bundle / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text()) | {"pixel_mm": 0.8}), encoding="utf-8")
    assert "manifest.json was altered" in segment_refused(a_ct)


def test_a_bundle_with_an_extra_file(a_ct, segment_refused, threshold_bundle):
    (threshold_bundle / "network.py").write_text("print('hello')", encoding="utf-8")
    assert "network.py does not belong" in segment_refused(a_ct)


def test_a_copied_bundle_is_as_good(a_ct, command, tmp_path, threshold_bundle):
    shutil.copytree(threshold_bundle, tmp_path / "copy")
    assert command("segment", a_ct, "--model", tmp_path / "copy", "--out", tmp_path / "out.nrrd").status == 0
