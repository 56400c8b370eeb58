"""When checkpoints are written, what is left half-written, and who may write."""

import subprocess
import sys

import pytest
from filelock import FileLock, Timeout

from hlfd.files import UNFINISHED
from hlfd.training import keeping
from hlfd.training.checkpoint import save_checkpoint
from hlfd.training.export import Exporter
from hlfd.training.runs import RunFolder
from Testing.training.apart import environment
from Testing.training.tiny_runs import STUDENT, TEACHER, assert_same_run, hlfd

OPTIONS = [*TEACHER, "--deterministic"]
HOLD = """
import sys
from pathlib import Path
from hlfd.training.runs import RunFolder, held
with held(RunFolder(Path(sys.argv[1]))):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.mark.parametrize(("minutes", "expected"), [(0, {*range(13)}), (1000, {0, 4, 8, 12})])
def test_checkpoints_are_written_by_time_and_change_nothing(
    a_store, a_taught_run, tmp_path, monkeypatch, minutes, expected
):
    saved = []

    def save_and_note(path, training, progress):
        saved.append(progress.step)
        save_checkpoint(path, training, progress)

    monkeypatch.setattr(keeping, "save_checkpoint", save_and_note)
    assert hlfd("teach", a_store, tmp_path / "run", *OPTIONS, "--save-minutes", minutes) == 0
    assert set(saved) == expected and saved == sorted(saved)
    assert_same_run(tmp_path / "run", a_taught_run)


def test_a_model_that_a_crash_took_while_it_was_replaced_is_made_anew(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    (run / "bundle").rename(run / f"{UNFINISHED}bundle-old")
    assert hlfd("teach", a_store, run, *OPTIONS, "--resume") == 0
    assert_same_run(run, a_taught_run)


def test_a_model_that_somebody_is_reading_on_windows_does_not_end_the_training(
    a_store, a_taught_run, tmp_path, monkeypatch
):
    export, times = Exporter.export, []

    def refused_once(exporter, progress):
        times.append(progress.step)
        if len(times) == 1:
            raise PermissionError("in use")
        return export(exporter, progress)

    monkeypatch.setattr(Exporter, "export", refused_once)
    assert hlfd("teach", a_store, tmp_path / "run", *OPTIONS) == 0
    assert_same_run(tmp_path / "run", a_taught_run)


@pytest.fixture
def a_held_run(a_taught_run, a_copy):
    """A run in which another process is at work, and that process."""
    run = a_copy(a_taught_run, "run")
    command = [sys.executable, "-c", HOLD, str(run)]
    with subprocess.Popen(
        command, env=environment(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "held\n"
        yield run, process
        process.kill()


def content(run):
    return {path: path.read_bytes() for path in run.rglob("*") if path.is_file() and path.name != ".lock"}


def test_a_second_process_is_refused_and_the_first_is_not_disturbed(a_store, a_held_run, capsys):
    run, process = a_held_run
    (run / ".hlfd-part-of-the-first").write_text("half")
    before = content(run)
    for how in ("--resume", "--overwrite"):
        assert hlfd("teach", a_store, run, *OPTIONS, how) == 2
        sentence = capsys.readouterr().err
        assert sentence.startswith(f"hlfd: {run}: another process is at work in it; wait for its end, stop it")
        assert sentence.count("\n") == 1
    assert content(run) == before and process.poll() is None
    # Whoever is killed holds nothing any more, and what it left half-written is swept up.
    process.kill()
    process.wait()
    assert hlfd("teach", a_store, run, *OPTIONS, "--resume") == 0
    assert not list(run.glob(".hlfd-part-*"))


def test_half_written_leftovers_are_swept_up_when_a_run_is_gone_on_with(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    (run / ".hlfd-part-abc.ckpt").write_bytes(b"half a checkpoint")
    (run / ".hlfd-part-def-old").mkdir()
    (run / ".hlfd-part-def-old" / "manifest.json").write_text("{}")
    (run / "note.txt").write_text("mine")
    assert hlfd("teach", a_store, run, *OPTIONS, "--resume") == 0
    assert not list(run.glob(".hlfd-part-*"))
    assert (run / "note.txt").read_text() == "mine"


@pytest.mark.parametrize("what", ["teach", "distill"])
def test_a_run_is_held_until_its_last_file_is_written(a_store, a_taught_run, tmp_path, monkeypatch, what):
    finish, tried = Exporter.finish, []

    def try_and_finish(exporter, *arguments):
        tried.append(RunFolder(tmp_path / "run").lock)
        with pytest.raises(Timeout), FileLock(tried[0], timeout=0):
            raise AssertionError("two are at work")
        return finish(exporter, *arguments)

    monkeypatch.setattr(Exporter, "finish", try_and_finish)
    options = {"teach": TEACHER, "distill": [*STUDENT, "--teacher", a_taught_run]}[what]
    assert hlfd(what, a_store, tmp_path / "run", *options, "--steps", 1) == 0
    with FileLock(tried[0], timeout=0):
        assert len(tried) == 1
