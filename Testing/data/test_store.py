"""The store: read lazily, refused when it is not whole, written with the reason kept when it cannot be."""

import json
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from hlfd.catalogue import make_labels
from hlfd.data.batches import CropSettings, batches
from hlfd.data.splits import Splits
from hlfd.data.store import Store, StoredCase, StoreManifest, save_manifest, save_slices
from hlfd.errors import InputError

SHAPE = (20, 96, 96)
CROPS = CropSettings(crop=32, batch=4, tumor_share=0.5, augment=True, jitter=0.0, seed=0)


@pytest.fixture
def store_of(tmp_path: Path):
    """Makes a store of so many training cases, each with tumour on every fourth slice."""

    def make(count: int) -> Path:
        folder = tmp_path / f"store-of-{count}"
        names = [f"case_{number:02d}" for number in range(count)]
        hu = np.random.default_rng(0).integers(-1000, 1000, SHAPE).astype(np.int16)
        labels = np.zeros(SHAPE, np.uint8)
        labels[:, 20:70, 20:70] = 1
        labels[::4, 30:40, 30:40] = 2
        for name in names:
            save_slices(folder, name, hu, labels, classes=3)
        cases = tuple(
            StoredCase(
                name=name,
                patient=name,
                image=Path("ct"),
                labels=Path("labels"),
                resampled_labels=False,
                spacing_mm=(1, 1, 1),
                shape=SHAPE,
                tumor_slices=5,
            )
            for name in names
        )
        manifest = StoreManifest(
            organ="kidney",
            labels=make_labels(("kidney", "tumor"), "kidney"),
            source_values={"kidney": (1,), "tumor": (2,)},
            window_hu=(-200, 300),
            pixel_mm=1,
            synthetic=True,
            cases=cases,
        )
        save_manifest(folder, manifest, Splits(seed=0, training=tuple(names), validation=(), test=()))
        return folder

    return make


def test_slices_are_maps_of_the_files_and_nothing_is_read_until_it_is_indexed(store_of) -> None:
    store = Store(store_of(1))
    slices = store.slices(store.cases("training")[0])
    for array in (slices.hu, slices.labels, slices.hu[3], slices.labels[2:4]):
        assert isinstance(array, np.memmap)
    assert not slices.hu.flags.writeable


def test_memory_is_the_same_for_4_cases_as_for_40(store_of) -> None:
    peaks = []
    for folder in (store_of(2), store_of(4), store_of(40)):  # the first warms up what is imported and cached
        tracemalloc.start()
        for _ in batches(Store(folder), CROPS, first=0, last=20):
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    one_case = np.prod(SHAPE) * 3
    assert peaks[2] - peaks[1] < one_case / 2


def test_counts_are_pixels_of_each_class_on_each_slice(store_of) -> None:
    store = Store(store_of(1))
    counts = store.counts(store.cases("training")[0])
    assert counts.tolist() == [[96 * 96 - 2500, 2400, 100], *[[96 * 96 - 2500, 2500, 0]] * 3] * 5
    assert (store.tumor_value, store.classes) == (2, 3)


def test_files_of_the_store_are_numpys_own(store_of) -> None:
    folder = store_of(1) / "cases" / "case_00"
    assert [np.load(folder / f"{what}.npy").dtype for what in ("hu", "labels", "counts")] == ["i2", "u1", "i4"]


def test_a_turned_view_is_written_as_it_is_seen(tmp_path) -> None:
    hu = np.arange(24, dtype=np.int16).reshape(2, 3, 4).transpose(2, 1, 0)[::-1]
    save_slices(tmp_path, "a", hu, (hu > 9).astype(np.uint8), classes=2)
    assert np.array_equal(np.load(tmp_path / "cases" / "a" / "hu.npy"), hu)


# --- a store that is not whole ---


def first_case(folder: Path):
    store = Store(folder)
    return store, store.cases("training")[0]


@pytest.mark.parametrize("what", ["hu", "labels", "counts"])
def test_a_file_that_is_missing_or_damaged_is_told(store_of, what) -> None:
    folder = store_of(1)
    file = folder / "cases" / "case_00" / f"{what}.npy"
    store, case = first_case(folder)
    read = store.counts if what == "counts" else store.slices
    content = file.read_bytes()
    for left in (len(content) - 1, 40, 0):
        file.write_bytes(content[:left])
        with pytest.raises(InputError, match=rf"{what}\.npy: truncated or damaged; run `hlfd prepare` again"):
            read(case)
    file.unlink()
    with pytest.raises(InputError, match=rf"{what}\.npy: missing from the store"):
        read(case)


def test_slices_of_another_shape_than_the_store_says_are_refused(store_of) -> None:
    folder = store_of(1)
    np.save(folder / "cases" / "case_00" / "hu.npy", np.zeros((1, 2, 3), np.int16))
    store, case = first_case(folder)
    with pytest.raises(InputError, match=r"case_00: hu of shape \(1, 2, 3\), not \(20, 96, 96\)"):
        store.slices(case)


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("store.json", {"format": 2}, "not a store of this version"),
        ("store.json", {"colour": "red"}, "not a store of this version"),
        ("splits.json", {"training": []}, "case case_00 is in no part"),
        ("splits.json", {"training": ["case_00", "x"]}, "case x is not in the data"),
        ("splits.json", {"test": ["case_00"]}, "case case_00 stands twice"),
    ],
)
def test_a_manifest_that_is_not_of_this_store_is_refused(store_of, file, change, told) -> None:
    folder = store_of(1)
    (folder / file).write_text(json.dumps(json.loads((folder / file).read_text()) | change))
    with pytest.raises(InputError, match=told):
        Store(folder)


def test_a_folder_that_is_no_store_says_who_makes_one(tmp_path) -> None:
    with pytest.raises(InputError, match=r"store\.json: no such file; expected a store that `hlfd prepare` wrote"):
        Store(tmp_path)


if sys.platform != "win32":  # Windows has no limit of this kind

    def test_a_write_that_does_not_fit_keeps_its_reason(tmp_path) -> None:
        import resource

        usual = resource.getrlimit(resource.RLIMIT_FSIZE)
        hu = np.zeros((4, 100, 100), np.int16)
        resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, usual[1]))
        try:
            with pytest.raises(OSError) as error:
                save_slices(tmp_path, "a", hu, hu.astype(np.uint8), classes=2)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, usual)
        assert error.value.errno is not None  # without it nobody could tell a full disk from a bug
