"""Dice and relative volume difference: worked by hand, by MONAI, and voxel by voxel."""

import numpy as np
import pytest
import torch
from monai.metrics import compute_dice

from hlfd.evaluation.metrics import Score, dice, relative_volume_difference, score_case, total

LABELS = {"kidney": 1, "tumor": 2}
VOXEL_ML = 0.5


@pytest.fixture
def maps():
    """Two label maps of 6 slices that agree in part; the expert's slices 1 and 4 have no tumour."""
    generator = np.random.default_rng(4)
    truth = generator.choice(np.array([0, 1, 2], np.uint8), size=(6, 9, 8), p=[0.5, 0.4, 0.1])
    truth[[1, 4]] = np.where(truth[[1, 4]] == 2, 0, truth[[1, 4]])
    predicted = np.where(generator.random(truth.shape) < 0.7, truth, generator.integers(0, 3, truth.shape))
    return predicted.astype(np.uint8), truth


def score(predicted, truth, protocol, label):
    scores = score_case("case", np.asarray(predicted), np.asarray(truth), LABELS, 2, VOXEL_ML)
    assert [(one.protocol, one.label) for one in scores] == [
        ("volume", "kidney"),
        ("paper", "kidney"),
        ("volume", "tumor"),
        ("paper", "tumor"),
    ]
    return next(one for one in scores if (one.protocol, one.label) == (protocol, label))


def voxel_by_voxel(predicted, truth, value, protocol):
    """Overlap, predicted and true voxels, counted one at a time."""
    overlap = hit = true = 0
    for found_slice, real_slice in zip(predicted.tolist(), truth.tolist(), strict=True):
        if protocol == "paper" and not any(2 in row for row in real_slice):
            continue
        for found_row, real_row in zip(found_slice, real_slice, strict=True):
            for found, real in zip(found_row, real_row, strict=True):
                overlap += found == value == real
                hit += found == value
                true += real == value
    return overlap, hit, true


@pytest.mark.parametrize("protocol", ["volume", "paper"])
@pytest.mark.parametrize("label", LABELS)
def test_scores_are_those_of_a_count_voxel_by_voxel(maps, label, protocol):
    found = score(*maps, protocol, label)
    overlap, hit, true = voxel_by_voxel(*maps, LABELS[label], protocol)
    assert 0 < overlap < true
    assert found.dice == pytest.approx(2 * overlap / (hit + true), abs=1e-12)
    assert found.rvd == pytest.approx((hit - true) / true, abs=1e-12)
    assert (found.predicted_ml, found.true_ml) == (hit * VOXEL_ML, true * VOXEL_ML)
    assert found.slices == {"volume": 6, "paper": 4}[protocol]


@pytest.mark.parametrize("protocol", ["volume", "paper"])
@pytest.mark.parametrize("label", LABELS)
def test_dice_is_that_of_monai(maps, label, protocol):
    predicted, truth = maps
    if protocol == "paper":
        predicted, truth = (one[(truth == 2).any(axis=(1, 2))] for one in maps)
    masks = (torch.from_numpy(one == LABELS[label])[None, None].float() for one in (predicted, truth))
    assert score(*maps, protocol, label).dice == pytest.approx(compute_dice(*masks).item(), abs=1e-6)


def test_a_case_worked_by_hand():
    """Two slices of 2 x 2. Tumour: 1 of 2 found and 2 too many, in the volume; 1 too many where there is some."""
    truth = [[[2, 2], [1, 1]], [[1, 0], [0, 0]]]
    predicted = [[[2, 1], [2, 1]], [[2, 0], [0, 0]]]
    whole = score(predicted, truth, "volume", "tumor")
    assert (whole.dice, whole.rvd) == (pytest.approx(2 * 1 / (3 + 2)), pytest.approx(0.5))
    assert (whole.predicted_ml, whole.true_ml, whole.slices) == (1.5, 1.0, 2)
    paper = score(predicted, truth, "paper", "tumor")
    assert (paper.dice, paper.rvd) == (pytest.approx(2 * 1 / (2 + 2)), pytest.approx(0.0))
    assert (paper.predicted_ml, paper.true_ml, paper.slices) == (1.0, 1.0, 1)
    kidney = score(predicted, truth, "volume", "kidney")
    assert (kidney.dice, kidney.rvd) == (pytest.approx(2 * 1 / (2 + 3)), pytest.approx(-1 / 3))
    assert score(predicted, truth, "paper", "kidney").dice == pytest.approx(2 * 1 / (2 + 2))


@pytest.mark.parametrize("protocol", ["volume", "paper"])
@pytest.mark.parametrize("label", LABELS)
def test_a_perfect_prediction_has_dice_1_and_rvd_0(maps, label, protocol):
    found = score(maps[1], maps[1], protocol, label)
    assert (found.dice, found.rvd) == (1.0, 0.0)


