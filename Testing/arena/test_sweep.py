"""`hlfd sweep`: the grid in the shape of Table 2, and the search."""

import itertools
import json
import sys
from types import SimpleNamespace

import optuna
import pytest

from hlfd.arena.sweep import FIRST_PAIR, propose, row_name
from Testing.arena.tiny_arena import TINY, arena_here, files_of

SHORT = ["4" if before == "--steps" else word for before, word in zip(["", *TINY], TINY, strict=False)]
TRAINED = ("*/seed-*/result.json", "*/seed-*/bundle/*", "measured/validation/*/seed-*/*")


@pytest.fixture(scope="module")
def swept(a_store_of_files, a_finished_arena):
    """Calls `hlfd sweep` for one seed, with a teacher that is there; gives the first cells of the table's lines."""
    teacher = ("--teacher", a_finished_arena / "teacher" / "seed-{seed}")

    def sweep(folder, *options):
        assert arena_here("sweep", a_store_of_files, folder, *SHORT, *teacher, "--seeds", 1, *options) == 0
        lines = (folder / "sweep.md").read_text(encoding="utf-8").splitlines()
        return lines[0], [tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in lines[2:]]

    return sweep


def rows_of(folder):
    arena = json.loads((folder / "arena.json").read_text(encoding="utf-8"))
    return {row["row"]: row for row in arena["rows"]}


def test_a_grid_gives_table_two_and_can_grow(swept, tmp_path, capsys):
    head, lines = swept(tmp_path / "run", "--betas", "0.9,1.8", "--lambdas", "0.1")
    assert head == "| beta | lambda | seeds | DSC volume, validation | DSC volume, test |"
    assert [line[:3] for line in lines] == [("0.9", "0.1", "1"), ("1.8", "0.1", "1")]
    rows = rows_of(tmp_path / "run")
    assert list(rows) == ["teacher", "none", row_name("hlfd", (0.9, 0.1)), row_name("hlfd", (1.8, 0.1))]
    for line in lines:
        row = rows[row_name("hlfd", (float(line[0]), float(line[1])))]
        values = [f"{row['measured'][part]['volume']['dice']['mean']:.1f}" for part in ("validation", "test")]
        assert [line[3].strip("*"), line[4]] == values
    assert sum(line[3].startswith("**") for line in lines) == 1
    assert "| beta | lambda | seeds |" in capsys.readouterr().out

    before = files_of(tmp_path / "run", *TRAINED)
    _, more = swept(tmp_path / "run", "--betas", "0.9,1.8", "--lambdas", "0.1,0", "--no-test", "--resume")
    assert [line[:2] for line in more] == [("0.9", "0"), ("0.9", "0.1"), ("1.8", "0"), ("1.8", "0.1")]
    assert before.items() <= files_of(tmp_path / "run", *TRAINED).items()


def test_a_search_begins_with_the_papers_pair_and_goes_on_from_what_it_knows(swept, tmp_path, monkeypatch):
    run, looked = tmp_path / "run", []

    def a_minute_a_look():
        looked.append((run / "measured" / "test").exists())
        return 60.0 * len(looked)

    monkeypatch.setattr("hlfd.arena.sweep.time", SimpleNamespace(monotonic=a_minute_a_look))
    pairs, known = [FIRST_PAIR], {}
    for options in ((), ("--resume",)):
        looked.clear()
        _, lines = swept(run, "--search", 1.5, *options)
        found = {tuple(map(float, line[:2])): line[3] for line in lines}
        rows = rows_of(run)
        while len(pairs) < len(found):
            dice = {pair: rows[row_name("hlfd", pair)]["measured"]["validation"]["volume"]["dice"] for pair in pairs}
            known = {pair: value["mean"] for pair, value in dice.items()}
            pairs.append(propose(optuna, known, seed=0))
        assert set(found) == set(pairs)
        assert all(line[4] != "-" for line in lines)  # measured on test cases, once the time is over
        assert options or looked == [False, False, False]  # at the start, and after each of two pairs
    assert len(pairs) == 3


def test_proposals_can_be_repeated_and_are_always_new():
    tried = {FIRST_PAIR: 40.0}
    for _ in range(12):
        pair = propose(optuna, tried, seed=3)
        assert pair == propose(optuna, tried, seed=3)
        assert pair not in tried and all(0.01 <= weight <= 10 for weight in pair)
        tried[pair] = 40 - abs(pair[0] - 2)
    assert propose(optuna, tried, seed=4) != propose(optuna, tried, seed=3)


def test_a_search_learns():
    def dice(pair):
        return -((pair[0] - 0.05) ** 2) - (pair[1] - 5) ** 2

    tried = {FIRST_PAIR: dice(FIRST_PAIR)}
    for _ in range(40):
        pair = propose(optuna, tried, seed=0)
        tried[pair] = dice(pair)
    late = list(tried.values())[-10:]
    assert sum(late) / 10 > sum(list(tried.values())[:10]) / 10
    assert abs(max(tried, key=tried.get)[1] - 5) < 1


def test_pairs_of_a_grid_outside_the_range_do_no_harm():
    grid = dict.fromkeys(itertools.product((0.0, 0.9, 50.0), (0.0, 0.1)), 30.0)
    assert propose(optuna, grid, seed=0) not in grid


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (("--method", "none"), "method: there are kd, at, skd"),
        (("--betas=-1,2",), "betas, value 1: Input should be greater than or equal to 0"),
        (("--betas", "0.9,0.9"), "hlfd[beta=0.9,lambda=0.1] stands twice"),
        (("--method", "hlfd-places"), "hlfd-places has no term that beta weighs, so others would train the same again"),
        (("--method", "at", "--betas", "1", "--search", 1), "at has no term that lambda weighs"),
        (("--search", 0), "search: Input should be greater than 0"),
    ],
)
def test_what_cannot_be_swept_is_refused(a_store_of_files, tmp_path, refused, options, sentence):
    assert sentence in refused("sweep", a_store_of_files, tmp_path / "run", *options)
    assert not (tmp_path / "run").exists()


def test_a_search_without_optuna_says_what_to_install(a_store_of_files, tmp_path, refused, monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    told = refused("sweep", a_store_of_files, tmp_path / "run", "--search", 1)
    assert "--search needs Optuna: pip install 'hlfd[search]', or give a grid without --search" in told
    assert not (tmp_path / "run").exists()
