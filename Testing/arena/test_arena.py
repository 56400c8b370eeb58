"""`hlfd arena` from a store to its table: undisturbed, killed and resumed, grown, and refused."""

import csv
import json
import os
import shutil
import subprocess
import sys
import time

import psutil
import pytest

from hlfd.event_file import read_events
from Testing.arena.tiny_arena import TINY, arena_here, files_of, make_store_of_files, run

SOON_S = 900
ONE_THREAD = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
FINISHED = ("*/seed-*/result.json", "*/seed-*/bundle/*", "measured/*/*/seed-*/*")


def read(file):
    return json.loads(file.read_text(encoding="utf-8"))


def figures(folder):
    with (folder / "cases.csv").open(newline="", encoding="utf-8") as stream:
        return sorted(tuple(row.items()) for row in csv.DictReader(stream))


# --- undisturbed ---


def test_an_arena_whose_trainings_share_two_processes_asks_its_teachers_alone(
    a_store_of_files, a_finished_arena, tmp_path, monkeypatch
):
    store = shutil.copytree(a_store_of_files, tmp_path / "store", ignore=shutil.ignore_patterns("targets"))
    folder = shutil.copytree(a_finished_arena, tmp_path / "arena")
    shutil.rmtree(folder / "hlfd" / "seed-1")
    left = []
    monkeypatch.setattr("hlfd.arena.arena.run_units", lambda units, *_: left.extend(u for u in units if not u.is_done))
    options = ["--methods", "none,hlfd", "--seeds", 2, "--devices", 2, "--resume"]
    assert run("arena", store, folder, *TINY, *options) == 2  # the student was asked for, and not trained here
    assert [unit.name for unit in left] == ["hlfd, seed 1"]
    assert len(list((store / "targets").glob("*/*/*.npy"))) == 8  # two cases, the four routes of the method


def test_an_arena_writes_record_tables_and_plots(a_finished_arena):
    written = {path.name for path in a_finished_arena.iterdir() if path.is_file()}
    plots = {f"{name}.{ending}" for name in ("arena", "curves") for ending in ("svg", "png")}
    assert written == {"arena.json", "rows.csv", "cases.csv", "table.md", "ceiling.json", *plots} | {
        "settings.json",
        "origin.json",
        "teachers.json",
        ".lock",
    }


def test_every_row_and_seed_is_measured_on_both_parts(a_finished_arena):
    arena = read(a_finished_arena / "arena.json")
    assert arena["part"] == "test"
    assert [(row["row"], row["seeds"], row["wanted"]) for row in arena["rows"]] == [
        ("teacher", 2, 2),
        ("none", 2, 2),
        ("hlfd", 2, 2),
    ]
    assert len(figures(a_finished_arena)) == 3 * 2 * 2 * 2 * 2 * 2  # rows, seeds, parts, cases, protocols, labels
    cases = {(row["part"], row["case"]) for row in map(dict, figures(a_finished_arena))}
    assert cases == {("validation", "c"), ("validation", "d"), ("test", "e"), ("test", "f")}


def test_the_figures_are_what_evaluate_writes(a_finished_arena):
    arena = read(a_finished_arena / "arena.json")
    hlfd = next(row for row in arena["rows"] if row["row"] == "hlfd")
    for part in ("validation", "test"):
        summaries = [read(a_finished_arena / f"measured/{part}/hlfd/seed-{seed}/summary.json") for seed in (0, 1)]
        totals = [total for one in summaries for total in one["totals"]]
        tumor = [total for total in totals if (total["label"], total["protocol"]) == ("tumor", "volume")]
        mean = sum(100 * total["dice_mean"] for total in tumor) / 2
        assert hlfd["measured"][part]["volume"]["dice"]["mean"] == pytest.approx(mean)


def test_the_record_tells_data_and_settings_and_no_path(a_finished_arena):
    about = read(a_finished_arena / "arena.json")["about"]
    assert about["parts"]["training"] == {"cases": 2, "patients": 2, "with_tumor": 2, "slices": 6}
    assert about["settings"]["methods"] == "none,hlfd" and set(about["ceiling"]) == {"32", "16", "8"}
    assert str(a_finished_arena.parent) not in json.dumps(about)


