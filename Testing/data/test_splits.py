"""Divisions: by patient, seeded, fair in tumours, and refused where a hand made a slip."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hlfd.data.splits import read_splits, split_by_patient
from hlfd.errors import InputError

PARTS = ("training", "validation", "test")
SHARES = st.tuples(st.floats(0, 0.5), st.floats(0, 0.45))


@st.composite
def cohorts(draw) -> tuple[dict[str, str], set[str]]:
    """Case -> patient with some patients scanned several times, and the cases that have tumour."""
    owners = draw(st.lists(st.integers(0, 15), min_size=1, max_size=30))
    patient_of = {f"case_{number}": f"P{owner}" for number, owner in enumerate(owners)}
    return patient_of, draw(st.sets(st.sampled_from(sorted(patient_of))))


@given(cohorts(), SHARES, st.integers(0, 99))
def test_every_case_serves_once_and_no_patient_is_in_two_parts(cohort, shares, seed) -> None:
    patient_of, with_tumor = cohort
    splits = split_by_patient(patient_of, with_tumor, *shares, seed)
    assert sorted(case for part in PARTS for case in splits.cases(part)) == sorted(patient_of)
    patients = [{patient_of[case] for case in splits.cases(part)} for part in PARTS]
    assert sum(map(len, patients)) == len(set(patient_of.values()))


@given(cohorts(), SHARES, st.integers(0, 99))
def test_a_seed_gives_one_division_whatever_order_the_cases_come_in(cohort, shares, seed) -> None:
    patient_of, with_tumor = cohort
    backwards = dict(reversed(patient_of.items()))
    assert split_by_patient(patient_of, with_tumor, *shares, seed) == split_by_patient(
        backwards, with_tumor, *shares, seed
    )


@given(cohorts(), SHARES, st.integers(0, 99))
def test_training_has_tumour_whenever_a_case_has(cohort, shares, seed) -> None:
    patient_of, with_tumor = cohort
    assert bool(with_tumor & set(split_by_patient(patient_of, with_tumor, *shares, seed).training)) == bool(with_tumor)


def test_tumour_has_the_same_share_in_every_part() -> None:
    patient_of = {f"case_{number:03d}": f"P{number}" for number in range(100)}
    with_tumor = {f"case_{number:03d}" for number in range(60)}
    splits = split_by_patient(patient_of, with_tumor, 0.15, 0.2, seed=3)
    sizes = {part: (len(splits.cases(part)), len(with_tumor & set(splits.cases(part)))) for part in PARTS}
    assert sizes == {"training": (65, 39), "validation": (15, 9), "test": (20, 12)}


def test_another_seed_gives_another_division() -> None:
    patient_of = {f"case_{number}": f"P{number}" for number in range(20)}
    assert len({split_by_patient(patient_of, set(patient_of), 0.2, 0.2, seed).test for seed in range(5)}) == 5


@pytest.mark.parametrize(
    ("patients", "sizes"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (1, 1, 1)), (4, (2, 1, 1)), (10, (6, 2, 2))]
)
def test_few_patients_go_to_training_first_and_three_are_enough_for_all_parts(patients, sizes) -> None:
    patient_of = {f"case_{number}": f"P{number}" for number in range(patients)}
    splits = split_by_patient(patient_of, set(patient_of), 0.15, 0.2, seed=0)
    assert tuple(len(splits.cases(part)) for part in PARTS) == sizes


@pytest.mark.parametrize(("patients", "sizes"), [(3, (1, 1, 1)), (4, (1, 1, 2)), (8, (1, 3, 4))])
def test_large_shares_leave_a_patient_to_train_with(patients, sizes) -> None:
    patient_of = {f"case_{number}": f"P{number}" for number in range(patients)}
    splits = split_by_patient(patient_of, set(patient_of), 0.45, 0.5, seed=0)
    assert tuple(len(splits.cases(part)) for part in PARTS) == sizes


def test_a_share_of_nothing_gets_nobody() -> None:
    patient_of = {f"case_{number}": f"P{number}" for number in range(9)}
    assert len(split_by_patient(patient_of, set(patient_of), 0, 0, seed=0).training) == 9


# --- by hand ---

PATIENT_OF = {"a": "P1", "b": "P1", "c": "P2", "d": "P3"}
GOOD = {"training": ["a", "b"], "validation": ["c"], "test": ["d"]}


def written(folder: Path, content: object) -> Path:
    (folder / "splits.json").write_text(content if isinstance(content, str) else json.dumps(content))
    return folder / "splits.json"


def test_a_division_by_hand_is_taken_as_it_is(tmp_path) -> None:
    splits = read_splits(written(tmp_path, GOOD), PATIENT_OF)
    assert {part: list(splits.cases(part)) for part in PARTS} == GOOD
    assert splits.seed is None


def test_what_prepare_wrote_can_be_given_back(tmp_path) -> None:
    splits = split_by_patient(PATIENT_OF, {"a"}, 0.3, 0.3, seed=4)
    assert read_splits(written(tmp_path, splits.model_dump(mode="json")), PATIENT_OF) == splits


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (GOOD | {"test": ["d", "x"]}, "case x is not in the data"),
        (GOOD | {"test": []}, "case d is in no part"),
        (GOOD | {"test": ["d", "a"]}, "case a stands twice"),
        (GOOD | {"test": ["d", "d"]}, "case d stands twice"),
        (GOOD | {"training": ["a"], "test": ["d", "b"]}, "patient P1 is in training and in test"),
        (GOOD | {"spare": []}, "needs the lists training, validation and test"),
        ({"training": ["a"]}, "needs the lists training, validation and test"),
        (GOOD | {"test": "d"}, "needs the lists training, validation and test"),
        (["a", "b"], "needs the lists training, validation and test"),
        ("{", "not readable as"),
    ],
)
def test_a_slip_in_a_division_by_hand_is_told_in_one_line(tmp_path, content, told) -> None:
    with pytest.raises(InputError, match=told) as error:
        read_splits(written(tmp_path, content), PATIENT_OF)
    assert "\n" not in str(error.value)


def test_a_division_that_is_not_there_is_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_splits(tmp_path / "splits.json", PATIENT_OF)
