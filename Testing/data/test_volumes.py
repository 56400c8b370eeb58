"""Reading volumes: every format and DICOM folders give the same voxels, and a file that is not whole never passes."""

import gzip
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from hlfd.data.volumes import label_image, read_ct, read_frame, read_labels
from hlfd.errors import InputError

ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")
OBLIQUE = Rotation.from_euler("xyz", (9, -6, 14), degrees=True).as_matrix()


def same_grid(one, other) -> bool:
    numbers = [(*grid.spacing_mm, *grid.origin_mm, *grid.direction) for grid in (one, other)]
    return one.size == other.size and np.allclose(*numbers, rtol=0, atol=1e-4)


def write_series(folder: Path, image: sitk.Image, uid: str = "1.2.826.1.7", positions=None) -> None:
    """Write a DICOM file a slice, named against their order in space."""
    folder.mkdir(parents=True, exist_ok=True)
    writer = sitk.ImageFileWriter()
    writer.KeepOriginalImageUIDOn()
    cosines = np.reshape(image.GetDirection(), (3, 3))
    for z in range(image.GetSize()[2]):
        part = image[:, :, z : z + 1]
        position = positions[z] if positions else part.GetOrigin()
        tags = {
            "0008|0016": "1.2.840.10008.5.1.4.1.1.2",
            "0008|0018": f"{uid}.{z + 1}",
            "0008|0060": "CT",
            "0018|0050": str(image.GetSpacing()[2]),
            "0020|000d": "1.2.826.1.6",
            "0020|000e": uid,
            "0020|0013": str(z + 1),
            "0020|0032": "\\".join(f"{number:.6f}" for number in position),
            "0020|0037": "\\".join(f"{number:.9f}" for number in (*cosines[:, 0], *cosines[:, 1])),
            "0028|1052": "0",
            "0028|1053": "1",
        }
        for tag, value in tags.items():
            part.SetMetaData(tag, value)
        writer.SetFileName(str(folder / f"{uid}-{99 - z}.dcm"))
        writer.Execute(part)


# --- files ---


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_format_gives_the_same_voxels_in_the_same_place(tmp_path, body, volume, ending) -> None:
    hu, labels = body()
    image = volume(hu, direction=OBLIQUE.ravel())
    sitk.WriteImage(image, str(tmp_path / f"ct{ending}"))
    sitk.WriteImage(volume(labels, direction=OBLIQUE.ravel()), str(tmp_path / f"labels{ending}"))
    ct = read_ct(tmp_path / f"ct{ending}")
    assert np.array_equal(ct.array, hu)
    assert np.array_equal(read_labels(tmp_path / f"labels{ending}", like=ct).array, labels)
    assert ct.frame.origin_mm == pytest.approx(image.GetOrigin(), abs=1e-3)
    assert ct.frame.direction == pytest.approx(image.GetDirection(), abs=1e-5)
    assert read_frame(tmp_path / f"ct{ending}") == ct.frame


def test_a_ct_in_floats_is_rounded_and_kept_within_16_bits(tmp_path, volume) -> None:
    image = volume(np.array([[[-1024.4, 40.6, 1e9, -1e9]]], np.float64))
    sitk.WriteImage(image, str(tmp_path / "ct.nii.gz"))
    assert read_ct(tmp_path / "ct.nii.gz").array.tolist() == [[[-1024, 41, 32767, -32768]]]


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("ending", ENDINGS)
def test_voxels_that_are_no_numbers_are_refused_in_every_format(tmp_path, body, volume, ending, kind, odd) -> None:
    hu = body()[0].astype(kind)
    sitk.WriteImage(volume(hu), str(tmp_path / f"fine{ending}"))
    assert read_ct(tmp_path / f"fine{ending}").array.shape == hu.shape
    hu[0, 0, 0] = hu[2, 3, 4] = hu[-1, -1, -1] = odd
    sitk.WriteImage(volume(hu), str(tmp_path / f"ct{ending}"))
    with pytest.raises(InputError, match="3 voxels are NaN or infinite; repair them"):
        read_ct(tmp_path / f"ct{ending}")


