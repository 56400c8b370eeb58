"""The teacher's answers on disk: what a crop gets is what the teacher said of its pixels."""

import os
import pickle
from dataclasses import replace

import numpy as np
import pytest
import torch
from lightning_fabric import Fabric
from torch import nn
from torch.nn.functional import avg_pool2d

from hlfd.attached import JOB_VARIABLE
from hlfd.data.batches import Crops, CropSettings, windowed
from hlfd.data.lattice import LATTICE, Place
from hlfd.data.store import Store
from hlfd.distillation.cache import CachedTargets
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.targets import Source
from hlfd.errors import InputError, Stopped
from hlfd.events import quiet
from hlfd.files import UNFINISHED
from hlfd.models.contract import Taps
from hlfd.models.resnet import ResNetSettings, ResNetStudent
from hlfd.models.unetpp import UNetPlusPlus, UNetPlusPlusSettings
from hlfd.stopping import stoppable
from Testing.training.tiny_runs import make_store

LATE, MIDDLE = Source("feature", ("late",), 16, 2.0), Source("feature", ("middle1", "middle2"), 4, 2.0)
OUTPUT, RELATION = Source("pixel", ("late",), 4), Source("relation", ("late",), 16)
SOURCES = (LATE, MIDDLE, OUTPUT, RELATION)
CPU = Fabric(accelerator="cpu", devices=1)
CROPS = CropSettings(crop=32, batch=6, tumor_share=0.5, augment=True, jitter=0.0, seed=3)


class Mirror(nn.Module):
    """A teacher whose output is the image itself, so that a moved answer shows as a moved pixel."""

    def taps(self, images, maps=()):
        return Taps({}, {"late": torch.cat([images, 1 - images, 2 * images], dim=1)})


@pytest.fixture
def a_teacher():
    torch.manual_seed(0)
    return UNetPlusPlus(3, UNetPlusPlusSettings(widths=(2, 3, 4, 5, 6), norm="batch")).eval()


@pytest.fixture
def store(tmp_path):
    """Slices of 48 x 48 pixels."""
    return Store(make_store(tmp_path / "store"))


def filled(store, teacher, sources, side=32, **settings):
    cache = CachedTargets(store, "digest", side, sources, **settings)
    cache.fill(teacher, CPU, quiet())
    return cache


@pytest.mark.parametrize("side", [32, 64])
def test_targets_move_and_turn_with_their_crops(store, side):
    # 32 is smaller than the slices and cut on their lattices, 64 takes them in whole.
    cache = filled(store, Mirror(), (OUTPUT,), side)
    settings = replace(CROPS, crop=side)
    turned = set()
    crops = Crops(store, settings, 0, 12, cache)
    for batch in (crops[number] for number in range(12)):
        expected = avg_pool2d(torch.cat([batch.images, 1 - batch.images, 2 * batch.images], dim=1), 4)
        torch.testing.assert_close(batch.targets["pixel-late-4"], expected, rtol=2e-3, atol=2e-3)
        turned.update(bytes(image.numpy()) for image in batch.images)
    assert len(turned) > 30


@pytest.mark.parametrize("mirror", [False, True])
@pytest.mark.parametrize("turns", [0, 1, 2, 3])
def test_a_crop_gets_what_the_teacher_says_of_the_whole_slice_turned_exactly(store, a_teacher, turns, mirror):
    cache = filled(store, a_teacher, SOURCES)
    case = store.cases("training")[0]
    place = Place(case.name, 1, (16, 0), 32, turns, mirror)
    plain = cache.crop(replace(place, turns=0, mirror=False))
    for name, values in cache.crop(place).items():
        by_hand = np.rot90(plain[name], turns, axes=(1, 2))
        assert np.array_equal(values, by_hand[:, :, ::-1] if mirror else by_hand), name
    assert plain["feature-late-16-p2"].shape == (1, 2, 2)
    assert plain["relation-late-16"].shape == (6, 2, 2)
    assert plain["pixel-late-4"].shape == (3, 8, 8)


def test_a_slice_taken_in_whole_gets_the_teachers_own_answer(store, a_teacher):
    cache = filled(store, a_teacher, (OUTPUT,), side=64)
    case = store.cases("training")[0]
    image = torch.zeros(1, 1, 64, 64)
    image[0, 0, :48, :48] = torch.from_numpy(windowed(store.slices(case).hu[2], store.manifest.window_hu))
    with torch.no_grad():
        expected = avg_pool2d(a_teacher(image), 4)[0]
    found = torch.from_numpy(cache.crop(Place(case.name, 2, (0, 0), 64))["pixel-late-4"])
    torch.testing.assert_close(found, expected, rtol=2e-3, atol=2e-3)


def test_images_and_labels_are_those_that_come_without_targets(store, a_teacher):
    cache = filled(store, a_teacher, (OUTPUT,))
    plain, beside = Crops(store, CROPS, 0, 4), Crops(store, CROPS, 0, 4, cache)
    for number in range(4):
        assert torch.equal(plain[number].images, beside[number].images)
        assert torch.equal(plain[number].labels, beside[number].labels)
        assert not plain[number].targets and set(beside[number].targets) == {"pixel-late-4"}


def test_nothing_is_computed_twice_and_a_new_source_adds_its_own_files(store, a_teacher):
    first = filled(store, a_teacher, (OUTPUT,))
    files = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*.npy")}
    assert not first.missing()
    more = CachedTargets(store, "digest", 32, (OUTPUT, LATE))
    assert len(more.missing()) == 2
    more.fill(a_teacher, CPU, quiet())
    assert {path: path.stat().st_mtime_ns for path in files} == files
    assert {path.name for path in more.folder.rglob("*.npy")} == {"pixel-late-4.npy", "feature-late-16-p2.npy"}


