"""What is minimised, and what a step may change."""

import copy
import math

import pytest
import torch
from torch.nn.functional import interpolate, one_hot, softmax

from hlfd.distillation.distiller import Distiller
from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.targets import LiveTeacher
from hlfd.models.resnet import ResNetSettings, ResNetStudent
from hlfd.models.unetpp import UNetPlusPlus, UNetPlusPlusSettings
from hlfd.training.objectives import Distilled, FocalDice, Supervised


def a_teacher():
    """One with batch norm, which would show at once if it were switched to training."""
    torch.manual_seed(2)
    return UNetPlusPlus(3, UNetPlusPlusSettings(widths=(4, 4, 4, 4, 4), norm="batch"))


def distilled(student, teacher, beta=0.9, lambda_=0.1):
    """HLFD from a live teacher."""
    distiller = Distiller(make_recipe("hlfd", "", "live", beta, lambda_), student.channels, student.strides, classes=3)
    return Distilled(student, distiller, steps=100, provider=LiveTeacher(teacher, distiller.sources))


@pytest.fixture
def a_batch():
    """Two crops whose bright square is label 1, and its middle label 2."""
    labels = torch.zeros(2, 32, 32, dtype=torch.int64)
    labels[:, 8:24, 8:24] = 1
    labels[:, 12:20, 12:20] = 2
    generator = torch.Generator().manual_seed(0)
    return labels[:, None].float() / 2 + 0.1 * torch.rand(2, 1, 32, 32, generator=generator), labels


@pytest.fixture
def a_student():
    torch.manual_seed(1)
    return ResNetStudent(3, ResNetSettings(widths=(3, 4, 5, 6), blocks=(1, 1, 1, 1)))


@pytest.fixture
def a_distilled_student(a_student):
    """A student, its teacher with batch norm, and HLFD."""
    return distilled(a_student, a_teacher())


def train_a_little(objective, batch, steps=3):
    optimizer = torch.optim.Adam([value for value in objective.parameters() if value.requires_grad], lr=1e-2)
    losses = []
    for _ in range(steps):
        objective.train()
        optimizer.zero_grad()
        parts = objective(*batch)
        parts["loss"].backward()
        optimizer.step()
        losses.append(parts["loss"].item())
    return losses


def test_the_segmentation_loss_equals_dice_and_focal_loss_in_loops():
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(2, 3, 4, 4, generator=generator, dtype=torch.float64)
    labels = torch.randint(0, 3, (2, 4, 4), generator=generator)
    chances, truth = softmax(logits, 1), one_hot(labels, 3).permute(0, 3, 1, 2).double()
    dice, focal = 0.0, 0.0
    for k in (1, 2):  # the background is left out
        overlap, total = 0.0, 0.0
        values = (chances[:, k].flatten().tolist(), logits[:, k].flatten().tolist(), truth[:, k].flatten().tolist())
        for p, z, t in zip(*values, strict=True):
            overlap, total = overlap + p * t, total + p + t
            right = 1 / (1 + math.exp(-z if t else z))  # MONAI's focal loss asks of each class, is it there or not
            focal += -((1 - right) ** 2) * math.log(right) / (2 * 2 * 16)
        dice += (1 - (2 * overlap + 1e-5) / (total + 1e-5)) / 2
    assert FocalDice()(logits, labels).item() == pytest.approx(dice + focal, rel=1e-4)


def test_the_teacher_is_supervised_on_all_four_heads(a_batch):
    teacher = UNetPlusPlus(3, UNetPlusPlusSettings(widths=(2, 2, 3, 3, 4)))
    losses = Supervised(teacher)(*a_batch)
    maps = teacher.taps(a_batch[0]).maps
    each = [FocalDice()(logits, a_batch[1]) for logits in maps.values()]
    torch.testing.assert_close(losses["loss"], sum(each) / 4)
    torch.testing.assert_close(losses["seg"], each[-1].detach())


def test_the_distilled_loss_is_equation_5(a_distilled_student, a_batch):
    parts = a_distilled_student(*a_batch)
    expected = parts["seg"] + 0.9 * (parts["UFD"] + parts["IFD"]) + 0.1 * (parts["UPD"] + parts["IPD"])
    torch.testing.assert_close(parts["loss"].detach(), expected)
    alone = Supervised(a_distilled_student.network)(*a_batch)
    torch.testing.assert_close(parts["seg"], alone["loss"].detach())