@pytest.mark.parametrize("left", [0.998, 0.5, 0.02])
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("ending", ENDINGS)
def test_a_file_cut_short_is_refused_wherever_it_was_cut(tmp_path, body, volume, ending, packed, left) -> None:
    file = tmp_path / f"ct{ending}"
    sitk.WriteImage(volume(body(rows=60, columns=60)[0]), str(file), packed and ending != ".nii")
    voxels = max(tmp_path.iterdir(), key=lambda path: path.stat().st_size)  # .mhd and .nhdr keep them beside
    read_ct(file)
    voxels.write_bytes(voxels.read_bytes()[: int(voxels.stat().st_size * left)])
    with pytest.raises(InputError, match=r"truncated.*copy or export it again"):
        read_ct(file)


@pytest.mark.parametrize("place", [10, 5000, -6], ids=["first block", "middle", "checksum"])
def test_a_damaged_byte_in_a_compressed_nifti_is_noticed(tmp_path, body, volume, place) -> None:
    file = tmp_path / "ct.nii.gz"
    sitk.WriteImage(volume(body(rows=60, columns=60)[0]), str(file))
    content = bytearray(file.read_bytes())
    content[place] ^= 0xFE  # at the first block's head: a kind of block that does not exist
    file.write_bytes(content)
    with pytest.raises(InputError, match="truncated or damaged"):
        read_ct(file)


def test_a_plain_nifti_that_is_named_gz_is_read(tmp_path, body, volume) -> None:
    hu = body()[0]
    sitk.WriteImage(volume(hu), str(tmp_path / "ct.nii"))
    shutil.move(tmp_path / "ct.nii", tmp_path / "ct.nii.gz")
    assert np.array_equal(read_ct(tmp_path / "ct.nii.gz").array, hu)


def nifti(voxels: np.ndarray, order: str) -> bytes:
    header = bytearray(352)
    code = {"i2": 4, "f4": 16}[voxels.dtype.str[1:]]
    struct.pack_into(f"{order}i", header, 0, 348)
    struct.pack_into(f"{order}8h", header, 40, 3, *voxels.shape[::-1], 1, 1, 1, 1)
    struct.pack_into(f"{order}2h", header, 70, code, 8 * voxels.itemsize)
    struct.pack_into(f"{order}9f", header, 76, 1, 1, 1, 1, 0, 0, 0, 0, 352)
    header[344:348] = b"n+1\0"
    return bytes(header) + voxels.astype(voxels.dtype.newbyteorder(order)).tobytes()


@pytest.mark.parametrize("order", "<>")
def test_niftis_of_both_byte_orders_are_read_whole_or_not_at_all(tmp_path, body, order) -> None:
    hu = body()[0]
    content = nifti(hu, order)
    (tmp_path / "ct.nii").write_bytes(content)
    frame = read_frame(tmp_path / "ct.nii")
    assert np.array_equal(frame.own_array(read_ct(tmp_path / "ct.nii").array), hu)
    (tmp_path / "ct.nii").write_bytes(content[:-1])
    with pytest.raises(InputError, match=f"truncated, {len(content) - 1} of {len(content)} bytes"):
        read_ct(tmp_path / "ct.nii")
    (tmp_path / "ct.nii.gz").write_bytes(gzip.compress(content[:-1]))
    with pytest.raises(InputError, match="truncated"):
        read_ct(tmp_path / "ct.nii.gz")


@pytest.mark.parametrize("order", "<>")
def test_nan_is_found_in_niftis_of_both_byte_orders(tmp_path, order) -> None:
    voxels = np.zeros((2, 3, 4), np.float32)
    voxels[1, 2, 3] = np.nan
    (tmp_path / "ct.nii").write_bytes(nifti(voxels, order) + b"spare bytes behind the voxels are no voxels" * 9)
    with pytest.raises(InputError, match="1 voxels are NaN or infinite"):
        read_ct(tmp_path / "ct.nii")
    (tmp_path / "ct.nii").write_bytes(nifti(np.zeros_like(voxels), order) + nifti(voxels, order))
    assert not read_ct(tmp_path / "ct.nii").array.any()


