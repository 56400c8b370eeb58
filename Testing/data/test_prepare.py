"""`hlfd prepare` as a user runs it: what it writes, and every input that it refuses in one sentence."""

import errno
import json
import shutil
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from scipy.spatial.transform import Rotation

from hlfd.catalogue import TASKS
from hlfd.commands.prepare import parse_labels
from hlfd.data import store as store_files
from hlfd.data.prepare import name_labels
from hlfd.data.store import Store
from hlfd.data.unfinished import held
from hlfd.errors import InputError
from hlfd.event_file import read_events
from hlfd.files import UNFINISHED

OBLIQUE = Rotation.from_euler("xyz", (12, -9, 20), degrees=True).as_matrix()
SPOILT = "case_00002"
ORDERS = [
    (list(order), [bool(bits & 1), bool(bits & 2), bool(bits & 4)])
    for order in ((0, 1, 2), (0, 2, 1), (1, 0, 2), (1, 2, 0), (2, 0, 1), (2, 1, 0))
    for bits in range(8)
]


def everything_in(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def require_refused(ran, *told: str) -> None:
    """One sentence on stderr that names what was found, status 2."""
    assert ran.status == 2
    assert ran.out == ""
    assert ran.err.startswith("hlfd: ")
    assert ran.err.count("\n") == 1 and ran.err.endswith("\n"), ran.err
    for words in told:
        assert words in ran.err


def stored(store: Store) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    cases = {case.name: store.slices(case) for case in store.manifest.cases}
    return {name: (np.array(slices.hu), np.array(slices.labels)) for name, slices in cases.items()}


# --- what it writes ---


def test_the_store_holds_every_slice_of_every_case(store_folder, body) -> None:
    found = stored(Store(store_folder))
    for number in range(6):
        hu, labels = body(number, tumor=number < 5)
        assert np.array_equal(found[f"case_{number:05d}"][0], hu)
        assert np.array_equal(found[f"case_{number:05d}"][1], labels)


def test_the_store_says_how_it_was_made(store_folder, kits_folder) -> None:
    manifest = Store(store_folder).manifest
    assert (manifest.organ, manifest.window_hu, manifest.pixel_mm) == ("kidney", (-200, 300), 0.8)
    assert [(label.name, label.value) for label in manifest.labels] == [("kidney", 1), ("tumor", 2)]
    assert [case.tumor_slices for case in manifest.cases] == [1, 1, 1, 1, 1, 0]
    assert manifest.cases[0].image == (kits_folder / "case_00000" / "imaging.nii.gz").resolve()
    assert not manifest.synthetic
    assert json.loads((store_folder / "settings.json").read_text())["task"] == "kidney"


def test_a_case_without_tumour_is_allowed_and_said(tmp_path, kits_folder, hlfd) -> None:
    ran = hlfd("prepare", kits_folder, tmp_path / "store")
    assert ran.status == 0
    assert "6 cases of 6 patients, 1 of the cases without tumour; 4 for training, 1 for validation" in ran.out


def test_the_same_body_in_48_orientations_gives_the_same_slices(tmp_path, body, volume, hlfd) -> None:
    hu, labels = body()
    plain_hu, plain_labels = (volume(array, direction=OBLIQUE.ravel()) for array in (hu, labels))
    rows = []
    for code, (order, flips) in enumerate(ORDERS):
        for what, image in (("ct", plain_hu), ("label", plain_labels)):
            turned = sitk.Flip(sitk.PermuteAxes(image, order), flips, False)
            sitk.WriteImage(turned, str(tmp_path / f"{what}-{code}.nii.gz"))
        rows.append({"case": f"way-{code}", "image": f"ct-{code}.nii.gz", "label": f"label-{code}.nii.gz"})
    (tmp_path / "ways.json").write_text(json.dumps(rows))
    assert hlfd("prepare", tmp_path / "ways.json", tmp_path / "store").status == 0
    store = Store(tmp_path / "store")
    assert len(store.manifest.cases) == 48
    for case in store.manifest.cases:
        slices = store.slices(case)
        assert (np.asarray(slices.hu) != hu).sum() == 0, case.name
        assert (np.asarray(slices.labels) != labels).sum() == 0, case.name
        assert case.spacing_mm == pytest.approx((0.8, 0.8, 3.0), abs=1e-5)


def test_labels_in_another_axis_order_than_their_image_are_laid_on_it(tmp_path, kits_folder, body, hlfd) -> None:
    file = kits_folder / SPOILT / "segmentation.nii.gz"
    sitk.WriteImage(sitk.DICOMOrient(sitk.ReadImage(str(file)), "SAR"), str(file))
    assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0
    assert np.array_equal(stored(Store(tmp_path / "store"))[SPOILT][1], body(2)[1])


def test_a_lits_folder_is_prepared_for_liver(tmp_path, body, volume, hlfd) -> None:
    for number in range(3):
        for what, array in zip(("volume", "segmentation"), body(number), strict=True):
            sitk.WriteImage(volume(array), str(tmp_path / f"{what}-{number}.nii"))
    assert hlfd("prepare", tmp_path, tmp_path / "store", "--task", "liver").status == 0
    manifest = Store(tmp_path / "store").manifest
    assert manifest.window_hu == (-40, 160)
    assert [label.name for label in manifest.labels] == ["liver", "tumor"]
    assert [case.name for case in manifest.cases] == ["volume-0", "volume-1", "volume-2"]


def test_volumes_of_one_slice_are_fine(tmp_path, body, volume, hlfd) -> None:
    for number in range(3):
        for what, array in zip(("volume", "segmentation"), body(number, slices=1), strict=True):
            sitk.WriteImage(volume(array), str(tmp_path / f"{what}-{number}.nii.gz"))
    assert hlfd("prepare", tmp_path, tmp_path / "store").status == 0
    assert stored(Store(tmp_path / "store"))["volume-1"][0].shape == (1, 20, 26)


def test_pixels_are_the_median_of_the_cases_or_what_is_asked(tmp_path, kits_folder, body, volume, hlfd) -> None:
    for what, array in zip(("imaging", "segmentation"), body(2), strict=True):
        image = volume(array, spacing=(1.6, 1.6, 3.0))
        sitk.WriteImage(image, str(kits_folder / SPOILT / f"{what}.nii.gz"))
    assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0
    found = stored(Store(tmp_path / "store"))
    assert found[SPOILT][0].shape == found[SPOILT][1].shape == (4, 40, 52)
    assert found["case_00000"][0].shape == (4, 20, 26)
    assert hlfd("prepare", kits_folder, tmp_path / "coarse", "--pixel-mm", "1.6").status == 0
    assert stored(Store(tmp_path / "coarse"))["case_00000"][0].shape == (4, 10, 13)


def test_cysts_can_be_counted_as_kidney_and_labels_renumbered(tmp_path, kits_folder, body, volume, hlfd) -> None:
    labels = body(2)[1]
    labels[0, :2] = 3
    sitk.WriteImage(volume(labels), str(kits_folder / SPOILT / "segmentation.nii.gz"))
    named = ("--labels", "tumor=2, kidney = 1+3")
    assert hlfd("prepare", kits_folder, tmp_path / "store", *named).status == 0
    store = Store(tmp_path / "store")
    assert [(label.name, label.value) for label in store.manifest.labels] == [("tumor", 1), ("kidney", 2)]
    assert np.array_equal(stored(store)[SPOILT][1], np.array([0, 2, 1, 2], np.uint8)[labels])


def test_a_division_by_hand_is_kept(tmp_path, kits_folder, hlfd) -> None:
    names = [f"case_{number:05d}" for number in range(6)]
    division = {"training": names[:3], "validation": names[3:4], "test": names[4:]}
    (tmp_path / "division.json").write_text(json.dumps(division))
    assert hlfd("prepare", kits_folder, tmp_path / "store", "--splits", tmp_path / "division.json").status == 0
    splits = json.loads((tmp_path / "store" / "splits.json").read_text())
    assert splits == {"seed": None, **division}


def test_scans_of_one_patient_stay_together(tmp_path, kits_folder, hlfd) -> None:
    rows = [f"case_{number:05d},{'AABBCC'[number]}" for number in range(6)]
    (kits_folder / "patients.csv").write_text("\n".join(["case,patient", *rows]))
    ran = hlfd("prepare", kits_folder, tmp_path / "store")
    assert "6 cases of 3 patients" in ran.out
    splits = Store(tmp_path / "store").splits
    assert sorted(map(len, (splits.training, splits.validation, splits.test))) == [2, 2, 2]


def test_phantoms_are_said_to_be_synthetic(tmp_path, kits_folder, hlfd) -> None:
    (kits_folder / "dataset.json").write_text('{"synthetic": true}')
    assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0
    assert Store(tmp_path / "store").manifest.synthetic


def test_the_same_seed_gives_the_same_store(tmp_path, kits_folder, hlfd) -> None:
    for name in ("one", "other"):
        assert hlfd("prepare", kits_folder, tmp_path / name, "--seed", 7).status == 0
    for file in ("splits.json", "store.json", "cases/case_00003/hu.npy"):
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "other" / file).read_bytes()


