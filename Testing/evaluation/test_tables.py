"""Scores as CSV and totals as text."""

import csv

from hlfd.evaluation.metrics import Score, Total
from hlfd.evaluation.tables import percent, text_table, write_scores

KNOWN = Score(
    case="Fall 1, ä", protocol="volume", label="tumor", dice=0.1 + 0.2, rvd=-0.25, predicted_ml=3, true_ml=4, slices=9
)
EMPTY = Score(case="b", protocol="paper", label="tumor", dice=None, rvd=None, predicted_ml=0, true_ml=0, slices=0)
SCORES = [KNOWN, EMPTY]


def test_a_csv_of_scores_reads_back_as_the_same_scores(tmp_path):
    write_scores(tmp_path / "cases.csv", SCORES)
    with (tmp_path / "cases.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert list(rows[0]) == ["case", "protocol", "label", "dice", "rvd", "predicted_ml", "true_ml", "slices"]
    assert [Score(**{name: value or None for name, value in row.items()}) for row in rows] == SCORES
    assert rows[1]["dice"] == rows[1]["rvd"] == ""


def test_the_table_shows_percents_spread_and_what_is_missing():
    known = Total(
        protocol="volume",
        label="tumor",
        cases=12,
        dice_mean=0.4213,
        dice_std=0.1,
        dice_pooled=0.5,
        rvd_mean=-0.4,
        false_ml=1.256,
    )
    unknown = Total(
        protocol="paper",
        label="kidney",
        cases=0,
        dice_mean=None,
        dice_std=None,
        dice_pooled=None,
        rvd_mean=None,
        false_ml=None,
    )
    lines = text_table([known, unknown]).splitlines()
    assert lines[0].split("  ")[0] == "protocol"
    assert lines[1].split() == ["volume", "tumor", "12", "42.1", "±", "10.0", "50.0", "-0.400", "1.26"]
    assert lines[2].split() == ["paper", "kidney", "0", "-", "-", "-", "-"]
    assert lines[0].index("pooled") == lines[1].index("50.0") == 2 + lines[1].index("10.0") + len("10.0")
    assert len({len(line) for line in lines}) == 1


def test_shares_are_shown_in_percent():
    assert (percent(0.4213), percent(1.0), percent(None)) == ("42.1", "100.0", "-")
