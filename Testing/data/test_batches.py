"""Batches: fixed by seed and number, with the tumour share asked for, image and labels always together."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from hlfd.data.batches import AIR_HU, Batch, Crops, CropSettings, augmented, batches, cut, windowed
from hlfd.data.store import Store

PLAIN = CropSettings(crop=16, batch=4, tumor_share=0.5, augment=False, jitter=0.0, seed=11)


@pytest.fixture
def store(store_folder: Path) -> Store:
    return Store(store_folder)


def same(one: Batch, other: Batch) -> bool:
    return torch.equal(one.images, other.images) and torch.equal(one.labels, other.labels)


def drawn(store: Store, settings: CropSettings, first: int = 0, last: int = 50) -> list[Batch]:
    return list(batches(store, settings, first, last))


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
    slices = [store.slices(case) for case in store.cases("training")]
    pieces = {}
    for case in slices:
        for z, row, column in np.ndindex(len(case.hu), case.hu.shape[1] - 15, case.hu.shape[2] - 15):
            place = (z, slice(row, row + 16), slice(column, column + 16))
            pieces[windowed(case.hu[place], window).tobytes()] = case.labels[place]
    for batch in drawn(store, PLAIN):
        for image, labels in zip(batch.images.numpy(), batch.labels.numpy(), strict=True):
            assert np.array_equal(pieces[image[0].tobytes()], labels)


# --- how often there is tumour ---


@pytest.mark.parametrize(("share", "low", "high"), [(0, 0, 0.3), (0.3, 0.3, 0.55), (0.8, 0.75, 0.95), (1, 1, 1)])
def test_tumour_is_in_the_share_of_crops_asked_for_and_rarely_in_others(store, share, low, high) -> None:
    small = replace(PLAIN, crop=6, tumor_share=share)  # a larger one would meet the tumour wherever it lies
    labels = torch.cat([batch.labels for batch in drawn(store, small, last=150)])
    found = float((labels == 2).flatten(1).any(1).float().mean())
    assert low - 0.05 <= found <= high


def test_half_of_the_crops_that_need_no_tumour_lie_at_the_organ(store) -> None:
    small = replace(PLAIN, crop=4, tumor_share=0.0)  # anywhere, most crops of this size miss the organ
    labels = torch.cat([batch.labels for batch in drawn(store, small, last=150)])
    organ_alone = (labels == 1).flatten(1).any(1) & ~(labels == 2).flatten(1).any(1)
    assert 0.55 < organ_alone.float().mean() < 0.85


def test_tumour_lies_in_many_places_of_a_crop(store) -> None:
    labels = torch.cat([batch.labels for batch in drawn(store, replace(PLAIN, tumor_share=1.0), last=50)])
    assert len({tuple(torch.nonzero(crop == 2)[0].tolist()) for crop in labels}) > 20


# --- cutting ---


def test_a_cut_round_a_pixel_stays_within_the_slice() -> None:
    hu = np.arange(100, dtype=np.int16).reshape(10, 10)
    for centre, corner in (((5, 5), 33), ((0, 0), 0), ((9, 9), 66), ((-3, 12), 6)):
        cropped, labels = cut(hu, hu.astype(np.uint8), centre, 4)
        assert cropped.shape == (4, 4)
        assert cropped[0, 0] == corner
        assert np.array_equal(cropped, labels)


def test_a_slice_smaller_than_the_crop_is_padded_with_air_and_background() -> None:
    hu, labels = np.full((3, 10), 40, np.int16), np.ones((3, 10), np.uint8)
    cropped, cropped_labels = cut(hu, labels, (1, 5), 8)
    assert cropped.shape == cropped_labels.shape == (8, 8)
    assert (cropped[2:5] == 40).all() and (cropped_labels[2:5] == 1).all()
    assert (cropped[[0, 1, 5, 6, 7]] == AIR_HU).all() and (cropped_labels[[0, 1, 5, 6, 7]] == 0).all()


def test_crops_larger_than_every_slice_make_batches(store) -> None:
    batch = drawn(store, replace(PLAIN, crop=64), last=1)[0]
    assert batch.images.shape == (4, 1, 64, 64)
    assert (batch.images[:, :, :22] == 0).all()
    assert (batch.labels[:, :22] == 0).all()


def test_air_is_black_in_both_windows() -> None:
    air = np.array([AIR_HU], np.int16)
    assert windowed(air, (-200, 300)) == windowed(air, (-40, 160)) == 0


# --- augmentation ---


def test_augmentation_makes_the_eight_symmetries_of_a_square_about_equally_often() -> None:
    hu = np.arange(9, dtype=np.int16).reshape(3, 3)
    generator = np.random.default_rng(0)
    found: dict[bytes, int] = {}
    for _ in range(800):
        turned = np.ascontiguousarray(augmented(hu, hu.astype(np.uint8), generator)[0])
        found[turned.tobytes()] = found.get(turned.tobytes(), 0) + 1
    symmetries = {np.ascontiguousarray(np.rot90(side, turns)).tobytes() for side in (hu, hu.T) for turns in range(4)}
    assert set(found) == symmetries and len(symmetries) == 8
    assert min(found.values()) > 60


def test_augmentation_turns_image_and_labels_alike() -> None:
    hu = np.arange(16, dtype=np.int16).reshape(4, 4)
    generator = np.random.default_rng(1)
    for _ in range(40):
        turned, labels = augmented(hu, hu.astype(np.uint8), generator)
        assert np.array_equal(turned, labels)


def test_augmentation_is_a_setting(store) -> None:
    plain, turned = drawn(store, PLAIN, last=5), drawn(store, replace(PLAIN, augment=True), last=5)
    assert not any(same(one, other) for one, other in zip(plain, turned, strict=True))