def test_memory_does_not_grow_with_the_number_of_cases(tmp_path, body, volume, hlfd) -> None:
    image, labels = (volume(array) for array in body(slices=8, rows=200, columns=200))
    for count in (2, 8):
        for number in range(count):
            (tmp_path / str(count)).mkdir(exist_ok=True)
            sitk.WriteImage(image, str(tmp_path / str(count) / f"volume-{number}.nii"))
            sitk.WriteImage(labels, str(tmp_path / str(count) / f"segmentation-{number}.nii"))
    hlfd("prepare", tmp_path / "2", tmp_path / "warm")
    peaks = []
    for count in (2, 8):
        tracemalloc.start()
        assert hlfd("prepare", tmp_path / str(count), tmp_path / f"store-{count}").status == 0
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    one_case = 8 * 200 * 200 * 3
    assert peaks[1] < peaks[0] + one_case


# --- what it refuses ---


def replace_image(folder: Path, name: str, array: np.ndarray, **geometry) -> None:
    """Write another array on the grid of what is there, changed as told."""
    file = folder / SPOILT / f"{name}.nii.gz"
    there = sitk.ReadImage(str(file))
    image = sitk.GetImageFromArray(array, isVector=geometry.pop("colour", False))
    if image.GetDimension() == 3:
        image.SetSpacing(geometry.get("spacing", there.GetSpacing()))
        image.SetOrigin(geometry.get("origin", there.GetOrigin()))
        image.SetDirection(geometry.get("direction", there.GetDirection()))
    sitk.WriteImage(image, str(file))