@pytest.mark.parametrize("protocol", ["volume", "paper"])
def test_finding_nothing_has_dice_0_and_rvd_minus_1(maps, protocol):
    found = score(np.zeros_like(maps[1]), maps[1], protocol, "tumor")
    assert (found.dice, found.rvd, found.predicted_ml) == (0.0, -1.0, 0.0)


def test_without_tumour_there_is_nothing_to_score_but_the_false_volume():
    truth, predicted = np.ones((3, 2, 2), np.uint8), np.full((3, 2, 2), 2, np.uint8)
    whole = score(predicted, truth, "volume", "tumor")
    assert (whole.dice, whole.rvd, whole.predicted_ml, whole.slices) == (None, None, 6.0, 3)
    paper = score(predicted, truth, "paper", "tumor")
    assert (paper.dice, paper.rvd, paper.predicted_ml, paper.slices) == (None, None, 0.0, 0)


def test_both_empty_is_not_a_success():
    empty = np.zeros((2, 2, 2), np.uint8)
    found = score(empty, empty, "volume", "tumor")
    assert (found.dice, found.rvd, found.predicted_ml, found.true_ml) == (None, None, 0.0, 0.0)
    assert dice(0, 0, 0) is None
    assert relative_volume_difference(0, 0) is None


def test_dice_and_rvd_by_their_formulas():
    assert dice(3, 4, 6) == pytest.approx(0.6)
    assert dice(0, 5, 0) == 0
    assert relative_volume_difference(3, 4) == pytest.approx(-0.25)
    assert relative_volume_difference(10, 4) == pytest.approx(1.5)


def cohort(*cases):
    """Scores of tumour, volume, from (overlap, predicted, true) in mL."""
    return [
        Score(
            case=str(number),
            protocol="volume",
            label="tumor",
            slices=5,
            predicted_ml=hit,
            true_ml=true,
            dice=dice(overlap, hit, true) if true else None,
            rvd=relative_volume_difference(hit, true),
        )
        for number, (overlap, hit, true) in enumerate(cases)
    ]


def test_a_cohort_worked_by_hand():
    """Dice 0.8 and 0.4; the third case has no tumour, and 3 mL are found in it, the fourth has none and none found."""
    (found,) = total(cohort((4, 6, 4), (2, 2, 8), (0, 3, 0), (0, 0, 0)))
    assert found.cases == 2
    assert found.dice_mean == pytest.approx(0.6)
    assert found.dice_std == pytest.approx(np.sqrt((0.2**2 + 0.2**2) / 1))
    assert found.dice_pooled == pytest.approx(2 * (4 + 2) / ((6 + 2 + 3) + (4 + 8)))
    assert found.rvd_mean == pytest.approx((0.5 - 0.75) / 2)
    assert found.false_ml == pytest.approx(1.5)


def test_pooled_dice_is_that_of_all_voxels_together(maps):
    predicted, truth = maps
    halves = [score_case("half", predicted[part], truth[part], LABELS, 2, 1.0) for part in (slice(3), slice(3, None))]
    for found in total([*halves[0], *halves[1]]):
        overlap, hit, true = voxel_by_voxel(predicted, truth, LABELS[found.label], found.protocol)
        assert found.dice_pooled == pytest.approx(2 * overlap / (hit + true))


def test_one_case_has_no_spread_and_no_case_no_mean():
    (one,) = total(cohort((4, 6, 4)))
    assert (one.dice_mean, one.dice_std, one.false_ml) == (pytest.approx(0.8), None, None)
    (none,) = total(cohort((0, 0, 0)))
    assert (none.cases, none.dice_mean, none.dice_std, none.dice_pooled, none.rvd_mean) == (0, None, None, None, None)
    assert none.false_ml == 0


def test_cases_without_tumour_slices_are_no_false_findings_of_the_paper_s_protocol(maps):
    truth = np.zeros((2, 3, 3), np.uint8)
    scores = score_case("a", truth + 2, truth, LABELS, 2, 1.0)
    false = {(one.protocol, one.label): one.false_ml for one in total(scores)}
    assert false[("volume", "tumor")] == 18
    assert false[("paper", "tumor")] is None


def test_labels_and_protocols_are_summed_up_apart(maps):
    found = total(score_case("a", *maps, LABELS, 2, 1.0) + score_case("b", *maps, LABELS, 2, 1.0))
    assert [(one.protocol, one.label, one.cases) for one in found] == [
        ("volume", "kidney", 2),
        ("paper", "kidney", 2),
        ("volume", "tumor", 2),
        ("paper", "tumor", 2),
    ]
    assert len({one.dice_mean for one in found}) == 4
