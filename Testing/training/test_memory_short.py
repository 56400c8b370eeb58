"""Memory that runs out: fewer crops at once, the same step; and a sentence where nothing fits."""

import pytest
import torch

from hlfd.data.batches import Crops, CropSettings
from hlfd.data.store import Store
from hlfd.errors import MemoryShortError, is_out_of_memory
from hlfd.event_file import read_events
from hlfd.training.checkpoint import Progress
from hlfd.training.objectives import Supervised
from Testing.training.bare_loop import Watched, begin, checkpoint, run_loop, settings_for
from Testing.training.test_accumulating import a_batch
from Testing.training.tiny_runs import TEACHER, hlfd, same, steps_told

CPU_IS_FULL = (
    "[enforce fail at alloc_cpu.cpp:121] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 301989888 "
    "bytes. Error code 12 (Cannot allocate memory)"
)
SHORTAGES = {
    "cuda": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    "mps": RuntimeError("MPS backend out of memory (MPS allocated: 8.00 GB, max allowed: 9.07 GB)"),
    "linux": RuntimeError(CPU_IS_FULL),
    "windows": RuntimeError("[enforce fail at alloc_cpu.cpp:116] data. DefaultCPUAllocator: not enough memory: ..."),
    "onednn": RuntimeError("could not create a primitive"),
    "c++": RuntimeError("std::bad_alloc"),
    "python": MemoryError(),
}


def fits(most, error, seen=None):
    """An objective for which more than `most` crops at once are too many; what it computes is put into `seen`."""

    def before(images):
        if len(images) > most:
            raise error
        if seen is not None:
            seen.append(images)

    return Watched(before)


def told(run, name):
    return [event for event in read_events(run / "events.jsonl") if event["event"] == name]


@pytest.mark.parametrize("kind", SHORTAGES)
def test_every_way_to_say_that_memory_ran_out_is_known(kind):
    assert is_out_of_memory(SHORTAGES[kind])


@pytest.mark.parametrize("error", [RuntimeError("shapes differ"), ValueError("out of memory"), KeyboardInterrupt()])
def test_other_errors_are_no_shortage(error):
    assert not is_out_of_memory(error)


@pytest.mark.parametrize("measured", [True, False])
@pytest.mark.parametrize("kind", ["cuda", "linux", "python"])
def test_parts_double_until_they_fit_and_the_crops_are_the_same(a_store, tmp_path, kind, measured):
    run, seen = tmp_path / "run", []
    progress = run_loop(fits(1, SHORTAGES[kind], seen), a_store, run, batch=4, steps=3, preflight=measured)
    assert progress.parts == checkpoint(run)["progress"]["parts"] == 4
    say = "memory is short: the 4 crops of a step are now computed in {} parts"
    assert [event["say"] for event in told(run, "note")] == [say.format(2), say.format(4)]
    assert told(run, "started")[0]["parts"] == (4 if measured else 1)
    crops = Crops(Store(a_store), CropSettings(32, 4, 0.5, True, 0, 0), 0, 3)
    expected = torch.cat([crops[step].images for step in range(3)])
    assert torch.equal(torch.cat(seen[-12:]), expected)
    assert len(seen) == (24 if measured else 12)  # the three steps that are measured are the first three


def test_a_run_that_came_to_parts_is_bit_for_bit_one_in_parts(a_store, tmp_path):
    # Memory runs out in the second of two parts: what the first has left must not count twice.
    sizes = []

    def short_once(images):
        sizes.append(len(images))
        if len(images) == 4 or (len(images) == 2 and sizes.count(2) == 2):
            raise SHORTAGES["linux"]

    run_loop(Watched(short_once), a_store, tmp_path / "came", batch=4)
    run_loop(Watched(lambda _images: None), a_store, tmp_path / "began", batch=4, accumulate=4)
    assert sizes[:7] == [4, 2, 2, 1, 1, 1, 1]
    assert steps_told(tmp_path / "came") == steps_told(tmp_path / "began")
    assert same(*(checkpoint(tmp_path / name)["objective"] for name in ("came", "began")))


def test_parts_are_remembered_when_a_run_is_gone_on_with(a_store, tmp_path):
    run, sizes = tmp_path / "run", []
    run_loop(fits(2, SHORTAGES["cuda"]), a_store, run, batch=4, minutes=1e-6)
    run_loop(Watched(lambda images: sizes.append(len(images))), a_store, run, batch=4, resume=True)
    assert sizes == [2] * 2 * 5  # the five steps that the time budget left
    assert told(run, "started")[-1]["parts"] == 2


def test_an_uneven_batch_is_divided_further_until_its_largest_part_fits():
    seen = []
    progress, notes = Progress(), []
    _, _, stepper = begin(fits(2, SHORTAGES["cuda"], seen), settings_for("store", "run"))
    stepper.step(a_batch(5), progress, notes.append)
    assert [len(images) for images in seen] == [2, 2, 1]
    assert progress.parts == 4 and len(notes) == 2


@pytest.mark.parametrize("measured", [[], ["--no-preflight"]])
def test_a_single_crop_that_does_not_fit_is_told_in_a_sentence(a_store, tmp_path, monkeypatch, capsys, measured):
    def full(*_arguments):
        raise SHORTAGES["cuda"]

    monkeypatch.setattr(Supervised, "forward", full)
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, *measured) == 12
    sentence = capsys.readouterr().err.splitlines()[-1]
    assert sentence.startswith("hlfd: memory does not suffice for a single crop; use a smaller --crop")


def test_another_error_is_not_taken_for_a_shortage(a_store, tmp_path):
    sizes = []

    def broken(images):
        sizes.append(len(images))
        raise RuntimeError("shapes differ")

    with pytest.raises(RuntimeError, match="shapes differ"):
        run_loop(Watched(broken), a_store, tmp_path / "run")
    assert sizes == [2]


def test_a_shortage_in_the_optimiser_is_no_reason_to_step_twice(a_store, tmp_path):
    objective = Watched(lambda _images: None)
    _, training, stepper = begin(objective, settings_for("store", "run"))

    def full(*_arguments, **_options):
        raise SHORTAGES["cuda"]

    training.optimizer.register_step_pre_hook(full)
    progress = Progress()
    with pytest.raises(torch.OutOfMemoryError):
        stepper.step(a_batch(2), progress, print)
    assert progress.parts == 1 and training.scheduler.last_epoch == 0


def test_several_processes_whose_parts_are_single_crops_are_told_what_else_helps(monkeypatch):
    monkeypatch.setattr("hlfd.training.stepping.world", lambda: (0, 2))
    _, _, stepper = begin(fits(0, SHORTAGES["cuda"]), settings_for("store", "run"))
    with pytest.raises(MemoryShortError, match="a single crop; use a smaller --crop"):
        stepper.step(a_batch(2), Progress(parts=2), print)


def test_several_processes_are_told_to_start_again_in_parts(monkeypatch):
    monkeypatch.setattr("hlfd.training.stepping.world", lambda: (0, 2))
    _, _, stepper = begin(fits(0, SHORTAGES["cuda"]), settings_for("store", "run"))
    with pytest.raises(MemoryShortError, match="give twice the --accumulate, and go on with --resume"):
        stepper.step(a_batch(2), Progress(parts=1), print)