def voxels(folder: Path, name: str) -> np.ndarray:
    return sitk.GetArrayFromImage(sitk.ReadImage(str(folder / SPOILT / f"{name}.nii.gz")))


def lose_image(folder: Path) -> None:
    (folder / SPOILT / "imaging.nii.gz").unlink()


def lose_labels(folder: Path) -> None:
    (folder / SPOILT / "segmentation.nii.gz").unlink()


def cut_image_short(folder: Path) -> None:
    file = folder / SPOILT / "imaging.nii.gz"
    file.write_bytes(file.read_bytes()[:-20])


def cut_labels_short(folder: Path) -> None:
    file = folder / SPOILT / "segmentation.nii.gz"
    file.write_bytes(file.read_bytes()[:-9])


def empty_image(folder: Path) -> None:
    (folder / SPOILT / "imaging.nii.gz").write_bytes(b"")


def image_of_words(folder: Path) -> None:
    (folder / SPOILT / "imaging.nii.gz").write_text("version https://git-lfs.github.com/spec/v1\n" * 20)


def labels_lack_a_slice(folder: Path) -> None:
    replace_image(folder, "segmentation", voxels(folder, "segmentation")[:-1])


def labels_of_other_spacing(folder: Path) -> None:
    replace_image(folder, "segmentation", voxels(folder, "segmentation"), spacing=(0.8, 0.8, 3.0012))


def labels_of_other_origin(folder: Path) -> None:
    replace_image(folder, "segmentation", voxels(folder, "segmentation"), origin=(-31.5, 12.2512, 700.125))


def labels_of_other_direction(folder: Path) -> None:
    leaning = Rotation.from_euler("z", 1.5e-3).as_matrix().ravel()
    replace_image(folder, "segmentation", voxels(folder, "segmentation"), direction=leaning)


def unnamed_labels(folder: Path) -> None:
    labels = voxels(folder, "segmentation")
    labels[0, 0, :2] = (3, 7)
    replace_image(folder, "segmentation", labels)


def fractional_labels(folder: Path) -> None:
    replace_image(folder, "segmentation", voxels(folder, "segmentation") * np.float32(0.5))


def nan_voxels(folder: Path) -> None:
    hu = voxels(folder, "imaging").astype(np.float32)
    hu[1, 2, 3:5] = np.nan
    replace_image(folder, "imaging", hu)


def infinite_voxel(folder: Path) -> None:
    hu = voxels(folder, "imaging").astype(np.float32)
    hu[1, 2, 3] = -np.inf
    replace_image(folder, "imaging", hu)


def flat_image(folder: Path) -> None:
    replace_image(folder, "imaging", voxels(folder, "imaging")[0])


