"""The two distances, with values worked by hand."""

import math

import pytest
import torch

from hlfd.distillation.losses import feature_distance, pixel_divergence, unified_features, unified_maps


def a_map(*rows):
    """One image with one channel."""
    return torch.tensor([[rows]], dtype=torch.float64)


def logits(*classes):
    """One image of one pixel with these logits."""
    return torch.tensor(classes, dtype=torch.float64)[None, :, None, None]


def random(*shape, seed=0):
    """Values round zero."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


# Feature level


def test_equal_maps_have_distance_0():
    assert feature_distance(random(2, 3, 4, 4), random(2, 3, 4, 4)) == 0


def test_maps_that_never_meet_have_distance_2():
    assert feature_distance(a_map([5, 0]), a_map([0, 3])) == pytest.approx(2, abs=1e-12)


def test_distance_by_hand():
    # (1, 1) / sqrt 2 against (1, 0): (1 - 1 / sqrt 2)^2 + 1 / 2 = 2 - sqrt 2.
    assert feature_distance(a_map([1, 1]), a_map([4, 0])) == pytest.approx(2 - math.sqrt(2))


def test_distance_is_averaged_over_the_batch():
    student = torch.cat([a_map([1, 1]), a_map([5, 0])])
    teacher = torch.cat([a_map([4, 0]), a_map([0, 3])])
    assert feature_distance(student, teacher) == pytest.approx((2 - math.sqrt(2) + 2) / 2)


def test_student_is_rescaled_to_the_size_of_the_teacher():
    # 4 pixels become 2 by the mean of the middle ones of each pair's neighbourhood: (1, 3, 5, 7) -> (2, 6).
    # Squares (4, 36) and (1, 1), as unit vectors.
    far = feature_distance(a_map([1, 3, 5, 7]), a_map([1, 1]))
    assert far == pytest.approx(2 - 2 * (4 + 36) / math.sqrt(4**2 + 36**2) / math.sqrt(2))


def test_channels_of_student_and_teacher_may_differ():
    # Two channels with the same map look where one channel with it looks.
    one = random(2, 1, 4, 4)
    assert feature_distance(one, one.repeat(1, 5, 1, 1)) == pytest.approx(0, abs=1e-12)


def test_distance_is_the_same_for_scaled_features():
    student, teacher = random(2, 3, 4, 4), random(2, 5, 4, 4, seed=1)
    assert feature_distance(student * 1e4, teacher / 1e3) == pytest.approx(feature_distance(student, teacher).item())


def test_distance_does_not_grow_when_both_maps_are_enlarged():
    student, teacher = random(2, 3, 4, 4), random(2, 5, 4, 4, seed=1)
    larger = [tensor.repeat_interleave(3, 2).repeat_interleave(3, 3) for tensor in (student, teacher)]
    assert feature_distance(*larger) == pytest.approx(feature_distance(student, teacher).item())


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_zero_maps_give_0_and_gradients_of_0(power):
    student = torch.zeros(2, 3, 4, 4, requires_grad=True)
    distance = feature_distance(student, torch.zeros(2, 3, 4, 4), power)
    distance.backward()
    assert distance == 0
    assert torch.equal(student.grad, torch.zeros_like(student))


@pytest.mark.parametrize("constant", [0.0, 2.0])
def test_constant_maps_give_finite_values_and_gradients(constant):
    student = torch.full((2, 3, 4, 4), constant, requires_grad=True)
    distance = feature_distance(student, random(2, 5, 2, 2).float())
    distance.backward()
    assert distance.isfinite()
    assert student.grad.isfinite().all()


@pytest.mark.parametrize("scale", [1e-30, 6e-8, 65504.0, 1e30])
def test_tiny_and_huge_features_give_the_distance_of_ordinary_ones(scale):
    student, teacher = random(2, 3, 4, 4).float(), random(2, 5, 4, 4, seed=1).float()
    expected = feature_distance(student, teacher)
    scaled = (student * scale).requires_grad_()
    distance = feature_distance(scaled, teacher * scale)
    distance.backward()
    torch.testing.assert_close(distance, expected, rtol=1e-4, atol=1e-6)
    assert scaled.grad.isfinite().all()


def test_gradients_of_the_feature_distance_equal_finite_differences():
    student, teacher = random(2, 2, 4, 3).requires_grad_(), random(2, 3, 2, 2, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(feature_distance, (student, teacher))


def test_a_step_along_the_gradient_brings_maps_closer():
    student, teacher = random(1, 2, 4, 4).requires_grad_(), random(1, 3, 4, 4, seed=1)
    before = feature_distance(student, teacher)
    before.backward()
    assert feature_distance(student - 0.1 * student.grad, teacher) < before


# Pixel level


def test_equal_maps_have_divergence_0():
    assert pixel_divergence(random(2, 3, 4, 4), random(2, 3, 4, 4)) == 0


def test_divergence_by_hand_has_the_teacher_as_target():
    # Teacher (3/4, 1/4), student (1/2, 1/2): KL(teacher || student); the other direction would be 0.1438.
    expected = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert expected == pytest.approx(0.130812, abs=1e-6)
    assert pixel_divergence(logits(0, 0), logits(math.log(3), 0), temperature=1) == pytest.approx(expected)


def test_temperature_divides_the_logits_and_its_square_multiplies_the_divergence():
    # Logits four times as large at T = 4 are the same probabilities; times 16.
    at_one = pixel_divergence(logits(0, 1), logits(2, 0), temperature=1)
    assert pixel_divergence(logits(0, 4), logits(8, 0), temperature=4) == pytest.approx(16 * at_one.item())
    assert pixel_divergence(logits(0, 4), logits(8, 0)) == pytest.approx(16 * at_one.item())


def test_classes_are_summed_and_pixels_and_images_averaged():
    student = torch.zeros(2, 2, 1, 2, dtype=torch.float64)
    teacher = torch.zeros_like(student)
    teacher[1, 0, 0, 1] = math.log(3)  # one of four pixels differs
    one = pixel_divergence(logits(0, 0), logits(math.log(3), 0), temperature=1)
    assert pixel_divergence(student, teacher, temperature=1) == pytest.approx(one.item() / 4)


def test_a_constant_added_to_all_classes_changes_nothing():
    student, teacher = random(2, 3, 4, 4), random(2, 3, 4, 4, seed=1)
    shifted = pixel_divergence(student + 7, teacher - random(2, 1, 4, 4, seed=2))
    assert shifted == pytest.approx(pixel_divergence(student, teacher).item())


def test_divergence_does_not_depend_on_the_size_of_the_image():
    student, teacher = random(2, 3, 4, 4), random(2, 3, 4, 4, seed=1)
    expected = pixel_divergence(student, teacher).item()
    tiled = [tensor.repeat(1, 1, 3, 2) for tensor in (student, teacher)]
    larger = [tensor.repeat_interleave(3, 2).repeat_interleave(2, 3) for tensor in (student, teacher)]
    assert pixel_divergence(*tiled) == pytest.approx(expected)
    assert pixel_divergence(*larger) == pytest.approx(expected)


def test_students_map_is_rescaled_to_the_teachers_logits_first():
    # Logits (0, 4) over two pixels become (0, 1, 3, 4) over four, then they are compared.
    student = torch.zeros(1, 2, 1, 2, dtype=torch.float64)
    student[0, 0, 0] = torch.tensor([0.0, 4.0])
    teacher = torch.zeros(1, 2, 1, 4, dtype=torch.float64)
    teacher[0, 0, 0] = torch.tensor([0.0, 1.0, 3.0, 4.0])
    assert pixel_divergence(student, teacher) == 0
    assert pixel_divergence(student, teacher.flip(3)) > 0.1


@pytest.mark.parametrize("scale", [0.0, 6e-8, 65504.0, 1e30])
def test_constant_tiny_and_huge_logits_give_finite_values_and_gradients(scale):
    student = (random(2, 3, 4, 4).float() * scale).requires_grad_()
    divergence = pixel_divergence(student, random(2, 3, 4, 4, seed=1).float() * scale)
    divergence.backward()
    assert divergence.isfinite()
    assert divergence >= -1e-6
    assert student.grad.isfinite().all()


def test_half_precision_is_worked_on_in_full():
    student, teacher = random(2, 3, 4, 4).bfloat16(), random(2, 3, 4, 4, seed=1).bfloat16()
    expected = pixel_divergence(student.float(), teacher.float())
    assert pixel_divergence(student, teacher).dtype == torch.float32
    assert torch.equal(pixel_divergence(student, teacher), expected)
    assert unified_maps([student, teacher]).dtype == torch.float32


def test_gradients_of_the_divergence_equal_finite_differences():
    student, teacher = random(2, 3, 2, 3).requires_grad_(), random(2, 3, 4, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(pixel_divergence, (student, teacher))


# Several taps as one


def test_features_are_brought_to_the_smallest_and_laid_behind_each_other():
    large, small = torch.tensor([[[[1.0, 3.0, 5.0, 7.0]]]]), torch.tensor([[[[10.0, 20.0]], [[30.0, 40.0]]]])
    expected = torch.tensor([[[[2.0, 6.0]], [[10.0, 20.0]], [[30.0, 40.0]]]])
    assert torch.equal(unified_features([large, small]), expected)


def test_the_smallest_is_found_wherever_it_stands():
    features = [random(1, 1, 8, 8), random(1, 2, 2, 2), random(1, 3, 4, 4)]
    assert unified_features(features).shape == (1, 6, 2, 2)


def test_a_single_tap_stays_as_it_is():
    features = random(2, 3, 4, 4)
    assert torch.equal(unified_features([features]), features)
    assert torch.equal(unified_maps([features]), features)


def test_maps_are_unified_by_the_mean_of_their_logits():
    assert torch.equal(unified_maps([logits(1, 6), logits(3, 0), logits(5, 0)]), logits(3, 2))