# --- killed, resumed, grown ---


def half_trained(folder):
    """Runs that have a checkpoint behind them, and more than half of their way before them."""
    told = {file.parent: file.read_text(encoding="utf-8") for file in folder.glob("*/seed-*/events.jsonl")}
    # Told, then saved: the second validation says that the checkpoint of the first is there.
    return [run for run, events in told.items() if 2 <= events.count('"validated"') < 4]


def killed_in_the_middle(folder, *arguments):
    """Start `hlfd arena` in processes and kill it, with no time to say goodbye, while it trains; some are finished."""
    command = [sys.executable, "-m", "hlfd", *(str(argument) for argument in arguments)]
    with subprocess.Popen(command, env={**os.environ, **ONE_THREAD}, stderr=subprocess.PIPE) as arena:
        until = time.monotonic() + SOON_S
        while not (list(folder.glob("*/seed-*/result.json")) and half_trained(folder)):
            assert arena.poll() is None, arena.stderr.read().decode()
            assert time.monotonic() < until
            time.sleep(0.005)
        units = psutil.Process(arena.pid).children(recursive=True)
        arena.kill()
        (run,) = half_trained(folder)[:1]
    assert len(units) == 2 and not psutil.wait_procs(units, timeout=SOON_S)[1]
    assert not (run / "result.json").exists()
    return run


@pytest.fixture(scope="module")
def a_killed_arena(a_store_of_files, a_finished_arena, tmp_path_factory):
    """Two jobs at once, killed in the middle and resumed; its folder, what was there, and what was in training."""
    folder = tmp_path_factory.mktemp("arena") / "killed"
    teacher = ("--teacher", a_finished_arena / "teacher" / "seed-{seed}")
    options = ("arena", a_store_of_files, folder, *TINY, "--methods", "none,hlfd", "--seeds", 2, *teacher)
    run = killed_in_the_middle(folder, *options, "--jobs", 2)
    runs = [file.parent for file in folder.glob("*/seed-*/settings.json")]
    halves = [half for half in runs if not (half / "result.json").exists()]
    there = files_of(folder, *FINISHED).items()  # a training that goes on has a bundle as well, of its best so far
    before = {file: written for file, written in there if not any(half in file.parents for half in halves)}
    assert arena_here(*options, "--resume") == 0
    return folder, before, run


def test_a_killed_arena_comes_to_the_same_table(a_killed_arena, a_finished_arena):
    folder, *_ = a_killed_arena
    assert figures(folder) == figures(a_finished_arena)
    for name in ("table.md", "rows.csv", "cases.csv"):
        assert (folder / name).read_text(encoding="utf-8") == (a_finished_arena / name).read_text(encoding="utf-8")


def test_what_two_jobs_train_side_by_side_is_what_one_trains(a_killed_arena, a_finished_arena):
    folder, before, _ = a_killed_arena
    weights = [file for file in before if file.name == "weights.safetensors"]
    assert weights  # of before it was killed
    for file in weights:
        assert file.read_bytes() == (a_finished_arena / file.relative_to(folder)).read_bytes()


def test_a_resumed_arena_repeats_nothing_that_was_finished(a_killed_arena):
    folder, before, _ = a_killed_arena
    assert {"result.json", "weights.safetensors", "summary.json"} <= {file.name for file in before}
    assert before.items() <= files_of(folder, *FINISHED).items()


def test_a_training_that_was_killed_goes_on_from_its_checkpoint(a_killed_arena):
    events = read_events(a_killed_arena[2] / "events.jsonl")
    begun = [event["at"] for event in events if event["event"] == "started"]
    assert begun[0] == 0 and 0 < begun[-1] < 16


