"""A(.): where a layer looks, as a unit vector."""

import pytest
import torch

from hlfd.distillation.attention import attention, rescale


@pytest.fixture
def features():
    """Random features with negative values, in double precision: 2 images, 3 channels, 4 x 5."""
    return torch.randn(2, 3, 4, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)


def test_one_channel_by_hand():
    # Squares 9, 0, 0, 16, of norm sqrt(81 + 256).
    values = torch.tensor([[[[3.0, 0.0], [0.0, -4.0]]]])
    expected = torch.tensor([[9.0, 0.0, 0.0, 16.0]]) / 337**0.5
    torch.testing.assert_close(attention(values), expected)


def test_two_channels_by_hand():
    # Means of squares (1 + 4) / 2 and (4 + 0) / 2, of norm sqrt(6.25 + 4).
    values = torch.tensor([[[[1.0, 2.0]], [[2.0, 0.0]]]])
    torch.testing.assert_close(attention(values), torch.tensor([[2.5, 2.0]]) / 10.25**0.5)


def test_power_one_and_three_by_hand():
    values = torch.tensor([[[[1.0, -2.0]]]])
    torch.testing.assert_close(attention(values, power=1.0), torch.tensor([[1.0, 2.0]]) / 5**0.5)
    torch.testing.assert_close(attention(values, power=3.0), torch.tensor([[1.0, 8.0]]) / 65**0.5)


def test_each_image_has_norm_one(features):
    norms = attention(features).norm(dim=1)
    torch.testing.assert_close(norms, torch.ones(2, dtype=torch.float64))


@pytest.mark.parametrize("factor", [-1.0, 1e-6, 7.0, 1e6])
def test_a_common_factor_changes_nothing(features, factor):
    torch.testing.assert_close(attention(features * factor), attention(features))


def test_each_image_is_normalised_on_its_own(features):
    alone = torch.cat([attention(features[:1]), attention(features[1:] * 1000)])
    torch.testing.assert_close(attention(features), alone)


def test_gradients_equal_finite_differences(features):
    assert torch.autograd.gradcheck(attention, features.clone().requires_grad_())
    assert torch.autograd.gradcheck(lambda values: attention(values, 1.5), features.clone().requires_grad_())


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0])
def test_a_zero_map_stays_zero_with_a_gradient_of_zero(power):
    values = torch.zeros(1, 2, 3, 3, requires_grad=True)
    seen = attention(values, power)
    seen.sum().backward()
    assert torch.equal(seen, torch.zeros(1, 9))
    assert torch.equal(values.grad, torch.zeros_like(values))


def test_a_zero_map_beside_another_leaves_that_one_alone(features):
    features[0] = 0
    seen = attention(features)
    assert torch.equal(seen[0], torch.zeros(20, dtype=torch.float64))
    torch.testing.assert_close(seen[1].norm(), torch.tensor(1.0, dtype=torch.float64))


def test_a_constant_map_looks_everywhere_alike():
    torch.testing.assert_close(attention(torch.full((1, 4, 2, 2), -3.0)), torch.full((1, 4), 0.5))


@pytest.mark.parametrize("power", [2.0, 4.0])
@pytest.mark.parametrize("scale", [6e-8, 1e-30, 65504.0, 1e30])
def test_tiny_and_huge_values_give_the_same_vector(features, scale, power):
    values = (features.float() * scale).requires_grad_()
    seen = attention(values, power)
    seen[:, 0].sum().backward()
    torch.testing.assert_close(seen, attention(features, power).float(), rtol=1e-4, atol=1e-6)
    assert values.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_is_worked_on_in_full(features, dtype):
    values = (features * 1000).to(dtype)
    assert attention(values).dtype == torch.float32
    assert torch.equal(attention(values), attention(values.float()))
    assert rescale(values, (8, 8)).dtype == torch.float32


def test_rescaling_to_the_same_size_changes_nothing(features):
    assert torch.equal(rescale(features, (4, 5)), features)


def test_rescaling_by_hand():
    # Pixel centres of 4 in 2 lie at -0.25, 0.25, 0.75, 1.25; outside the first and last centre the edge goes on.
    values = torch.tensor([[[[0.0, 8.0]]]])
    assert rescale(values, (1, 4)).flatten().tolist() == [0.0, 2.0, 6.0, 8.0]
