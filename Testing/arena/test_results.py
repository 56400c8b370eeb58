"""Tables, conclusion and files of an arena whose scores are known."""

import csv
import json

import pytest

from hlfd.arena.results import read_arena, write_results
from hlfd.arena.summary import summarise
from hlfd.arena.tables import grid_table
from hlfd.errors import InputError

CASES = [f"case {number}" for number in range(8)]


def level(dice, step=0.0):
    """Dice of eight cases round a level."""
    return {case: dice + 0.01 * number + step for number, case in enumerate(CASES)}


@pytest.fixture
def an_arena(entry):
    """Two seeds: teacher 63.5, alone 33.5 and 35.5, HLFD 14 points above it, KD 1 above or below it by case."""
    kd = {case: value + (0.01 if number % 2 else -0.01) for number, (case, value) in enumerate(level(0.3).items())}
    return [
        entry("teacher", 0, level(0.6), level(0.6)),
        *(entry("none", seed, level(0.3 + 0.02 * seed), level(0.3 + 0.02 * seed)) for seed in (0, 1)),
        *(entry("hlfd", seed, level(0.44 + 0.02 * seed), level(0.44 + 0.02 * seed)) for seed in (0, 1)),
        entry("kd", 0, kd, kd),
    ]


def test_the_figures_of_a_row_are_means_over_cases_then_over_seeds(an_arena):
    arena = summarise(an_arena, {}, "volume")
    rows = {row.row: row for row in arena.rows}
    assert arena.part == "test"
    assert rows["none"].dice("test").mean == pytest.approx(34.5)
    assert rows["none"].dice("test").std == pytest.approx(2**0.5)
    assert rows["kd"].dice("test").std is None
    assert rows["none"].measured["test"]["volume"].rvd.mean == -0.5
    assert rows["none"].measured["test"]["volume"].organ.mean == pytest.approx(90)


def test_the_share_of_the_gap_is_that_between_student_alone_and_teacher(an_arena):
    rows = {row.row: row for row in summarise(an_arena, {}, "volume").rows}
    assert rows["hlfd"].closed == pytest.approx(14 / 29)
    assert rows["none"].closed is None and rows["teacher"].closed is None


def test_every_row_is_compared_with_its_student_alone_and_hlfd_with_each(an_arena):
    arena = summarise(an_arena, {}, "volume")
    found = {one.row: one for one in arena.against_baseline}
    assert set(found) == {"teacher", "hlfd", "kd"}
    assert found["hlfd"].difference == pytest.approx(14) and found["hlfd"].seeds == 2
    assert found["hlfd"].significant and not found["kd"].significant
    assert {one.against for one in arena.hlfd_against} == {"none", "kd"}


def test_the_conclusion_says_who_is_first_and_whether_by_chance(an_arena):
    text = summarise(an_arena, {}, "volume").conclusion
    assert "HLFD is first in tumour Dice on the test cases: 48.5" in text
    assert "by +14.0 points" in text and "48 % of the gap" in text and "unlikely to be chance" in text


@pytest.mark.parametrize(("dice", "told"), [(0.5, True), (0.4, False)])
def test_a_variant_is_told_beside_the_methods_if_it_is_above_them_all(an_arena, entry, dice, told):
    text = summarise([*an_arena, entry("hlfd-places", 0, level(dice), level(dice))], {}, "volume").conclusion
    assert "HLFD is first in tumour Dice on the test cases: 48.5" in text
    words = "Beside them, a variant is higher: 53.5. HLFD over places (ours) changes the student alone by +20.0"
    assert (words in text) == ("variant" in text) == told


def test_a_teacher_that_leads_by_less_than_ten_points_is_no_teacher(entry):
    entries = [entry("teacher", 0, level(0.39), level(0.9)), entry("none", 0, level(0.3), level(0.3))]
    entries.append(entry("hlfd", 0, level(0.5), level(0.5)))
    text = summarise(entries, {}, "volume").conclusion
    assert text.startswith("No conclusion: on the validation cases the teacher has 42.5 and the student alone 33.5")
    leading = [entry("teacher", 1, level(0.41)), entry("none", 1, level(0.3)), entry("hlfd", 1, level(0.3))]
    assert not summarise(leading, {}, "volume").conclusion.startswith("No conclusion")


