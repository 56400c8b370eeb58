"""How terms are weighted."""

import pytest
import torch

from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.weighing import Weighing

TERMS = {"UFD": torch.tensor(2.0), "IFD": torch.tensor(3.0), "UPD": torch.tensor(5.0), "IPD": torch.tensor(7.0)}
SEGMENTATION = torch.tensor(0.5)


def weighing(beta=0.9, lambda_=0.1, steps=10, **settings):
    return Weighing(make_recipe("hlfd", "", "live", beta, lambda_, **settings), steps)


@pytest.mark.parametrize(
    ("beta", "lambda_", "expected"), [(1, 0, 5), (0, 1, 12), (0.9, 0.1, 5.7), (1.8, 0.1, 10.2), (0.9, 0.2, 6.9)]
)
def test_beta_weighs_the_feature_level_and_lambda_the_pixel_level(beta, lambda_, expected):
    assert weighing(beta, lambda_)(SEGMENTATION, TERMS).item() == pytest.approx(expected)


def test_the_order_of_the_terms_does_not_matter():
    assert weighing()(SEGMENTATION, dict(reversed(TERMS.items()))).item() == pytest.approx(5.7)


@pytest.mark.parametrize(("schedule", "first", "sixth"), [("constant", 1, 1), ("rise", 0, 0.5), ("fall", 1, 0.5)])
def test_a_schedule_moves_all_weights_over_the_run(schedule, first, sixth):
    weigh = weighing(schedule=schedule)
    values = [(weigh(SEGMENTATION, TERMS).item(), weigh.step_done())[0] for _ in range(6)]
    assert values[0] == pytest.approx(5.7 * first)
    assert values[5] == pytest.approx(5.7 * sixth)


def test_balanced_terms_weigh_as_much_as_the_segmentation_loss_from_the_first_step():
    # Each of four terms becomes 0.5; 2 x 0.5 x 0.9 + 2 x 0.5 x 0.1.
    assert weighing(balanced=True)(SEGMENTATION, TERMS).item() == pytest.approx(1.0)


def test_balancing_follows_slowly_and_by_the_same_factor_for_values_and_gradients():
    weigh = weighing(balanced=True)
    weigh(SEGMENTATION, TERMS)
    weigh.step_done()
    term = torch.tensor(4.0, requires_grad=True)
    total = weigh(SEGMENTATION, {**TERMS, "UFD": term})
    # The mean of UFD is now 0.98 x 2 + 0.02 x 4 = 2.04.
    assert total.item() == pytest.approx(0.9 * (4 * 0.5 / 2.04 + 0.5) + 0.1)
    total.backward()
    assert term.grad.item() == pytest.approx(0.9 * 0.5 / 2.04)


def test_a_step_in_parts_is_remembered_once_with_the_mean_of_its_parts():
    whole, parts = weighing(balanced=True, schedule="fall"), weighing(balanced=True, schedule="fall")
    for value in (2.0, 4.0, 8.0):
        for change in (-1, 1):
            parts(SEGMENTATION + 0.1 * change, {**TERMS, "UFD": torch.tensor(value + change)})
        whole(SEGMENTATION, {**TERMS, "UFD": torch.tensor(value)})
        parts.step_done()
        whole.step_done()
        torch.testing.assert_close(parts.means, whole.means)
        assert parts.step == whole.step


def test_a_term_of_zero_is_no_division_by_zero():
    nothing = dict.fromkeys(TERMS, torch.tensor(0.0))
    assert weighing(balanced=True)(SEGMENTATION, nothing).item() == 0


def test_looking_without_training_moves_nothing():
    weigh = weighing(balanced=True, schedule="fall").eval()
    before = {name: value.clone() for name, value in weigh.state_dict().items()}
    weigh(SEGMENTATION, TERMS)
    assert all(torch.equal(before[name], value) for name, value in weigh.state_dict().items())
