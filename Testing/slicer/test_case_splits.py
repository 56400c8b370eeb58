"""Who trains, validates and tests."""

import pytest

from HLFDSegmentationLib.Cases.CaseSplits import Candidate, divide, divisionInWords, warningsOf
from HLFDSegmentationLib.Words import Refusal


def cases(count: int, tumours: int, **parts: str) -> list[Candidate]:
    """So many patients of one case each, the first of them with tumour."""
    names = [f"case{number}" for number in range(count)]
    return [Candidate(name, f"p{name}", at < tumours, parts.get(name, "")) for at, name in enumerate(names)]


def counted(parts: dict[str, str]) -> tuple[int, int, int]:
    return tuple(list(parts.values()).count(part) for part in ("training", "validation", "test"))


def test_patients_are_divided_by_their_shares():
    assert counted(divide(cases(20, 20), 0.15, 0.2, seed=0)) == (13, 3, 4)


@pytest.mark.parametrize("seed", range(5))
def test_cases_of_a_patient_never_come_apart(seed):
    shared = [Candidate(f"case{number}", f"patient{number // 3}", number % 2 == 0) for number in range(30)]
    parts = divide(shared, 0.2, 0.2, seed)
    for patient in range(10):
        assert len({parts[f"case{3 * patient + which}"] for which in range(3)}) == 1
    assert counted(parts) == (18, 6, 6)


def test_the_same_seed_divides_in_the_same_way_and_another_in_another():
    assert divide(cases(20, 10), 0.2, 0.2, 3) == divide(cases(20, 10)[::-1], 0.2, 0.2, 3)
    assert divide(cases(20, 10), 0.2, 0.2, 3) != divide(cases(20, 10), 0.2, 0.2, 4)


def test_a_patient_who_is_added_moves_at_most_one_other_in_each_part():
    before, after = divide(cases(20, 20), 0.15, 0.2, 0), divide(cases(21, 21), 0.15, 0.2, 0)
    assert sum(before[name] != after[name] for name in before) <= 2


@pytest.mark.parametrize("seed", range(8))
def test_each_part_gets_its_share_of_patients_with_tumour(seed):
    parts = divide(cases(20, 5), 0.2, 0.2, seed)
    assert counted({name: part for name, part in parts.items() if int(name[4:]) < 5}) == (3, 1, 1)


@pytest.mark.parametrize(("count", "expected"), [(1, (1, 0, 0)), (2, (2, 0, 0)), (3, (1, 1, 1)), (4, (2, 1, 1))])
def test_few_patients_train_and_one_always_does(count, expected):
    assert counted(divide(cases(count, count), 0.15, 0.2, 0)) == expected


def test_what_was_chosen_by_hand_stays_and_the_rest_is_divided_around_it():
    byHand = cases(10, 10, case0="test", case1="test", case2="validation")
    parts = divide(byHand, 0.1, 0.2, 0)
    assert (parts["case0"], parts["case1"], parts["case2"]) == ("test", "test", "validation")
    assert counted(parts) == (7, 1, 2)


def test_a_choice_by_hand_takes_the_other_cases_of_its_patient_along():
    two = [Candidate("a", "one", True, "test"), Candidate("b", "one"), Candidate("c", "two"), Candidate("d", "three")]
    assert divide(two, 0, 0, 0) == {"a": "test", "b": "test", "c": "training", "d": "training"}


def test_a_patient_in_two_parts_is_refused():
    two = [Candidate("a", "one", True, "test"), Candidate("b", "one", True, "training")]
    with pytest.raises(Refusal, match="b and another CT of its patient were put into two parts; give both the same"):
        divide(two, 0.1, 0.1, 0)


def test_a_division_is_told_in_a_sentence_and_what_it_lacks_in_others():
    few = cases(2, 2)
    parts = divide(few, 0.15, 0.2, 0)
    patients = {one.name: one.patient for one in few}
    assert divisionInWords(parts, patients) == "2 cases of 2 patients: 2 for training, 0 for validation, 0 for test"
    assert [text.split(":")[0] for text in warningsOf(few, parts)] == ["No case validates", "No case tests"]
    enough = cases(6, 3)
    assert warningsOf(enough, divide(enough, 0.2, 0.2, 0)) == []
