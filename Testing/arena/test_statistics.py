"""Is it chance? Known answers of tests, corrections and intervals."""

import numpy as np
import pytest
from scipy.stats import wilcoxon

from hlfd.arena.statistics import Comparison, as_family, compare, holm, interval, signed_rank


def test_holm_by_hand():
    # Sorted 0.01, 0.02, 0.03, 0.04 times 4, 3, 2, 1 is 0.04, 0.06, 0.06, 0.04; no later one falls below an earlier.
    assert holm([0.03, 0.01, 0.04, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])


def test_holm_never_exceeds_one_and_leaves_out_what_has_no_p():
    assert holm([0.6, None, 0.9]) == [1.0, None, 1.0]
    assert holm([None]) == [None]
    assert holm([]) == []
    assert holm([0.04]) == [0.04]


def test_six_cases_that_all_rise_have_the_smallest_p_that_six_can_have():
    assert signed_rank(np.array([1.0, 2, 3, 4, 5, 6])) == pytest.approx(2 / 2**6)


def test_the_test_is_scipys_without_the_cases_that_do_not_differ():
    differences = np.array([3.0, -1, 0, 4, 2, -5, 7, 0, 6])
    assert signed_rank(differences) == pytest.approx(wilcoxon(differences[differences != 0]).pvalue)


@pytest.mark.parametrize("differences", [[1.0] * 5, [1.0, 0, 0, 0, 0, 0, 2, 3]])
def test_too_few_differences_are_no_test(differences):
    assert signed_rank(np.array(differences)) is None


def test_the_interval_is_always_the_same_and_holds_the_mean():
    values = np.random.default_rng(1).normal(2, 5, 40)
    low, high = interval(values)
    assert low < values.mean() < high
    assert (low, high) == interval(values)
    # For a mean it is close to the normal one.
    error = values.std(ddof=1) / np.sqrt(40)
    assert (high - low) / 2 == pytest.approx(1.96 * error, rel=0.1)


def test_the_interval_of_equal_differences_is_a_point():
    assert interval(np.array([2.5, 2.5, 2.5])) == (2.5, 2.5)
    assert interval(np.array([1.0])) == (1.0, 1.0)


def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    generator = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        low, high = interval(generator.normal(0, 1, 30))
        held += low <= 0 <= high
    assert 51 <= held <= 60


def test_cases_are_paired_and_seeds_averaged_first():
    values = {"a": {0: 10.0, 1: 20.0}, "b": {0: 30.0, 1: 30.0}, "only here": {0: 99.0}}
    others = {"a": {0: 10.0, 1: 10.0}, "b": {0: 20.0, 1: 40.0, 2: 99.0}}
    found = compare("x", values, "y", others)
    assert (found.difference, found.cases, found.seeds) == (2.5, 2, 2)  # a: +5, b: 0
    assert (found.low, found.high, found.p) == (0.0, 5.0, None)


def test_rows_with_nothing_in_common_are_not_compared():
    assert compare("x", {"a": {0: 1.0}}, "y", {"a": {1: 1.0}, "b": {0: 2.0}}) is None
    assert compare("x", {}, "y", {}) is None


def test_a_family_is_corrected_together():
    def one(p):
        return Comparison(row="x", against="y", difference=1, low=0, high=2, p=p, cases=9, seeds=1)

    found = as_family([one(0.01), one(None), one(0.04)])
    assert [comparison.p_holm for comparison in found] == [0.02, None, 0.04]
    assert [comparison.significant for comparison in found] == [True, False, True]
    assert not as_family([one(0.03), one(0.04)])[0].significant
