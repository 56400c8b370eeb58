"""The two distances, with values worked by hand."""

import math

import pytest
import torch

from hlfd.distillation.attention import rescale
from hlfd.distillation.losses import feature_distance, joined_distance, pixel_divergence, relation_distance


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


def test_gradients_of_the_divergence_equal_finite_differences():
    student, teacher = random(2, 3, 2, 3).requires_grad_(), random(2, 3, 4, 4, seed=1).requires_grad_()
    assert torch.autograd.gradcheck(pixel_divergence, (student, teacher))


# Several of the student's taps as one


def test_joined_taps_are_compared_as_their_concatenation():
    large, small, teacher = random(2, 2, 8, 8), random(2, 3, 4, 4, seed=1), random(2, 5, 2, 2, seed=2)
    concatenated = torch.cat([rescale(large, (2, 2)), rescale(small, (2, 2))], dim=1)
    expected = feature_distance(concatenated, teacher, power=3.0)
    assert joined_distance([large, small], teacher, power=3.0) == pytest.approx(expected.item())


def test_joined_distance_by_hand():
    # Energies (9 + 0) / 2 and (1 + 16) / 2 over two channels; the teacher looks at the second place alone.
    one, other = a_map([3, 1]), a_map([0, 4])
    seen = [4.5, 8.5]
    expected = 2 - 2 * seen[1] / math.hypot(*seen)
    assert joined_distance([one, other], a_map([0, 2])) == pytest.approx(expected)


@pytest.mark.parametrize("power", [1.0, 2.0, 4.0])
def test_joined_zero_maps_give_finite_gradients(power):
    student = [torch.zeros(1, 2, 4, 4, requires_grad=True), torch.zeros(1, 3, 2, 2, requires_grad=True)]
    distance = joined_distance(student, random(1, 2, 2, 2).float(), power)
    distance.backward()
    assert distance.item() == pytest.approx(1)
    assert all(torch.equal(tensor.grad, torch.zeros_like(tensor)) for tensor in student)


# Which places are alike


def test_relation_by_hand():
    # The student's two places are alike (cosine 1), the teacher's at right angles (0): two of four pairs differ by 1.
    student = torch.tensor([[[[1.0, 3.0]], [[1.0, 3.0]]]])
    teacher = torch.tensor([[[[2.0, 0.0]], [[0.0, 5.0]]]])
    assert relation_distance(student, teacher) == pytest.approx(0.5)


def test_relation_equals_a_loop_over_all_pairs():
    student, teacher = random(2, 3, 2, 3), random(2, 4, 2, 3, seed=1)
    total = 0.0
    for image in range(2):
        sides = [side[image].flatten(1).T for side in (student, teacher)]
        for i in range(6):
            for j in range(6):
                cosines = [float(side[i] @ side[j] / side[i].norm() / side[j].norm()) for side in sides]
                total += (cosines[0] - cosines[1]) ** 2 / 36 / 2
    assert relation_distance(student, teacher) == pytest.approx(total)


def test_relation_forgets_scale_and_a_turn_of_the_channels():
    student = random(2, 3, 4, 4)
    assert relation_distance(student, 7 * student.flip(1)) == pytest.approx(0, abs=1e-12)


def test_relation_does_not_grow_when_both_are_enlarged():
    student, teacher = random(1, 3, 2, 2), random(1, 4, 2, 2, seed=1)
    larger = [tensor.repeat_interleave(3, 2).repeat_interleave(3, 3) for tensor in (student, teacher)]
    assert relation_distance(*larger) == pytest.approx(relation_distance(student, teacher).item())


def test_relation_of_zero_features_is_finite_with_a_finite_gradient():
    student = torch.zeros(1, 3, 2, 2, requires_grad=True)
    distance = relation_distance(student, random(1, 2, 2, 2).float())
    distance.backward()
    assert distance.isfinite() and student.grad.isfinite().all()


def test_relation_is_worked_out_in_full_precision_under_autocast_too():
    student, teacher = random(2, 3, 4, 4).float(), random(2, 5, 4, 4, seed=1).float()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        found = relation_distance(student, teacher)
    assert found.dtype == torch.float32
    assert torch.equal(found, relation_distance(student, teacher))


def test_gradients_of_joined_and_relation_equal_finite_differences():
    student, teacher = random(2, 3, 4, 2).requires_grad_(), random(2, 2, 2, 2, seed=1)
    assert torch.autograd.gradcheck(lambda values: relation_distance(values, teacher), (student,))
    assert torch.autograd.gradcheck(lambda values: joined_distance([values, values[:, :1]], teacher), (student,))