def image_over_time(folder: Path) -> None:
    image = sitk.ReadImage(str(folder / SPOILT / "imaging.nii.gz"))
    sitk.WriteImage(sitk.JoinSeries([image, image]), str(folder / SPOILT / "imaging.nii.gz"))


def colour_image(folder: Path) -> None:
    replace_image(folder, "imaging", np.zeros((4, 20, 26, 3), np.uint8), colour=True)


def no_tumour_anywhere(folder: Path) -> None:
    for file in folder.glob("*/segmentation.nii.gz"):
        image = sitk.ReadImage(str(file))
        sitk.WriteImage(image * sitk.Cast(image < 2, image.GetPixelID()), str(file))


def nothing_at_all(folder: Path) -> None:
    shutil.rmtree(folder)
    folder.mkdir()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lose_image, (SPOILT, "has no imaging.nii.gz")),
        (lose_labels, (SPOILT, "segmentation.nii.gz are missing", "--skip-unlabelled")),
        (cut_image_short, (SPOILT, "imaging.nii.gz: truncated")),
        (cut_labels_short, (SPOILT, "segmentation.nii.gz: truncated")),
        (empty_image, (SPOILT, "imaging.nii.gz: the file is empty")),
        (image_of_words, (SPOILT, "imaging.nii.gz: not a volume that can be read")),
        (labels_lack_a_slice, (SPOILT, "shape 26x20x4 against 26x20x3", "--resample-labels")),
        (labels_of_other_spacing, (SPOILT, "differ in spacing 0.8, 0.8, 3 against 0.8, 0.8, 3.0012")),
        (labels_of_other_origin, (SPOILT, "differ in origin -31.5, 12.25, 700.125 against -31.5, 12.2512, 700.125")),
        (labels_of_other_direction, (SPOILT, "differ in direction")),
        (unnamed_labels, (SPOILT, "label values 3 and 7 have no name", "--labels kidney=1+3+7,tumor=2")),
        (fractional_labels, (SPOILT, "whole numbers 0..255; found 0.5")),
        (nan_voxels, (SPOILT, "2 voxels are NaN or infinite")),
        (infinite_voxel, (SPOILT, "1 voxels are NaN or infinite")),
        (flat_image, (SPOILT, "found a 2D image (26x20)")),
        (image_over_time, (SPOILT, "found a 4D image (26x20x4x2)")),
        (colour_image, (SPOILT, "3 numbers a voxel")),
        (no_tumour_anywhere, ("no case has tumour",)),
        (nothing_at_all, ("no cases found", "KiTS19", "LiTS")),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_a_spoilt_data_set_is_refused_and_leaves_nothing(tmp_path, kits_folder, hlfd, spoil, told) -> None:
    spoil(kits_folder)
    before = everything_in(tmp_path)
    require_refused(hlfd("prepare", kits_folder, tmp_path / "store"), *told)
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd"])
def test_a_truncated_file_of_any_format_is_refused_in_one_sentence(tmp_path, body, volume, hlfd, ending) -> None:
    hu, labels = body(rows=60, columns=60)
    sitk.WriteImage(volume(hu), str(tmp_path / f"ct{ending}"))
    file = max(tmp_path.iterdir(), key=lambda path: path.stat().st_size)
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    sitk.WriteImage(volume(labels), str(tmp_path / "labels.mha"))
    (tmp_path / "list.csv").write_text(f"image,label\nct{ending},labels.mha\n")
    before = everything_in(tmp_path)
    ran = hlfd("prepare", tmp_path / "list.csv", tmp_path / "store")
    require_refused(ran, f"case ct: {tmp_path / 'ct'}{ending}: ", "truncated")
    assert everything_in(tmp_path) == before


@pytest.mark.parametrize(
    "geometry",
    [
        {"spacing": (0.8, 0.8, 3.0009)},
        {"origin": (-31.5, 12.2509, 700.125)},
        {"direction": Rotation.from_euler("z", 0.9e-3).as_matrix().ravel()},
    ],
    ids=lambda geometry: next(iter(geometry)),
)
def test_a_grid_within_the_tolerance_is_the_same_grid(tmp_path, kits_folder, hlfd, geometry) -> None:
    replace_image(kits_folder, "segmentation", voxels(kits_folder, "segmentation"), **geometry)
    assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0


