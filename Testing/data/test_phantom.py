"""The synthetic CTs: plausible, honest about being synthetic, the same for a seed, and no giveaway."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd.data.phantom import ORIENTATIONS, Phantom, PhantomSettings, make_phantom
from hlfd.data.phantom.tumors import has_tumor
from hlfd.data.phantom.write import write_phantoms
from hlfd.errors import InputError

KIDNEY = PhantomSettings(size=128, slices=(32, 32))
LIVER = replace(KIDNEY, organ="liver")
TINY = PhantomSettings(size=64, slices=(20, 24), orientation="LPS")
SEED = 5


@pytest.fixture(scope="module")
def kidneys() -> list[Phantom]:
    return [make_phantom(KIDNEY, SEED, index) for index in range(10)]


@pytest.fixture(scope="module")
def livers() -> list[Phantom]:
    return [make_phantom(LIVER, SEED, index) for index in range(4)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("phantoms") / "set"
    write_phantoms(out, 3, TINY, SEED)
    return out


def dice(found: np.ndarray, truth: np.ndarray) -> float:
    return 2 * float((found & truth).sum()) / max(float(found.sum() + truth.sum()), 1)


def best_threshold_dice(case: Phantom) -> float:
    """Tumour Dice of the best HU cut, from either side, within the box round organ and tumour."""
    inside = np.argwhere(case.labels > 0)
    box = tuple(slice(low, high + 1) for low, high in zip(inside.min(0), inside.max(0), strict=True))
    hu, tumor = case.image_hu[box], case.labels[box] == 2
    return max(dice(mask, tumor) for cut in range(-150, 400, 10) for mask in (hu > cut, hu <= cut))


def voxel_of(case: Phantom, point: tuple[float, float, float]) -> tuple[int, ...]:
    """Index z y x of a point x y z in mm."""
    steps = (np.asarray(point) - case.origin) / case.spacing_mm
    return tuple(int(step) for step in np.rint(steps)[::-1])


# --- the same for a seed ---


def test_the_same_seed_gives_the_same_voxels() -> None:
    one, other = make_phantom(TINY, 1, 0), make_phantom(TINY, 1, 0)
    np.testing.assert_array_equal(one.image_hu, other.image_hu)
    np.testing.assert_array_equal(one.labels, other.labels)
    assert one.facts == other.facts


def test_another_seed_or_index_gives_other_voxels() -> None:
    fixed = replace(TINY, slices=(20, 20))
    cases = [make_phantom(fixed, seed, index).image_hu for seed, index in ((1, 0), (2, 0), (1, 1))]
    assert not np.array_equal(cases[0], cases[1])
    assert not np.array_equal(cases[0], cases[2])


def test_a_case_does_not_depend_on_how_many_are_made(folder: Path) -> None:
    alone = make_phantom(TINY, SEED, 2)
    written = sitk.ReadImage(str(folder / "case_00002" / "imaging.nii.gz"))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(written), alone.image_hu)


# --- plausible ---


def test_a_case_has_the_promised_types_and_geometry(kidneys: list[Phantom]) -> None:
    for case in kidneys:
        assert case.image_hu.dtype == np.int16
        assert case.labels.dtype == np.uint8
        assert case.image_hu.shape == case.labels.shape == (32, 128, 128)
        assert case.spacing_mm[0] == case.spacing_mm[1]
        assert 360 <= case.spacing_mm[0] * 128 <= 460
        assert 1.5 <= case.spacing_mm[2] <= 5


def test_labels_are_background_organ_and_tumor_only(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for case in kidneys + livers:
        assert set(np.unique(case.labels)) <= {0, 1, 2}
        assert (case.labels == 1).any()


def test_air_fat_organ_and_bone_have_their_hu(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for case in kidneys + livers:
        hu = case.image_hu.astype(float)
        assert np.median(hu[:, :5, :5]) == pytest.approx(-1000, abs=15)
        fat = hu[(hu > -160) & (hu < -60)]
        assert np.median(fat) == pytest.approx(-103, abs=12)
        assert 20 < np.median(hu[case.labels == 1]) < 230
        middle = hu[:, 64:110, 54:74]
        assert np.percentile(middle, 97) > 180, "no spine behind the middle"


def test_organs_have_human_volumes(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for cases, low, high in ((kidneys, 120, 500), (livers, 450, 2200)):
        for case in cases:
            millilitres = (case.labels > 0).sum() * np.prod(case.spacing_mm) / 1000
            assert low < millilitres < high


def test_kidneys_lie_on_both_sides_and_the_liver_on_the_right(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for case in kidneys:
        right = (case.labels[:, :, :64] > 0).sum() / (case.labels > 0).sum()
        assert 0.2 < right < 0.8
    for case in livers:
        assert (case.labels[:, :, :64] > 0).sum() / (case.labels > 0).sum() > 0.7


def test_the_scan_reaches_beyond_the_organ(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for case in kidneys + livers:
        holds_organ = (case.labels > 0).any(axis=(1, 2))
        assert not holds_organ[0] and not holds_organ[-1]
    assert np.mean([(case.labels > 0).any(axis=(1, 2)).mean() for case in kidneys]) < 0.8


def test_noise_is_there_and_correlated(kidneys: list[Phantom]) -> None:
    air = kidneys[0].image_hu[:, :6, :].astype(float)
    air = air[air > -1024] if air.std() == 0 else air
    assert air.std() > 3
    assert np.corrcoef(air[:, :, 1:].ravel(), air[:, :, :-1].ravel())[0, 1] > 0.2


def test_contrast_phases_vary(kidneys: list[Phantom]) -> None:
    assert len({case.facts["phase"] for case in kidneys}) > 1


# --- tumours ---


def test_the_facts_tell_of_every_tumor(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for case in kidneys + livers:
        tumors = case.facts["tumors"]
        assert len(tumors) <= 3
        assert bool(tumors) == bool((case.labels == 2).any())
        told = sum(np.pi / 6 * tumor["diameter_mm"] ** 3 for tumor in tumors)
        assert (case.labels == 2).sum() * np.prod(case.spacing_mm) == pytest.approx(told, rel=0.45)
        for tumor in tumors:
            assert case.labels[voxel_of(case, tumor["centre_mm"])] == 2
            assert 6 <= tumor["diameter_mm"] <= 50
            assert tumor["kind"] in ("hypo", "iso", "hyper")


def test_tumors_touch_the_organ(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for case in kidneys + livers:
        for tumor in case.facts["tumors"]:
            z, y, x = voxel_of(case, tumor["centre_mm"])
            reach = [int(np.ceil(0.75 * tumor["diameter_mm"] / step)) + 1 for step in case.spacing_mm[::-1]]
            around = tuple(
                slice(max(middle - r, 0), middle + r + 1) for middle, r in zip((z, y, x), reach, strict=True)
            )
            assert (case.labels[around] == 1).any()


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 1.0])
@pytest.mark.parametrize("seed", [0, 1, 77])
def test_each_ten_cases_hold_the_share_without_tumor(share: float, seed: int) -> None:
    for run in range(3):
        free = sum(not has_tumor(share, seed, 10 * run + place) for place in range(10))
        assert free == round(10 * share)


def test_the_share_without_tumor_shows_in_the_labels(kidneys: list[Phantom]) -> None:
    assert sum(not (case.labels == 2).any() for case in kidneys) == 2


def test_no_hu_threshold_finds_the_tumors(kidneys: list[Phantom], livers: list[Phantom]) -> None:
    for cases in (kidneys, livers):
        reached = [best_threshold_dice(case) for case in cases if (case.labels == 2).any()]
        assert np.mean(reached) < 0.6


def test_a_constant_answer_finds_no_tumor(kidneys: list[Phantom]) -> None:
    for case in kidneys:
        assert dice(np.ones(case.labels.shape, bool), case.labels == 2) < 0.05


# --- written ---


def test_the_layout_is_that_of_kits19(folder: Path) -> None:
    names = ["imaging.nii.gz", "segmentation.nii.gz"]
    assert sorted(path.name for path in folder.iterdir()) == [
        "case_00000",
        "case_00001",
        "case_00002",
        "dataset.json",
    ]
    for case in folder.glob("case_*"):
        assert sorted(path.name for path in case.iterdir()) == names


def test_files_say_that_they_are_synthetic(folder: Path) -> None:
    record = json.loads((folder / "dataset.json").read_text(encoding="utf-8"))
    assert record["synthetic"] is True
    assert "synthetic" in record["description"].lower()
    assert record["made_by"].startswith("hlfd ")
    assert record["seed"] == SEED
    assert record["settings"]["size"] == 64
    assert set(record["cases"]) == {"case_00000", "case_00001", "case_00002"}
    image = sitk.ReadImage(str(folder / "case_00000" / "imaging.nii.gz"))
    assert image.GetMetaData("descrip") == "synthetic phantom"


@pytest.mark.parametrize("code", ["LPS", "RAS", "SLP", "IAR"])
def test_the_orientation_written_is_the_one_asked(tmp_path: Path, folder: Path, code: str) -> None:
    write_phantoms(tmp_path / "set", 1, replace(TINY, orientation=code), SEED)
    for name in ("imaging.nii.gz", "segmentation.nii.gz"):
        image = sitk.ReadImage(str(tmp_path / "set" / "case_00000" / name))
        found = sitk.DICOMOrientImageFilter_GetOrientationFromDirectionCosines(image.GetDirection())
        assert found == code
        upright = sitk.DICOMOrient(image, "LPS")
        first = sitk.ReadImage(str(folder / "case_00000" / name))
        np.testing.assert_array_equal(sitk.GetArrayFromImage(upright), sitk.GetArrayFromImage(first))
        np.testing.assert_allclose(upright.GetOrigin(), first.GetOrigin(), atol=1e-3)
        np.testing.assert_allclose(upright.GetSpacing(), first.GetSpacing(), atol=1e-4)


def test_random_orientation_is_one_of_48_and_varies() -> None:
    assert len(set(ORIENTATIONS)) == 48
    wild = replace(TINY, size=32, slices=(12, 12), orientation="random")
    found = {make_phantom(wild, SEED, index).orientation for index in range(6)}
    assert len(found) > 2
    assert found <= set(ORIENTATIONS)


def test_progress_is_told_case_by_case(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    folders = write_phantoms(tmp_path / "set", 2, TINY, SEED, lambda index, count: told.append((index, count)))
    assert told == [(0, 2), (1, 2)]
    assert folders == [tmp_path / "set" / "case_00000", tmp_path / "set" / "case_00001"]


# --- refused ---


@pytest.mark.parametrize(
    "wrong",
    [
        {"organ": "spleen"},
        {"size": 8},
        {"size": 64.5},
        {"slices": (80, 40)},
        {"slices": (2, 4)},
        {"slice_mm": (0.0, 1.0)},
        {"field_of_view_mm": (100.0, 200.0)},
        {"tumor_free_share": 1.5},
        {"tumor_free_share": float("nan")},
        {"orientation": "LLS"},
        {"orientation": "lps"},
    ],
)
def test_settings_that_make_no_scan_are_refused_in_a_sentence(wrong: dict) -> None:
    with pytest.raises(ValueError, match=next(iter(wrong))) as refusal:
        PhantomSettings(**wrong)
    assert str(refusal.value).endswith(".")


def test_negative_seeds_are_refused() -> None:
    with pytest.raises(ValueError, match="negative"):
        make_phantom(TINY, -1, 0)


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(InputError, match="already exists"):
        write_phantoms(tmp_path, 1, TINY, SEED)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_no_cases_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one"):
        write_phantoms(tmp_path / "set", 0, TINY, SEED)
    assert not (tmp_path / "set").exists()


def test_an_interrupted_case_leaves_nothing_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError("No space left on device")

    monkeypatch.setattr(sitk, "WriteImage", fail)
    with pytest.raises(OSError):
        write_phantoms(tmp_path / "set", 1, TINY, SEED)
    assert list(tmp_path.iterdir()) == []


def test_a_set_of_phantoms_is_replaced_when_asked_and_other_folders_never(tmp_path: Path) -> None:
    write_phantoms(tmp_path / "set", 2, TINY, SEED)
    write_phantoms(tmp_path / "set", 1, TINY, SEED, overwrite=True)
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["case_00000", "dataset.json"]
    (tmp_path / "set" / "dataset.json").unlink()
    with pytest.raises(InputError, match="not replaced"):
        write_phantoms(tmp_path / "set", 1, TINY, SEED, overwrite=True)
    assert (tmp_path / "set" / "case_00000" / "imaging.nii.gz").exists()
