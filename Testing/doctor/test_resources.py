"""What `hlfd doctor` says of memory, disk, processors and workers."""

import os
import time
from pathlib import Path

import pytest

from hlfd.doctor import resources, workers


def of_drive(**changes):
    return resources.judge_disk({"folder": "/runs", "free": 50_000_000_000, "error": None} | changes)


def of_worker(work=workers.answer, seconds=30.0, **more):
    return workers.judge_workers(workers.read_workers(work, seconds, **more))


@pytest.mark.parametrize(
    ("free", "verdict", "say"),
    [
        (8_000_000_000, "good", "8.0 GB of 16.0 GB are free."),
        (7_900_000_000, "warning", "7.9 GB of 16.0 GB are free, little for wide networks."),
        (2_000_000_000, "warning", "2.0 GB of 16.0 GB are free, little for wide networks."),
        (1_900_000_000, "bad", "1.9 GB of 16.0 GB are free, too little to train."),
    ],
)
def test_memory_is_judged_by_what_is_free(free, verdict, say):
    finding = resources.judge_memory({"available": free, "total": 16_000_000_000})
    assert (finding.verdict, finding.say, bool(finding.do)) == (verdict, say, verdict != "good")


def test_a_disk_is_judged_by_its_room_and_whether_it_can_be_written():
    assert of_drive(free=10_000_000_000).verdict == "good"
    assert (of_drive().verdict, of_drive().say) == ("good", "50.0 GB are free at /runs, which can be written to.")
    little, none, locked = of_drive(free=9_900_000_000), of_drive(free=990_000_000), of_drive(error="Permission denied")
    assert (little.verdict, none.verdict, locked.verdict) == ("warning", "bad", "bad")
    assert little.say == "9.9 GB are free at /runs, little for a store and several runs."
    assert none.say == "990 MB are free at /runs, too little for a run."
    assert locked.say == "/runs: nothing can be written there (Permission denied)."


@pytest.mark.parametrize(
    ("cores", "threads", "asked", "verdict", "say"),
    [
        (8, 7, 0, "good", "8 cores, 7 threads to compute; the rest is for the desktop."),
        (1, 1, 0, "good", "1 core, 1 thread to compute; other programs will be slow meanwhile."),
        (8, 2, 2, "good", "8 cores, 2 threads to compute, as OMP_NUM_THREADS asks."),
        (2, 64, 64, "warning", "2 cores, 64 threads to compute, which is what OMP_NUM_THREADS asks for."),
    ],
)
def test_cores_are_told_with_the_threads_that_will_compute(cores, threads, asked, verdict, say):
    finding = resources.judge_cores({"cores": cores, "threads": threads, "asked": asked})
    assert (finding.verdict, finding.say) == (verdict, say)


# Workers


def of_another(line):
    line.send(0)


def dying(line):
    os._exit(1)


def sleeping(line):
    time.sleep(60)


def test_a_worker_that_answers_is_good(tmp_path):
    assert of_worker(shared=tmp_path).verdict == "good"
    assert of_worker(shared=tmp_path / "none").facts["shared_memory_free"] is None


@pytest.mark.parametrize(
    ("work", "seconds", "told"),
    [
        (of_another, 30, "gave another's answer"),
        (dying, 30, "ended without an answer"),
        (sleeping, 2, "did not answer"),
    ],
)
def test_one_that_does_not_is_a_warning(work, seconds, told):
    finding = of_worker(work, seconds)
    assert finding.verdict == "warning"
    assert told in finding.say
    assert finding.say.endswith("so crops are cut as with --workers 0.")


def test_so_are_a_system_that_starts_none_and_little_shared_memory(monkeypatch):
    little = workers.judge_workers({"error": None, "seconds": 0.1, "shared_memory_free": 64_000_000})
    assert little.say == "Only 64 MB of shared memory are free, too little for workers to hand over batches."
    monkeypatch.setattr("multiprocessing.context.SpawnProcess.start", lambda _: Path("/not there").stat())
    assert "could not be started (No such file or directory)" in of_worker().say