def test_methods_and_seeds_can_be_added(a_store_of_files, a_killed_arena, a_finished_arena, tmp_path):
    folder = tmp_path / "grown"
    shutil.copytree(a_killed_arena[0], folder)
    for path in (folder / "none" / "seed-1", folder / "measured"):
        shutil.rmtree(path)
    shutil.copytree(a_killed_arena[0] / "measured" / "validation", folder / "measured" / "validation")
    shutil.rmtree(folder / "measured" / "validation" / "none" / "seed-1")
    before = files_of(folder, *FINISHED)
    teacher = ("--teacher", a_finished_arena / "teacher" / "seed-{seed}", "--methods", "none,hlfd,deep[beta=2]")
    options = ("arena", a_store_of_files, folder, *TINY, *teacher, "--seeds", 2, "--no-test", "--resume")
    assert arena_here(*options) == 0
    assert before.items() <= files_of(folder, *FINISHED).items()
    arena = read(folder / "arena.json")
    assert arena["part"] == "validation" and not (folder / "measured" / "test").exists()
    assert {row["row"]: row["seeds"] for row in arena["rows"]} == {
        "teacher": 2,
        "none": 2,
        "hlfd": 2,
        "deep[beta=2]": 2,
    }
    recorded = read(folder / "settings.json")
    assert recorded["methods"] == "none,hlfd,deep[beta=2]" and "resume" not in recorded


def test_an_arena_does_not_go_on_with_another_teacher(a_store_of_files, a_finished_arena, tmp_path, refused):
    teacher, run = tmp_path / "teacher", tmp_path / "run"
    shutil.copytree(a_finished_arena / "teacher" / "seed-0", teacher)
    options = (a_store_of_files, run, *TINY, "--teacher", teacher, "--methods", "none", "--seeds", 1, "--no-test")
    assert arena_here("arena", *options) == 0
    shutil.rmtree(teacher)
    shutil.copytree(a_finished_arena / "teacher" / "seed-1", teacher)
    assert "the students of seed 0 had another teacher; go on with that one" in refused("arena", *options, "--resume")


def test_without_test_no_test_case_is_read(a_finished_arena, tmp_path):
    store = make_store_of_files(tmp_path / "data")
    for case in "ef":
        shutil.rmtree(store / "cases" / case)
        for file in (tmp_path / "data").glob(f"{case}*.nii.gz"):
            file.unlink()
    teacher = ("--teacher", a_finished_arena / "teacher" / "seed-0")
    options = (store, tmp_path / "run", *TINY, *teacher, "--methods", "none", "--seeds", 1, "--no-test")
    assert arena_here("arena", *options) == 0
    text = (tmp_path / "run" / "table.md").read_text(encoding="utf-8")
    assert "validation cases; the test cases were not looked at" in text


# --- refused before anything is trained ---


@pytest.mark.parametrize("part", ["validation", "test"])
def test_a_store_without_tumour_to_measure_is_refused(a_store_of_files, tmp_path, refused, part):
    manifest, splits = (read(a_store_of_files / name) for name in ("store.json", "splits.json"))
    for case in manifest["cases"]:
        case["tumor_slices"] *= case["name"] not in splits[part]
    for name, content in (("store.json", manifest), ("splits.json", splits)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    told = refused("arena", tmp_path, tmp_path / "run")
    assert f"no {part} case has tumour, so methods cannot be compared; prepare it with a larger --{part}" in told
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--methods", "none,hlfd:UFD+ABC"), "hlfd has no ABC"),
        (("--methods", "none,hlfd[power=0]"), "hlfd[power=0]: --power: Input should be greater"),
        (("--methods", "magic"), "magic is unknown; there are none, kd"),
        (("--teacher", "nowhere/{seed}"), "0: not a finished run of a teacher; name the folder of `hlfd teach`"),
        (("--start-from", "nowhere/{baseline}-{seed}"), "none-0, which it starts from, is not there"),
        (("--teacher-start-from", "nowhere"), "teacher, seed 0: nowhere, which it starts from, is not there"),
    ],
)
def test_what_cannot_be_trained_is_refused_at_once(a_store_of_files, tmp_path, refused, options, sentence):
    assert sentence in refused("arena", a_store_of_files, tmp_path / "run", *options)
    assert not (tmp_path / "run").exists()


def test_an_arena_is_not_replaced_unasked_nor_resumed_as_another(a_store_of_files, a_finished_arena, refused):
    options = ("arena", a_store_of_files, a_finished_arena, *TINY, "--methods", "none,hlfd", "--seeds", 2)
    assert "already exists" in refused(*options)
    assert "was started with jitter 0.0, found 0.1" in refused(*options, "--jitter", 0.1, "--resume")
