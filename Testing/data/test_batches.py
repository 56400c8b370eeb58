"""Batches: fixed by seed and number, with the tumour share asked for, image and labels always together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hlfd.catalogue import make_labels
from hlfd.data.batches import AIR_HU, Batch, Crops, CropSettings, batches, jittered, windowed
from hlfd.data.splits import Splits
from hlfd.data.store import Store, StoredCase, StoreManifest, save_manifest, save_slices

PLAIN = CropSettings(crop=16, batch=4, tumor_share=0.5, augment=False, jitter=0.0, seed=11)


@pytest.fixture
def store(store_folder: Path) -> Store:
    return Store(store_folder)


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


def drawn(store: Store, settings: CropSettings, first: int = 0, last: int = 50) -> list[Batch]:
    return list(batches(store, settings, first, last))


# --- shares and parts ---


@pytest.mark.parametrize("count", [1, 2, 4])
def test_the_shares_of_several_devices_are_the_batch_of_one(store, count) -> None:
    turned = replace(PLAIN, augment=True, jitter=0.1)
    whole = drawn(store, turned, last=5)
    shares = [drawn(store, replace(turned, share=(number, count)), last=5) for number in range(count)]
    for batch, *parts in zip(whole, *shares, strict=True):
        assert [len(part.images) for part in parts] == [4 // count] * count
        assert torch.equal(torch.cat([part.images for part in parts]), batch.images)
        assert torch.equal(torch.cat([part.labels for part in parts]), batch.labels)


class Stored:
    """Targets that tell which crop they belong to."""

    def crop(self, place):
        return {"row": np.float32([place.start[0]]), "column": np.full((2, 3), place.start[1], np.float32)}


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [5]), (2, [3, 2]), (3, [2, 2, 1]), (4, [2, 2, 1]), (5, [1] * 5), (9, [1] * 5)]
)
def test_the_parts_of_a_batch_joined_are_the_batch(store, count, sizes) -> None:
    (batch,) = batches(store, replace(PLAIN, batch=5), 0, 1, companion=Stored())
    parts = batch.parts(count)
    assert [len(part.images) for part in parts] == [len(part.labels) for part in parts] == sizes
    assert torch.equal(torch.cat([part.images for part in parts]), batch.images)
    assert torch.equal(torch.cat([part.labels for part in parts]), batch.labels)
    assert batch.targets.keys() == {"row", "column"}
    for name, target in batch.targets.items():
        assert torch.equal(torch.cat([part.targets[name] for part in parts]), target)


# --- windows ---


def test_the_kidney_window_has_these_values() -> None:
    hu = np.array([-1024, -200, -75, 50, 300, 3071], np.int16)
    mapped = windowed(hu, (-200, 300))
    assert mapped.dtype == np.float32
    assert mapped.tolist() == [0, 0, 0.25, 0.5, 1, 1]


def test_the_liver_window_has_these_values() -> None:
    assert windowed(np.array([-41, -40, 60, 160, 161], np.int16), (-40, 160)).tolist() == [0, 0, 0.5, 1, 1]


def test_no_hu_overflows_16_bits() -> None:
    assert windowed(np.array([-32768, 32767], np.int16), (-200, 300)).tolist() == [0, 1]


# --- what a batch is ---


def test_a_batch_has_these_shapes_and_types(store) -> None:
    batch = drawn(store, PLAIN, last=1)[0]
    assert (batch.images.shape, batch.images.dtype) == ((4, 1, 16, 16), torch.float32)
    assert (batch.labels.shape, batch.labels.dtype) == ((4, 16, 16), torch.int64)
    assert batch.images.min() >= 0 and batch.images.max() <= 1
    assert set(batch.labels.unique().tolist()) <= {0, 1, 2}


def test_a_batch_is_fixed_by_its_seed_and_number_alone(store) -> None:
    augmenting = replace(PLAIN, augment=True)
    whole = drawn(store, augmenting, last=12)
    resumed = drawn(store, augmenting, first=7, last=12)
    assert len(resumed) == 5
    assert all(same(one, other) for one, other in zip(whole[7:], resumed, strict=True))
    assert same(Crops(store, augmenting, 3, 12)[4], whole[7])
    assert all(same(one, other) for one, other in zip(batches(store, augmenting, 0, 12, workers=1), whole, strict=True))


def test_other_numbers_and_seeds_give_other_batches(store) -> None:
    one, other = drawn(store, PLAIN, last=2)
    assert not same(one, other)
    assert not same(one, drawn(store, replace(PLAIN, seed=12), last=1)[0])


def test_drawing_batches_leaves_torchs_random_numbers_alone(store) -> None:
    before = torch.get_rng_state()
    drawn(store, PLAIN, last=2)
    assert torch.equal(torch.get_rng_state(), before)


def test_a_crop_is_a_piece_of_a_training_slice_with_its_labels(store) -> None:
    window = store.manifest.window_hu
    pieces = {}
    for case in (store.slices(case) for case in store.cases("training")):
        around = [(0, 0), (16, 16), (16, 16)]
        hu, labels = np.pad(case.hu, around, constant_values=AIR_HU), np.pad(case.labels, around)
        for z, row, column in np.ndindex(len(hu), hu.shape[1] - 15, hu.shape[2] - 15):
            place = (z, slice(row, row + 16), slice(column, column + 16))
            pieces[windowed(hu[place], window).tobytes()] = labels[place]
    for batch in drawn(store, PLAIN):
        for image, labels in zip(batch.images.numpy(), batch.labels.numpy(), strict=True):
            assert np.array_equal(pieces[image[0].tobytes()], labels)


# --- how often there is tumour ---


@pytest.fixture
def wide(tmp_path: Path) -> Store:
    """One case to train on, of 128 x 128 pixels: most crops of 32 meet neither its organ nor the tumour in it."""
    labels = np.zeros((4, 128, 128), np.uint8)
    labels[:3, 30:50, 70:90] = 1
    labels[:2, 36:41, 76:81] = 2
    named = make_labels(("kidney", "tumor"), "kidney")
    cases = []
    for name in "abc":
        save_slices(tmp_path, name, np.zeros(labels.shape, np.int16), labels, classes=3)
        files = {"image": tmp_path / name, "labels": tmp_path / name}
        about = {"resampled_labels": False, "spacing_mm": (1, 1, 1), "shape": labels.shape, "tumor_slices": 2}
        cases.append(StoredCase(name=name, patient=name, **files, **about))
    manifest = StoreManifest(
        organ="kidney",
        labels=named,
        source_values={"kidney": (1,), "tumor": (2,)},
        window_hu=(-200, 300),
        pixel_mm=1,
        synthetic=True,
        cases=tuple(cases),
    )
    save_manifest(tmp_path, manifest, Splits(seed=0, training=("a",), validation=("b",), test=("c",)))
    return Store(tmp_path)


SMALL = replace(PLAIN, crop=32)


@pytest.mark.parametrize(("share", "low", "high"), [(0, 0, 0.3), (0.3, 0.3, 0.5), (0.8, 0.8, 0.9), (1, 1, 1)])
def test_tumour_is_in_the_share_of_crops_asked_for_and_rarely_in_others(wide, share, low, high) -> None:
    labels = torch.cat([batch.labels for batch in drawn(wide, replace(SMALL, tumor_share=share), last=150)])
    found = float((labels == 2).flatten(1).any(1).float().mean())
    assert low - 0.05 <= found <= high + 0.02


def test_half_of_the_crops_that_need_no_tumour_lie_at_the_organ(wide) -> None:
    labels = torch.cat([batch.labels for batch in drawn(wide, replace(SMALL, tumor_share=0.0), last=150)])
    # Slices with organ but no tumour are one in four: crops anywhere rarely meet it.
    organ_alone = (labels == 1).flatten(1).any(1) & ~(labels == 2).flatten(1).any(1)
    assert 0.48 < organ_alone.float().mean() < 0.7


def test_tumour_lies_in_many_places_of_a_crop(wide) -> None:
    labels = torch.cat([batch.labels for batch in drawn(wide, replace(SMALL, tumor_share=1.0), last=50)])
    # Two slices lie at an offset of their own each: nine places of the lattice hold the tumour at each of them.
    assert len({tuple(torch.nonzero(crop == 2)[0].tolist()) for crop in labels}) >= 4


# --- cutting ---


def test_crops_larger_than_every_slice_make_batches(store) -> None:
    batch = drawn(store, replace(PLAIN, crop=64), last=1)[0]
    assert batch.images.shape == (4, 1, 64, 64)
    rows, columns = store.cases("training")[0].shape[1:]
    assert (batch.images[:, :, rows:] == 0).all() and (batch.images[:, :, :, columns:] == 0).all()
    assert (batch.labels[:, rows:] == 0).all() and (batch.images[:, :, :rows, :columns] > 0).any()


def test_air_is_black_in_both_windows() -> None:
    air = np.array([AIR_HU], np.int16)
    assert windowed(air, (-200, 300)) == windowed(air, (-40, 160)) == 0


# --- augmentation ---


def test_crops_are_turned_by_the_eight_symmetries_of_a_square_about_equally_often(store) -> None:
    crops = Crops(store, replace(PLAIN, augment=True), 0, 200)
    generator = np.random.default_rng(0)
    places = [crops._crop(generator)[0] for _ in range(800)]
    found = [sum((place.turns, place.mirror) == kind for place in places) for kind in np.ndindex(4, 2)]
    assert sum(found) == 800 and min(found) > 60


def test_augmentation_is_a_setting(store) -> None:
    plain, turned = drawn(store, PLAIN, last=5), drawn(store, replace(PLAIN, augment=True), last=5)
    assert not any(same(one, other) for one, other in zip(plain, turned, strict=True))


def test_jitter_changes_images_within_its_bounds_and_labels_not_at_all(store) -> None:
    plain, jittered = drawn(store, PLAIN, last=5), drawn(store, replace(PLAIN, jitter=0.1), last=5)
    for one, other in zip(plain, jittered, strict=True):
        assert torch.equal(one.labels, other.labels)
        change = (other.images - one.images).abs().amax((1, 2, 3))
        assert (change > 0).all() and (change <= 0.15 + 1e-6).all()  # 0.1 of brightness, 0.1 of half a window


def test_each_image_is_jittered_on_its_own_about_the_middle_of_the_window() -> None:
    images = np.full((3, 1, 2), 0.5, np.float32)
    images[:, :, 1] = 1.0
    changed = jittered(images, 0.2, np.random.default_rng(0))
    assert len({float(value) for value in changed[:, 0, 0]}) == 3
    spread = changed[:, 0, 1] - changed[:, 0, 0]
    assert ((spread >= 0.4) & (spread <= 0.6)).all()