def test_a_detached_header_without_its_voxels_says_so(tmp_path, body, volume) -> None:
    sitk.WriteImage(volume(body()[0]), str(tmp_path / "ct.mhd"))
    (tmp_path / "ct.raw").unlink()
    with pytest.raises(InputError, match="data file that belongs beside it"):
        read_ct(tmp_path / "ct.mhd")


def test_labels_go_back_into_the_grid_of_their_ct(axes, tmp_path, body, volume) -> None:
    labels = body()[1]
    for turn in (np.eye(3), OBLIQUE):
        image = volume(labels, direction=(turn @ axes).ravel())
        sitk.WriteImage(image, str(tmp_path / "labels.nrrd"))
        read = read_labels(tmp_path / "labels.nrrd")
        back = label_image(read.array, read.frame)
        assert (sitk.GetArrayFromImage(back) != labels).sum() == 0
        assert same_grid(read.frame, read_frame(tmp_path / "labels.nrrd"))
        assert back.GetOrigin() == pytest.approx(image.GetOrigin())
        assert back.GetDirection() == pytest.approx(image.GetDirection())


def test_labels_stored_in_another_axis_order_than_their_ct_are_laid_on_it(axes, tmp_path, body, volume) -> None:
    hu, labels = body()
    sitk.WriteImage(volume(hu, direction=OBLIQUE.ravel()), str(tmp_path / "ct.nii.gz"))
    order, turned = np.abs(axes).argmax(0), axes.sum(0) < 0
    other = sitk.PermuteAxes(volume(labels, direction=OBLIQUE.ravel()), order.tolist())
    other = sitk.Flip(other, turned.tolist(), False)
    sitk.WriteImage(other, str(tmp_path / "labels.nii.gz"))
    ct = read_ct(tmp_path / "ct.nii.gz")
    assert np.array_equal(read_labels(tmp_path / "labels.nii.gz", like=ct).array, labels)


def test_labels_on_another_grid_are_brought_to_that_of_the_ct_when_asked(tmp_path, body, volume) -> None:
    hu, labels = body()
    coarse = volume(labels[:, ::2, ::2], spacing=(1.6, 1.6, 3.0))
    sitk.WriteImage(volume(hu), str(tmp_path / "ct.nrrd"))
    sitk.WriteImage(coarse, str(tmp_path / "labels.nrrd"))
    ct = read_ct(tmp_path / "ct.nrrd")
    with pytest.raises(InputError, match=r"shape 26x20x4 against 13x10x4.*--resample-labels"):
        read_labels(tmp_path / "labels.nrrd", like=ct)
    brought = read_labels(tmp_path / "labels.nrrd", like=ct, resample=True)
    assert brought.frame == ct.frame
    assert np.array_equal(brought.array[:, ::2, ::2], labels[:, ::2, ::2])


def test_labels_that_lie_outside_their_ct_are_not_taken_for_background(tmp_path, body, volume) -> None:
    hu, labels = body()
    sitk.WriteImage(volume(hu), str(tmp_path / "ct.nrrd"))
    sitk.WriteImage(volume(labels, origin=(900, 0, 0)), str(tmp_path / "labels.nrrd"))
    with pytest.raises(InputError, match="nothing of the label lies within its image"):
        read_labels(tmp_path / "labels.nrrd", like=read_ct(tmp_path / "ct.nrrd"), resample=True)


@pytest.mark.parametrize(("odd", "told"), [(1.5, "1.5"), (-1.0, "-1"), (256.0, "256"), (np.nan, "nan")])
def test_labels_are_whole_numbers_up_to_255(tmp_path, volume, odd, told, recwarn) -> None:
    sitk.WriteImage(volume(np.array([[[0.0, odd]]], np.float32)), str(tmp_path / "labels.nrrd"))
    with pytest.raises(InputError, match=rf"whole numbers 0\.\.255; found {told}$"):
        read_labels(tmp_path / "labels.nrrd")
    assert not recwarn.list