def test_before_all_test_cases_are_measured_validation_decides_and_it_is_said(an_arena, entry):
    arena = summarise([*an_arena, entry("at", 0, level(0.31))], {}, "volume")
    assert arena.part == "validation"
    assert "the test cases were not looked at" in arena.conclusion


def test_what_is_not_measured_yet_is_left_out_and_told(an_arena, entry, tmp_path):
    entries = [*an_arena, entry("hlfd", 2, None), entry("skd", 0, None)]
    arena = write_results(tmp_path / "out", entries, {})
    assert "skd" not in {row.row for row in arena.rows}
    assert "Not finished (seeds): HLFD: 2 of 3." in (tmp_path / "out" / "table.md").read_text(encoding="utf-8")


def test_nothing_is_written_before_the_first_model_is_measured(entry, tmp_path):
    assert write_results(tmp_path / "out", [entry("none", 0, None)], {}) is None
    assert not (tmp_path / "out").exists()


def test_the_table_has_the_papers_shape(an_arena, tmp_path):
    about = {"parts": {"test": {"cases": 8, "patients": 7, "with_tumor": 8}}, "ceiling": {"32": 0.61, "16": 0.84}}
    write_results(tmp_path / "out", an_arena, about)
    text = (tmp_path / "out" / "table.md").read_text(encoding="utf-8")
    lines = text.splitlines()
    assert "| Teacher | 1.00 M | 1 | 63.5 | -0.50 | 63.5 | -0.50 | - | +30.0 (+30.0 to +30.0) | 0.0234 |" in lines
    hlfd = "| **HLFD** | 1.00 M | 2 | **48.5 ± 1.4** | -0.50 ± 0.00 | **48.5 ± 1.4** | -0.50 ± 0.00 | 48 % |"
    assert f"{hlfd} +14.0 (+14.0 to +14.0) | 0.0234 |" in lines
    assert "test: 8 cases of 7 patients, 8 with tumour." in text
    assert "stride 32: 61.0, stride 16: 84.0" in text


def test_per_case_scores_are_kept_for_tests_of_ones_own(an_arena, tmp_path):
    write_results(tmp_path / "out", an_arena, {})
    with (tmp_path / "out" / "cases.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(an_arena) * 2 * len(CASES) * 2 * 2
    mine = [row for row in rows if (row["row"], row["seed"], row["part"]) == ("hlfd", "1", "test")]
    tumor = {row["case"]: float(row["dice"]) for row in mine if row["label"] == "tumor" and row["protocol"] == "volume"}
    assert tumor == pytest.approx(level(0.46))


def test_results_come_back_as_they_were_written(an_arena, tmp_path):
    written = write_results(tmp_path / "out", an_arena, {"machine": "here"})
    assert read_arena(tmp_path / "out") == written
    assert json.loads((tmp_path / "out" / "arena.json").read_text())["about"] == {"machine": "here"}
    assert {path.suffix for path in (tmp_path / "out").iterdir()} == {".json", ".csv", ".md", ".svg", ".png"}


def test_a_folder_without_results_is_refused_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="no such file; expected the results of an arena"):
        read_arena(tmp_path)
    (tmp_path / "arena.json").write_text("{}")
    with pytest.raises(InputError, match="of another version"):
        read_arena(tmp_path)


def test_the_grid_of_weights_has_the_best_of_validation_in_bold(entry):
    entries = [
        entry("none", 0, level(0.3)),
        entry("hlfd[beta=0.9,lambda=0.1]", 0, level(0.4), level(0.5)),
        entry("hlfd[beta=1.8,lambda=0.1]", 0, level(0.5), level(0.4)),
    ]
    rows = summarise(entries, {}, "volume").rows
    lines = grid_table([(0.9, 0.1, rows[1]), (1.8, 0.1, rows[2])]).splitlines()
    assert lines[2:] == ["| 0.9 | 0.1 | 1 | 43.5 | 53.5 |", "| 1.8 | 0.1 | 1 | **53.5** | 43.5 |"]