@pytest.mark.parametrize("settings", [{}, {"only_tumor": True}])
def test_the_size_of_the_answers_is_known_before_they_are_asked_for(store, a_teacher, settings):
    cache = CachedTargets(store, "digest", 32, SOURCES, **settings)
    expected = cache.bytes_missing(a_teacher)
    cache.fill(a_teacher, CPU, quiet())
    headers = 128 * len(list(cache.folder.rglob("*.npy")))
    assert expected + headers == cache.bytes()
    assert cache.bytes_missing(a_teacher) == 0


def test_a_stop_is_heard_between_two_cases_and_the_next_fill_goes_on(store, a_teacher, tmp_path, monkeypatch):
    class Asking(nn.Module):
        def taps(self, images, maps=()):
            (tmp_path / "stop").touch()
            return a_teacher.taps(images, maps)

    cache = CachedTargets(store, "digest", 32, (OUTPUT,))
    monkeypatch.setenv(JOB_VARIABLE, str(tmp_path))
    with stoppable(), pytest.raises(Stopped, match="stopped while the teacher was asked; --resume goes on"):
        cache.fill(Asking(), CPU, quiet())
    assert [case.name for case in cache.missing()] == ["b"]
    monkeypatch.delenv(JOB_VARIABLE)
    cache.fill(a_teacher, CPU, quiet())
    assert not cache.missing()


def test_what_a_killed_process_left_long_ago_is_swept_up_and_what_another_writes_is_not(store, a_teacher):
    cache = CachedTargets(store, "digest", 32, (OUTPUT,))
    old, new = (cache.folder / "a" / f"{UNFINISHED}{name}.npy" for name in ("old", "new"))
    old.parent.mkdir(parents=True)
    for path in (old, new):
        path.write_text("half")
    os.utime(old, (0, 0))
    cache.fill(a_teacher, CPU, quiet())
    assert not old.exists() and new.exists()


def test_a_fill_that_was_killed_goes_on(store, a_teacher):
    class Dying(nn.Module):
        calls = 0

        def taps(self, images, maps=()):
            Dying.calls += 1
            if Dying.calls == 2:
                raise KeyboardInterrupt
            return a_teacher.taps(images, maps)

    cache = CachedTargets(store, "digest", 32, (OUTPUT,))
    with pytest.raises(KeyboardInterrupt):
        cache.fill(Dying(), CPU, quiet())
    assert [case.name for case in cache.missing()] == ["b"]
    cache.fill(a_teacher, CPU, quiet())
    assert not cache.missing()
    assert not [path for path in cache.folder.rglob("*") if path.name.startswith(".")]


def test_other_teachers_crops_and_ways_of_drawing_have_folders_of_their_own(store, tmp_path):
    other_store = Store(make_store(tmp_path / "other", pixel_mm=2))
    caches = [
        CachedTargets(store, "digest", 32, SOURCES),
        CachedTargets(store, "another", 32, SOURCES),
        CachedTargets(store, "digest", 64, SOURCES),
        CachedTargets(store, "digest", 32, SOURCES, only_tumor=True),
        CachedTargets(store, "digest", 32, SOURCES, precision="bf16"),
        CachedTargets(other_store, "digest", 32, SOURCES),
    ]
    assert len({cache.folder.name for cache in caches}) == 6


@pytest.mark.parametrize("method", ["at", "skd", "imf", "emkd", "hifd", "hlfd", "hlfd-places"])
def test_no_source_of_any_method_is_wider_than_the_lattice_that_crops_lie_on(method):
    student = ResNetStudent(3, ResNetSettings())  # its output has stride 32
    recipe = make_recipe(method, "", "cached", None, None)
    sources = Distiller(recipe, student.channels, student.strides, 3).sources
    assert sources and all(LATTICE % source.stride == 0 for source in sources)


def test_slices_that_are_never_drawn_are_not_asked_about(store):
    cache = filled(store, Mirror(), (OUTPUT,), only_tumor=True)
    everything = filled(store, Mirror(), (OUTPUT,))
    assert 0.6 < cache.bytes() / everything.bytes() < 0.7  # two slices of three have tumour
    crops = Crops(store, replace(CROPS, tumor_share=1.0), 0, 4, cache)
    for batch in (crops[number] for number in range(4)):
        expected = avg_pool2d(batch.images, 4)
        torch.testing.assert_close(batch.targets["pixel-late-4"][:, :1], expected, rtol=2e-3, atol=2e-3)


def test_workers_take_the_cache_along(store, a_teacher):
    cache = filled(store, a_teacher, (OUTPUT,))
    place = Place("a", 0, (0, 16), 32, 1, True)
    before = cache.crop(place)
    copied = pickle.loads(pickle.dumps(cache))
    assert np.array_equal(copied.crop(place)["pixel-late-4"], before["pixel-late-4"])


def test_a_damaged_file_is_named(store, a_teacher):
    cache = filled(store, a_teacher, (OUTPUT,))
    file = cache.folder / "a" / "pixel-late-4.npy"
    file.write_bytes(file.read_bytes()[:50])
    with pytest.raises(InputError, match=r"pixel-late-4\.npy: missing or damaged; delete the folder"):
        cache.crop(Place("a", 0, (0, 0), 32))


def test_crops_of_another_size_are_refused(store, a_teacher):
    cache = filled(store, a_teacher, (OUTPUT,))
    with pytest.raises(ValueError, match="crops of 32, not 64"):
        cache.crop(Place("a", 0, (0, 0), 64))