def test_the_teacher_stays_as_it_is_bit_for_bit(a_student, a_batch):
    teacher = a_teacher()
    before = copy.deepcopy(teacher.state_dict())
    objective = distilled(a_student, teacher)
    train_a_little(objective, a_batch)
    after = teacher.state_dict()
    assert any(name.endswith("running_mean") for name in before)
    assert all(torch.equal(before[name], after[name]) for name in before)
    assert not teacher.training
    assert all(parameter.grad is None and not parameter.requires_grad for parameter in teacher.parameters())


def test_student_and_every_adapter_change(a_distilled_student, a_batch):
    before = copy.deepcopy(a_distilled_student.state_dict())
    train_a_little(a_distilled_student, a_batch, steps=1)
    after = a_distilled_student.state_dict()
    adapters = [name for name in before if name.startswith("distiller.adapters.")]
    assert len(adapters) == 8
    assert not any(torch.equal(before[name], after[name]) for name in adapters)
    weights = dict(a_distilled_student.network.named_parameters())
    assert not any(torch.equal(before[f"network.{name}"], after[f"network.{name}"]) for name in weights)


def test_the_teacher_is_no_part_of_what_is_saved(a_distilled_student):
    owners = {name.split(".")[0] for name in a_distilled_student.state_dict()}
    assert owners == {"network", "distiller", "weighing"}


def test_distilling_leaves_the_same_gradient_as_the_sum_of_its_parts(a_distilled_student, a_batch):
    a_distilled_student(*a_batch)["loss"].backward()
    together = [value.grad.clone() for value in a_distilled_student.parameters()]
    a_distilled_student.zero_grad()
    targets = a_distilled_student._provide(*a_batch)
    shown = a_distilled_student.network.taps(a_batch[0])
    FocalDice()(shown.maps["late"], a_batch[1]).backward()
    shown = a_distilled_student.network.taps(a_batch[0])
    for term, weight in (("UFD", 0.9), ("IFD", 0.9), ("UPD", 0.1), ("IPD", 0.1)):
        (weight * a_distilled_student.distiller(targets, shown)[term]).backward(retain_graph=True)
    apart = [value.grad for value in a_distilled_student.parameters()]
    for one, other in zip(together, apart, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


def test_targets_that_come_with_a_batch_are_taken_and_the_teacher_is_not_asked(a_distilled_student, a_batch):
    targets = a_distilled_student._provide(*a_batch)
    asked = a_distilled_student(*a_batch)["loss"]
    a_distilled_student._provide = None
    torch.testing.assert_close(a_distilled_student(*a_batch, targets)["loss"], asked)


def test_a_student_overfits_two_crops(a_batch):
    torch.manual_seed(1)
    student = ResNetStudent(3, ResNetSettings(widths=(4, 6, 8, 8), blocks=(1, 1, 1, 1), stem_pool=False))
    larger = [tensor.repeat_interleave(4, -1).repeat_interleave(4, -2) for tensor in a_batch]
    losses = train_a_little(Supervised(student), larger, steps=40)
    assert losses[-1] < 0.6 * losses[0]


def test_a_teacher_overfits_two_crops(a_batch):
    torch.manual_seed(1)
    teacher = UNetPlusPlus(3, UNetPlusPlusSettings(widths=(4, 4, 4, 4, 4)))
    losses = train_a_little(Supervised(teacher), a_batch, steps=30)
    assert losses[-1] < 0.6 * losses[0]
    found = teacher.eval()(a_batch[0]).argmax(1)
    assert (found == a_batch[1]).float().mean() > 0.9


def test_a_student_learns_where_its_teacher_looks(a_student, a_batch):
    objective = distilled(a_student, a_teacher(), 10, 10)
    first = {name: value.item() for name, value in objective(*a_batch).items()}
    train_a_little(objective, a_batch, steps=40)
    last = {name: value.item() for name, value in objective(*a_batch).items()}
    assert all(last[term] < 0.9 * first[term] for term in ("UFD", "IFD", "UPD", "IPD"))


def test_the_output_of_the_student_is_interpolated_logits_not_labels(a_student, a_batch):
    # Guards the supervised map against a rounding step that would stop its gradient.
    late = a_student.eval().taps(a_batch[0])
    expected = interpolate(a_student.head(late.features["late"]), size=(32, 32), mode="bilinear")
    assert torch.equal(late.maps["late"], expected)
    assert late.maps["late"].requires_grad