@pytest.mark.parametrize("spoil", [labels_lack_a_slice, labels_of_other_spacing, labels_of_other_origin])
def test_labels_on_another_grid_are_resampled_when_asked(tmp_path, kits_folder, body, hlfd, spoil) -> None:
    spoil(kits_folder)
    assert hlfd("prepare", kits_folder, tmp_path / "store", "--resample-labels").status == 0
    store = Store(tmp_path / "store")
    labels = stored(store)[SPOILT][1]
    assert np.array_equal(labels[:-1], body(2)[1][:-1])
    assert store.manifest.cases[2].resampled_labels


def test_tumour_outside_training_alone_is_not_enough(tmp_path, kits_folder, hlfd) -> None:
    names = [f"case_{number:05d}" for number in range(6)]
    division = {"training": names[5:], "validation": names[:2], "test": names[2:5]}
    (tmp_path / "division.json").write_text(json.dumps(division))
    before = everything_in(tmp_path)
    ran = hlfd("prepare", kits_folder, tmp_path / "store", "--splits", tmp_path / "division.json")
    require_refused(ran, "no training case has tumour", "--splits")
    assert everything_in(tmp_path) == before


def test_a_slip_in_the_division_shows_before_a_case_is_read(tmp_path, kits_folder, hlfd) -> None:
    nan_voxels(kits_folder)
    (tmp_path / "division.json").write_text('{"training": ["case_9"], "validation": [], "test": []}')
    ran = hlfd("prepare", kits_folder, tmp_path / "store", "--splits", tmp_path / "division.json")
    require_refused(ran, "case case_9 is not in the data")


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (("--labels", "kidney=1"), "one of the labels must be `tumor`"),
        (("--labels", "kidney=1,tumor"), "'tumor' is not of the form name=value"),
        (("--labels", "kidney=1,tumor=1"), "each belongs to one name"),
        (("--labels", "kidney=1,tumor=256"), "label values are 1..255"),
        (("--labels", "kidney=0,tumor=2"), "label values are 1..255"),
        (("--labels", "kidney=1,kidney=3,tumor=2"), "kidney stands twice"),
        (("--labels", "kidney=1,tumor=²"), "not of the form name=value"),
        (("--validation", "0.6", "--test", "0.4"), "must leave some patients for training"),
        (("--window-hu=300,-200",), "window-hu needs the lower value first"),
        (("--pixel-mm", "0"), "pixel-mm"),
        (("--patients", "nowhere.csv"), "nowhere.csv: no such file"),
        (("--splits", "nowhere.json"), "nowhere.json: no such file"),
    ],
)
def test_options_that_make_no_sense_are_refused(tmp_path, kits_folder, hlfd, options, told) -> None:
    before = everything_in(tmp_path)
    require_refused(hlfd("prepare", kits_folder, tmp_path / "store", *options), told)
    assert everything_in(tmp_path) == before


def test_data_that_is_not_there_is_refused(tmp_path, hlfd) -> None:
    require_refused(hlfd("prepare", tmp_path / "nowhere", tmp_path / "store"), "nowhere: no such folder or list")
    assert everything_in(tmp_path) == set()


def test_a_store_that_exists_is_kept_unless_told_otherwise(tmp_path, kits_folder, store_folder, hlfd) -> None:
    before = {path: path.read_bytes() for path in everything_in(store_folder) if path.is_file()}
    require_refused(hlfd("prepare", kits_folder, store_folder), "already exists", "--overwrite")
    require_refused(hlfd("prepare", tmp_path / "nowhere", store_folder), "already exists")  # before any other work
    assert before == {path: path.read_bytes() for path in everything_in(store_folder) if path.is_file()}
    shutil.rmtree(kits_folder / "case_00004")
    assert hlfd("prepare", kits_folder, store_folder, "--overwrite").status == 0
    assert len(Store(store_folder).manifest.cases) == 5
    assert {path.name for path in tmp_path.iterdir()} == {"kits", "store"}


def test_a_failed_overwrite_keeps_the_old_store(tmp_path, kits_folder, store_folder, hlfd) -> None:
    before = {path: path.read_bytes() for path in everything_in(store_folder) if path.is_file()}
    nan_voxels(kits_folder)
    require_refused(hlfd("prepare", kits_folder, store_folder, "--overwrite"), "NaN")
    assert before == {path: path.read_bytes() for path in everything_in(store_folder) if path.is_file()}
    assert {path.name for path in tmp_path.iterdir()} == {"kits", "store"}


def test_a_folder_of_cts_is_never_replaced_by_a_store(tmp_path, kits_folder, hlfd) -> None:
    before = everything_in(tmp_path)
    require_refused(hlfd("prepare", kits_folder, kits_folder, "--overwrite"), "not replaced")
    assert everything_in(tmp_path) == before