def test_labels_saved_as_floats_are_fine(tmp_path, body, volume) -> None:
    labels = body()[1]
    sitk.WriteImage(volume(labels.astype(np.float64)), str(tmp_path / "labels.nii.gz"))
    assert np.array_equal(read_labels(tmp_path / "labels.nii.gz").array, labels)


# --- DICOM folders ---


@pytest.mark.parametrize("turn", [np.eye(3), OBLIQUE], ids=["axial", "oblique"])
def test_a_dicom_folder_is_the_volume_that_was_written(tmp_path, body, volume, turn) -> None:
    hu = body()[0]
    image = volume(hu, direction=turn.ravel())
    write_series(tmp_path / "ct", image)
    ct = read_ct(tmp_path / "ct")
    assert np.array_equal(ct.array, hu)
    assert ct.frame.origin_mm == pytest.approx(image.GetOrigin(), abs=1e-4)
    assert ct.spacing_mm == pytest.approx(image.GetSpacing(), abs=1e-4)
    assert ct.frame.direction == pytest.approx(image.GetDirection(), abs=1e-6)
    assert same_grid(read_frame(tmp_path / "ct"), ct.frame)


def test_a_dicom_folder_of_one_slice_is_a_volume_of_one_slice(tmp_path, body, volume) -> None:
    hu = body(slices=1)[0]
    write_series(tmp_path / "ct", volume(hu))
    ct = read_ct(tmp_path / "ct")
    assert np.array_equal(ct.array, hu)
    assert ct.spacing_mm[2] == pytest.approx(3.0)
    assert same_grid(read_frame(tmp_path / "ct"), ct.frame)


def test_of_several_series_one_has_to_be_named(tmp_path, body, volume) -> None:
    one, other = body(1)[0], body(2)[0]
    write_series(tmp_path / "ct", volume(one), "1.2.826.1.7")
    write_series(tmp_path / "ct", volume(other), "1.2.826.1.8")
    with pytest.raises(InputError, match=r"2 DICOM series; choose one with --series: .*\.1\.7.*, .*\.1\.8"):
        read_ct(tmp_path / "ct")
    uids = sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(tmp_path / "ct"))
    assert np.array_equal(read_ct(tmp_path / "ct", next(uid for uid in uids if "1.8" in uid)).array, other)
    with pytest.raises(InputError, match="no series 9; there are"):
        read_ct(tmp_path / "ct", "9")


def test_a_series_that_lost_a_slice_is_refused(tmp_path, body, volume) -> None:
    write_series(tmp_path / "ct", volume(body(slices=6)[0]))
    (tmp_path / "ct" / "1.2.826.1.7-97.dcm").unlink()
    with pytest.raises(InputError, match=r"not evenly spaced \(3\.00 to 6\.00 mm\), one may be missing"):
        read_ct(tmp_path / "ct")


def test_a_tilted_gantry_is_refused(tmp_path, body, volume) -> None:
    image = volume(body()[0])
    leaning = [(0.0, 1.25 * z, 3.0 * z) for z in range(4)]
    write_series(tmp_path / "ct", image, positions=leaning)
    with pytest.raises(InputError, match=r"1\.25 mm beside the one below \(a tilted gantry\)"):
        read_ct(tmp_path / "ct")


def test_slices_that_all_lie_in_one_place_are_refused(tmp_path, body, volume) -> None:
    write_series(tmp_path / "ct", volume(body()[0]), positions=[(0.0, 0.0, 0.0)] * 4)
    with pytest.raises(InputError, match="not evenly spaced"):
        read_ct(tmp_path / "ct")


def test_a_folder_without_dicom_says_what_to_name_instead(tmp_path) -> None:
    (tmp_path / "notes.txt").write_text("nothing")
    with pytest.raises(InputError, match="no DICOM series in this folder"):
        read_ct(tmp_path)
