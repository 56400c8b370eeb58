"""Arenas as they lie on disk, with scores that a test chooses."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from hlfd.arena.entries import Entry
from hlfd.arena.rows import parse_rows
from hlfd.evaluation.metrics import Score
from hlfd.evaluation.tables import write_scores
from Testing.arena.tiny_arena import TINY, arena_here, make_store_of_files


def write_measured(folder: Path, dices: dict[str, float]) -> None:
    """Write what `hlfd evaluate` would: tumour Dice (0..1) of each case, alike under both protocols."""
    folder.mkdir(parents=True)
    scores = [
        Score(case=case, protocol=protocol, label=label, dice=value, rvd=-0.5, predicted_ml=1, true_ml=2, slices=3)
        for case, dice in dices.items()
        for protocol in ("volume", "paper")
        for label, value in (("kidney", 0.9), ("tumor", dice))
    ]
    write_scores(folder / "cases.csv", scores)
    (folder / "summary.json").write_text("{}", encoding="utf-8")


@pytest.fixture
def entry(tmp_path: Path) -> Callable[..., Entry]:
    """Makes the entry of a row and seed from Dice values by case; without `test` only validation was measured."""

    def make(row: str, seed: int, validation: dict[str, float] | None, test: dict[str, float] | None = None) -> Entry:
        run = tmp_path / "runs" / row / str(seed)
        run.mkdir(parents=True)
        result = {"parameters": 1_000_000, "seconds": 120.0, "steps": 20}
        (run / "result.json").write_text(json.dumps(result), encoding="utf-8")
        told = [{"event": "validated", "step": step, "tumor_dice": 0.02 * step} for step in (10, 20)]
        (run / "events.jsonl").write_text("".join(json.dumps(event) + "\n" for event in told), encoding="utf-8")
        folders = {part: tmp_path / part / row / str(seed) for part in ("validation", "test")}
        for part, dices in (("validation", validation), ("test", test)):
            if dices is not None:
                write_measured(folders[part], dices)
        if row == "teacher":
            return Entry(row, "Teacher", "teacher", "teacher", seed, run, **folders)
        (parsed,) = (one for one in parse_rows(row) if one.name == row)
        return Entry(row, parsed.title, parsed.role, parsed.baseline, seed, run, **folders)

    return make


@pytest.fixture(scope="session")
def a_store_of_files(tmp_path_factory) -> Path:
    """Six tiny CTs, two for each part; to be read only."""
    return make_store_of_files(tmp_path_factory.mktemp("arena") / "data")


@pytest.fixture(scope="session")
def a_finished_arena(a_store_of_files, tmp_path_factory) -> Path:
    """Two methods, two seeds, undisturbed, one unit behind the other; to be read only."""
    folder = tmp_path_factory.mktemp("arena") / "finished"
    assert arena_here("arena", a_store_of_files, folder, *TINY, "--methods", "none,hlfd", "--seeds", 2) == 0
    return folder
