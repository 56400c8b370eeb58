"""The pixel level averaged over classes, or compared over places: values worked by hand, and loops."""

import math

import pytest
import torch

from hlfd.distillation.losses import pixel_divergence, places_divergence


def random(*shape, seed=0):
    """Values round zero."""
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_over_classes_a_lone_pixel_weighs_as_much_as_all_others():
    # The teacher calls one pixel of four class 0 and is followed there; on the three of class 1 the student is at 1/2.
    teacher = torch.tensor([[[[math.log(3), 0, 0, 0]], [[0, math.log(3), math.log(3), math.log(3)]]]])
    student = teacher.clone()
    student[:, :, :, 1:] = 0
    one = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert pixel_divergence(student, teacher, 1, "pixels") == pytest.approx(0.75 * one)
    assert pixel_divergence(student, teacher, 1, "classes") == pytest.approx(0.5 * one)


def test_over_classes_equals_a_loop_over_the_classes_that_the_teacher_finds():
    student, teacher = random(2, 4, 3, 5), random(2, 4, 3, 5, seed=1)
    teacher[:, 3] = -9  # the teacher never finds the last class
    means = []
    for wanted in range(4):
        told = []
        for image in range(2):
            for row in range(3):
                for column in range(5):
                    p, q = teacher[image, :, row, column], student[image, :, row, column]
                    if int(p.argmax()) == wanted:
                        told.append(float(pixel_divergence(q[None, :, None, None], p[None, :, None, None], 2.0)))
        means += [sum(told) / len(told)] if told else []
    assert len(means) == 3
    assert pixel_divergence(student, teacher, 2.0, "classes") == pytest.approx(sum(means) / 3)


def test_over_places_by_hand():
    # Class 0: the teacher has 3/4 of it at the first place, the student half. Class 1 is alike.
    teacher = torch.tensor([[[[math.log(3), 0.0]], [[1.0, 2.0]]]], dtype=torch.float64)
    student = torch.tensor([[[[0.0, 0.0]], [[5.0, 6.0]]]], dtype=torch.float64)
    one = 0.75 * math.log(1.5) + 0.25 * math.log(0.5)
    assert places_divergence(student, teacher, 1) == pytest.approx(one / 2)
    assert pixel_divergence(student, teacher, 1, "places") == pytest.approx(one / 2)


@pytest.mark.parametrize("over", ["classes", "places"])
def test_however_averaged_the_divergence_does_not_depend_on_the_size_of_the_image(over):
    student, teacher = random(2, 3, 4, 4), random(2, 3, 4, 4, seed=1)
    expected = pixel_divergence(student, teacher, 4.0, over).item()
    tiled = [tensor.repeat(1, 1, 3, 2) for tensor in (student, teacher)]
    assert pixel_divergence(*tiled, 4.0, over) == pytest.approx(expected)
    assert pixel_divergence(teacher, teacher, 4.0, over) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("over", ["classes", "places"])
@pytest.mark.parametrize("scale", [0.0, 6e-8, 65504.0])
def test_however_averaged_constant_tiny_and_huge_logits_give_finite_gradients(over, scale):
    student = (random(2, 3, 4, 4).float() * scale).requires_grad_()
    divergence = pixel_divergence(student, random(2, 3, 4, 4, seed=1).float() * scale, 4.0, over)
    divergence.backward()
    assert divergence.isfinite() and student.grad.isfinite().all()


@pytest.mark.parametrize("over", ["classes", "places"])
def test_gradients_however_averaged_equal_finite_differences(over):
    student, teacher = random(2, 3, 2, 3).requires_grad_(), random(2, 3, 4, 4, seed=1)
    assert torch.autograd.gradcheck(lambda values: pixel_divergence(values, teacher, 4.0, over), (student,))
