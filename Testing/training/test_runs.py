"""The folder of a run: never replaced unasked, never replaced if it is something else."""

import json

import pytest

from Testing.training.tiny_runs import TEACHER, hlfd


def test_a_run_that_exists_is_refused(a_store, a_taught_run, capsys):
    before = {path: path.stat().st_mtime_ns for path in a_taught_run.rglob("*")}
    assert hlfd("teach", a_store, a_taught_run, *TEACHER) == 2
    assert f"{a_taught_run}: already exists; choose another name or add --overwrite" in capsys.readouterr().err
    assert before == {path: path.stat().st_mtime_ns for path in a_taught_run.rglob("*")}


def test_overwrite_replaces_all_of_a_run(a_store, a_taught_run, a_copy):
    run = a_copy(a_taught_run, "run")
    (run / "note.txt").write_text("of the first run")
    assert hlfd("teach", a_store, run, *TEACHER, "--seed", 5, "--overwrite") == 0
    assert not (run / "note.txt").exists()
    assert json.loads((run / "settings.json").read_text())["seed"] == 5
    assert len(list((run / "tensorboard").iterdir())) == 1


@pytest.mark.parametrize("content", ["ct.nii.gz", "settings.json"])
def test_overwrite_never_deletes_a_folder_that_is_no_run(a_store, tmp_path, capsys, content):
    folder = tmp_path / "patients"
    folder.mkdir()
    (folder / content).write_text('{"data": "years of work"}')
    assert hlfd("teach", a_store, folder, *TEACHER, "--overwrite") == 2
    assert f"{folder}: is not a run, so it is not replaced; choose another name" in capsys.readouterr().err
    assert (folder / content).exists()


def test_overwrite_never_deletes_the_store(a_store, a_copy, capsys):
    store = a_copy(a_store, "store")
    (store / "settings.json").write_text('{"data": "cts", "store": "store"}')  # as `hlfd prepare` leaves it
    assert hlfd("teach", store, store, *TEACHER, "--overwrite") == 2
    assert "is not a run, so it is not replaced" in capsys.readouterr().err
    assert (store / "store.json").exists()


def test_overwrite_never_deletes_a_run_that_holds_the_store(a_store, a_taught_run, a_copy, capsys):
    run = a_copy(a_taught_run, "run")
    store = a_copy(a_store, "run/store")
    assert hlfd("teach", store, run, *TEACHER, "--overwrite") == 2
    assert f"{run}: holds the store {store}, so it is not replaced; choose another name" in capsys.readouterr().err
    assert (store / "store.json").exists()


def test_overwrite_never_deletes_a_file(a_store, tmp_path, capsys):
    file = tmp_path / "ct.nii.gz"
    file.write_text("a CT")
    assert hlfd("teach", a_store, file, *TEACHER, "--overwrite") == 2
    assert hlfd("teach", a_store, file, *TEACHER, "--resume") == 2
    assert file.read_text() == "a CT"
    said = capsys.readouterr().err
    assert "is not a run, so it is not replaced" in said
    assert "no run to resume" in said


def test_an_empty_folder_is_as_good_as_none(a_store, tmp_path):
    (tmp_path / "run").mkdir()
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--steps", 1) == 0


def test_overwrite_of_nothing_is_a_new_run(a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "new" / "run", *TEACHER, "--steps", 1, "--overwrite") == 0


def test_a_run_records_the_settings_that_it_used(a_taught_run, a_store):
    recorded = json.loads((a_taught_run / "settings.json").read_text())
    assert recorded["store"] == str(a_store)
    assert (recorded["steps"], recorded["widths"], recorded["deterministic"]) == (12, [2, 2, 3, 3, 4], True)
    assert "resume" not in recorded
    assert "overwrite" not in recorded