def test_a_full_disk_is_told_in_a_sentence_and_leaves_nothing(tmp_path, kits_folder, hlfd, monkeypatch) -> None:
    save, left = store_files._save, iter(range(7))

    def save_until_the_disk_is_full(file: Path, array: np.ndarray) -> None:
        if next(left, None) is None:
            file.write_bytes(b"\x93NUMPY")
            raise OSError(errno.ENOSPC, "No space left on device", str(file))
        save(file, array)

    monkeypatch.setattr(store_files, "_save", save_until_the_disk_is_full)
    before = everything_in(tmp_path)
    require_refused(hlfd("prepare", kits_folder, tmp_path / "store"), "the disk is full; free some space")
    assert everything_in(tmp_path) == before


# --- names of labels ---


def test_label_values_become_those_of_the_store() -> None:
    values = np.array([[[0, 1, 2, 3]]], np.uint8)
    assert name_labels(values, {"kidney": (1, 3), "tumor": (2,)}, "x").tolist() == [[[0, 1, 2, 1]]]
    assert name_labels(values, {"tumor": (2, 3), "kidney": (1,)}, "x").tolist() == [[[0, 2, 1, 1]]]


def test_an_unnamed_value_is_told_with_an_option_that_would_name_it() -> None:
    with pytest.raises(InputError) as error:
        name_labels(np.full((1, 1, 1), 4, np.uint8), TASKS["liver"].source_values, "labels.nii")
    assert str(error.value) == (
        "labels.nii: label value 4 has no name (known: liver=1,tumor=2); name it with --labels, or let a name "
        "include it, such as --labels liver=1+4,tumor=2"
    )
    suggested = str(error.value).rpartition("--labels ")[2]
    assert parse_labels(suggested) == {"liver": (1, 4), "tumor": (2,)}


# --- as a job, and stopped ---


def test_a_stop_between_cases_leaves_nothing_and_the_next_start_makes_the_same_store(
    tmp_path, kits_folder, store_folder, hlfd, monkeypatch
) -> None:
    save, before = store_files._save, everything_in(tmp_path)

    def save_and_ask_for_a_stop(file: Path, array: np.ndarray) -> None:
        save(file, array)
        if file.parent.name == "case_00001":
            (tmp_path / "job" / "stop").touch()

    (tmp_path / "job").mkdir()
    with monkeypatch.context() as patch:
        patch.setenv("HLFD_JOB", str(tmp_path / "job"))
        patch.setattr(store_files, "_save", save_and_ask_for_a_stop)
        ran = hlfd("prepare", kits_folder, tmp_path / "other")
    assert ran.status == 130
    assert ran.err.endswith("hlfd: prepare: stopped; nothing is half-written, and the next start begins anew\n")
    told = [event["event"] for event in read_events(tmp_path / "job" / "events.jsonl")]
    assert told == ["started", "item", "item"]
    shutil.rmtree(tmp_path / "job")
    assert everything_in(tmp_path) == before
    assert hlfd("prepare", kits_folder, tmp_path / "other").status == 0
    assert Store(tmp_path / "other").digest() == Store(store_folder).digest()


def test_a_job_hears_in_the_end_what_a_terminal_is_told(tmp_path, kits_folder, hlfd, monkeypatch) -> None:
    (tmp_path / "job").mkdir()
    monkeypatch.setenv("HLFD_JOB", str(tmp_path / "job"))
    assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0
    last = read_events(tmp_path / "job" / "events.jsonl")[-1]
    assert (last["event"], last["say"].partition(";")[0]) == (
        "done",
        f"{tmp_path / 'store'}: 6 cases of 6 patients, 1 of the cases without tumour",
    )
    assert not (tmp_path / "store" / ".lock").exists()


def test_the_next_start_sweeps_up_what_a_killed_one_left_and_not_what_one_is_writing(
    tmp_path, kits_folder, hlfd
) -> None:
    killed, writing, strange = (tmp_path / f"{UNFINISHED}{name}" for name in ("killed", "writing", "strange"))
    for folder in (killed, writing, strange):
        (folder / "cases").mkdir(parents=True)
    (killed / ".lock").touch()
    with held(writing):
        assert hlfd("prepare", kits_folder, tmp_path / "store").status == 0
        assert not killed.exists()
    assert (writing / "cases").exists() and (strange / "cases").exists()
