"""`hlfd segment` on CTs of every make: known labels, in the CT's own grid."""

import numpy as np
import pytest
import SimpleITK as sitk
import torch

from hlfd.bundle import save_bundle
from hlfd.models.registry import Architecture, build

FORMATS = (".nii.gz", ".nii", ".nrrd", ".seg.nrrd", ".mha")


def grid(image):
    return image.GetSize(), image.GetSpacing(), image.GetOrigin(), image.GetDirection()


@pytest.mark.parametrize("ending", FORMATS)
def test_a_body_in_any_orientation_gets_the_same_labels_in_the_grid_of_its_ct(
    ending, orientation, body, oriented, threshold_bundle, command, tmp_path, answer_by_threshold
):
    ct, out = tmp_path / "ct.nrrd", tmp_path / f"out{ending}"
    sitk.WriteImage(oriented(body, *orientation), str(ct))
    assert command("segment", ct, "--model", threshold_bundle, "--out", out).status == 0
    result = sitk.ReadImage(str(out))
    wanted = oriented(answer_by_threshold(body), *orientation)
    assert result.GetPixelID() == sitk.sitkUInt8
    assert np.count_nonzero(sitk.GetArrayFromImage(result) != sitk.GetArrayFromImage(wanted)) == 0
    assert grid(result) == grid(sitk.ReadImage(str(ct)))


@pytest.mark.parametrize("ending", FORMATS)
@pytest.mark.parametrize("source", [".nii.gz", ".nrrd", ".mha"])
def test_an_oblique_ct_comes_back_voxel_for_voxel_at_its_place(
    ending, source, body, oriented, oblique, threshold_bundle, command, tmp_path, answer_by_threshold
):
    ct, out = tmp_path / f"ct{source}", tmp_path / f"out{ending}"
    sitk.WriteImage(oriented(body, (2, 0, 1), (-1, 1, -1), turned=oblique), str(ct))
    assert command("segment", ct, "--model", threshold_bundle, "--out", out).status == 0
    result = sitk.ReadImage(str(out))
    wanted = oriented(answer_by_threshold(body), (2, 0, 1), (-1, 1, -1), turned=oblique)
    assert np.count_nonzero(sitk.GetArrayFromImage(result) != sitk.GetArrayFromImage(wanted)) == 0
    for found, given in zip(grid(result), grid(sitk.ReadImage(str(ct))), strict=True):
        np.testing.assert_allclose(found, given, rtol=0, atol=1e-5)


def test_a_dicom_series_is_segmented_in_its_own_grid(
    body, oriented, oblique, a_series, threshold_bundle, command, tmp_path, answer_by_threshold
):
    image = oriented(body, turned=oblique)
    out = tmp_path / "out.nii.gz"
    assert command("segment", a_series(image), "--model", threshold_bundle, "--out", out).status == 0
    result = sitk.ReadImage(str(out))
    wanted = answer_by_threshold(body).transpose()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(result), wanted)
    for found, given in zip(grid(result), grid(image), strict=True):
        np.testing.assert_allclose(found, given, rtol=0, atol=1e-4)


def test_one_of_several_series_is_chosen_by_its_uid(
    body, oriented, a_series, threshold_bundle, command, tmp_path, answer_by_threshold
):
    folder = a_series(oriented(body), series="1.2.3.1")
    a_series(oriented(np.flip(body, 0).copy()), folder, series="1.2.3.2")
    out = tmp_path / "out.nrrd"
    assert command("segment", folder, "--model", threshold_bundle, "--out", out, "--series", "1.2.3.2").status == 0
    wanted = answer_by_threshold(np.flip(body, 0)).transpose()
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(out))), wanted)


def test_a_volume_of_one_slice_is_segmented(body, oriented, threshold_bundle, command, tmp_path, answer_by_threshold):
    ct, out = tmp_path / "ct.mha", tmp_path / "out.seg.nrrd"
    sitk.WriteImage(oriented(body[:, :, :1]), str(ct))
    assert command("segment", ct, "--model", threshold_bundle, "--out", out).status == 0
    result = sitk.ReadImage(str(out))
    assert result.GetSize() == (13, 10, 1)
    np.testing.assert_array_equal(sitk.GetArrayFromImage(result), answer_by_threshold(body[:, :, :1]).transpose())


def test_the_real_student_answers_as_torch_does(oriented, command, tmp_path, facts_of_a_bundle):
    torch.manual_seed(3)
    architecture = {"widths": [4, 8, 8, 16], "blocks": [1, 1, 1, 1], "stem_pool": False}
    network = build(Architecture(network="resnet", classes=3, settings=architecture)).eval()
    save_bundle(tmp_path / "bundle", network, facts_of_a_bundle("resnet", architecture))
    body = np.random.default_rng(1).integers(-100, 400, (64, 48, 3), np.int16)
    sitk.WriteImage(oriented(body), str(tmp_path / "ct.nrrd"))
    answer = command("segment", tmp_path / "ct.nrrd", "--model", tmp_path / "bundle", "--out", tmp_path / "out.nrrd")
    assert answer.status == 0, answer
    with torch.inference_mode():
        images = torch.from_numpy(body.transpose().astype(np.float32)).div(300).clamp(0, 1)[:, None]
        wanted = network(images).argmax(1).numpy()
    assert len(np.unique(wanted)) > 1
    np.testing.assert_array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "out.nrrd"))), wanted)


def test_the_volumes_that_it_tells_are_those_of_the_voxels(
    a_ct, body, threshold_bundle, command, tmp_path, answer_by_threshold
):
    answer = command("segment", a_ct, "--model", threshold_bundle, "--out", tmp_path / "out.nii.gz")
    kidney, tumor = ((answer_by_threshold(body) == value).sum() * 0.75 * 0.75 * 2.5 / 1000 for value in (1, 2))
    assert f"kidney {kidney:.1f} mL, tumor {tumor:.1f} mL" in answer.out


def test_a_model_of_synthetic_cts_says_so(a_ct, threshold_bundle, command, tmp_path):
    answer = command("segment", a_ct, "--model", threshold_bundle, "--out", tmp_path / "out.nii.gz")
    assert "trained on synthetic CTs" in answer.out
