"""Arrays go to NRRD files and come back, as ITK understands them."""

import numpy as np
import pytest
import SimpleITK as sitk

from HLFDSegmentationLib.NrrdFiles import readNrrd, writeNrrd
from HLFDSegmentationLib.Words import Refusal
from slicer_phantoms import SHAPE_ZYX, axisOrders, fourByFour, randomLabels

TYPES = [np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64]
RAS_FROM_LPS = np.diag((-1.0, -1.0, 1.0, 1.0))


def ijkToRasOfItk(image) -> np.ndarray:
    ijkToLps = np.eye(4)
    ijkToLps[:3, :3] = np.reshape(image.GetDirection(), (3, 3)) * image.GetSpacing()
    ijkToLps[:3, 3] = image.GetOrigin()
    return RAS_FROM_LPS @ ijkToLps


def itkImage(array_zyx, ijkToRas):
    ijkToLps = RAS_FROM_LPS @ ijkToRas
    spacing_mm = np.linalg.norm(ijkToLps[:3, :3], axis=0)
    image = sitk.GetImageFromArray(array_zyx)
    image.SetSpacing(spacing_mm.tolist())
    image.SetDirection((ijkToLps[:3, :3] / spacing_mm).ravel().tolist())
    image.SetOrigin(ijkToLps[:3, 3].tolist())
    return image


@pytest.fixture
def aLabelFile(tmp_path, obliqueIjkToRas):
    """A label map as the backend writes it: by ITK, gzip'd."""
    path = tmp_path / "labels.nrrd"
    sitk.WriteImage(itkImage(randomLabels(), obliqueIjkToRas), str(path), True)
    return path


@pytest.mark.parametrize("dtype", TYPES, ids=lambda dtype: dtype.__name__)
def test_itk_reads_what_was_written_of_every_type_on_an_oblique_grid(tmp_path, obliqueIjkToRas, dtype):
    array_zyx = (np.random.default_rng(0).random(SHAPE_ZYX) * 100).astype(dtype)
    writeNrrd(tmp_path / "ct.nrrd", array_zyx, obliqueIjkToRas)
    image = sitk.ReadImage(str(tmp_path / "ct.nrrd"))
    found = sitk.GetArrayFromImage(image)
    assert found.dtype == dtype
    assert np.array_equal(found, array_zyx)
    assert np.allclose(ijkToRasOfItk(image), obliqueIjkToRas, rtol=0, atol=1e-9)


@pytest.mark.parametrize("axes", axisOrders()[::5], ids=lambda axes: str((axes @ (1, 2, 3)).astype(int)))
def test_every_sense_of_the_axes_goes_there_and_back(tmp_path, axes):
    ijkToRas, array_zyx = fourByFour(axes * (1.0, 1.7, 2.9)), randomLabels().astype(np.int16)
    writeNrrd(tmp_path / "ct.nrrd", array_zyx, ijkToRas)
    found, foundIjkToRas = readNrrd(tmp_path / "ct.nrrd")
    assert np.array_equal(found, array_zyx)
    assert np.array_equal(foundIjkToRas, ijkToRas)
    assert np.allclose(ijkToRasOfItk(sitk.ReadImage(str(tmp_path / "ct.nrrd"))), ijkToRas, rtol=0, atol=1e-9)


@pytest.mark.parametrize("isCompressed", [True, False])
def test_what_itk_writes_is_read_voxel_for_voxel(tmp_path, obliqueIjkToRas, isCompressed):
    labels_zyx, path = randomLabels(), tmp_path / "labels.nrrd"
    sitk.WriteImage(itkImage(labels_zyx, obliqueIjkToRas), str(path), isCompressed)
    found, ijkToRas = readNrrd(path)
    assert np.array_equal(found, labels_zyx)
    assert np.allclose(ijkToRas, obliqueIjkToRas, rtol=0, atol=1e-9)


def test_an_array_that_is_a_view_or_of_another_byte_order_is_written_as_its_numbers(tmp_path):
    array_zyx = np.arange(210).reshape(7, 6, 5).astype(">i2").T
    writeNrrd(tmp_path / "ct.nrrd", array_zyx, np.eye(4))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(tmp_path / "ct.nrrd"))), array_zyx)
    assert np.array_equal(readNrrd(tmp_path / "ct.nrrd")[0], array_zyx)


@pytest.mark.parametrize("kept", [0.0, 0.02, 0.5, 0.95])
def test_a_file_that_was_cut_off_is_refused(aLabelFile, kept):
    content = aLabelFile.read_bytes()
    aLabelFile.write_bytes(content[: int(len(content) * kept)])
    with pytest.raises(Refusal, match=r"labels\.nrrd .*segment the CT again"):
        readNrrd(aLabelFile)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"sizes: 7 6 5", b"sizes: 7 6 5 1"),
        (b"space: left-posterior-superior", b"space: scanner-xyz"),
        (b"type: unsigned char", b"type: block"),
        (b"encoding: gzip", b"encoding: hex"),
        (b"encoding: gzip", b"encoding: gzip\ndata file: x.raw"),
        (b"sizes: 7 6 5\n", b""),
    ],
    ids=["four axes", "unknown space", "unknown type", "unknown encoding", "data elsewhere", "no sizes"],
)
def test_a_file_of_another_kind_is_refused_by_name(aLabelFile, before, after):
    content = aLabelFile.read_bytes()
    assert before in content
    aLabelFile.write_bytes(content.replace(before, after))
    with pytest.raises(Refusal, match=r"^labels\.nrrd cannot be read"):
        readNrrd(aLabelFile)


def test_nothing_is_left_where_writing_fails(tmp_path):
    (tmp_path / "ct.nrrd").mkdir()
    with pytest.raises(OSError, match=r"ct\.nrrd"):
        writeNrrd(tmp_path / "ct.nrrd", randomLabels(), np.eye(4))
    assert [path.name for path in tmp_path.iterdir()] == ["ct.nrrd"]
