"""The distances of the methods, as pure functions of what a student shows and what is known of its teacher."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax, one_hot

from hlfd.distillation.attention import attention, energy, full_precision, rescale, unit
from hlfd.distillation.routes import AverageOver
from hlfd.distillation.targets import directions
from hlfd.together import sum_everywhere, world


def feature_distance(student: Tensor, teacher: Tensor, power: float = 2.0) -> Tensor:
    """Squared L2 distance of the unit attention maps, mean over the batch: 0 (same place) to 2.

    Args:
        student: b c h w, rescaled to the teacher's size.
        teacher: b c' h' w', or its `root_energy`, b 1 h' w'.
        power: exponent p of the attention.

    Source: Gorade et al. 2024, eqs. 1 and 2; the square follows Zagoruyko and Komodakis 2017.
    """
    return joined_distance([student], teacher, power)


def joined_distance(student: Sequence[Tensor], teacher: Tensor, power: float = 2.0) -> Tensor:
    """`feature_distance` of several student layers taken as one: interpolated to the teacher's size and concatenated.

    Args:
        student: each b c_j h_j w_j.
        teacher: b c' h' w', or its `root_energy`, b 1 h' w'.
        power: exponent p of the attention.

    Source: Kim et al., IJCAI 2023, as Gorade et al. 2024 compare with it.
    """
    size = (teacher.shape[2], teacher.shape[3])
    seen = unit(energy([rescale(tensor, size) for tensor in student], power))
    return (seen - attention(teacher, power)).square().sum(dim=1).mean()


def relation_distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the cosine similarities of all pairs of places, mean over pairs and batch.

    Args:
        student: b c h w, rescaled to the teacher's size.
        teacher: b c' h' w'.

    Source: Liu et al. 2019, eq. 2 (pair-wise distillation), every cell a node of its own.
    """
    size = (teacher.shape[2], teacher.shape[3])
    sides = [directions(side, size).flatten(start_dim=2) for side in (student, teacher)]
    with torch.autocast(student.device.type, enabled=False):  # it would take the products back to half precision
        alike = [places.transpose(1, 2) @ places for places in sides]
    return (alike[0] - alike[1]).square().mean()


def pixel_divergence(
    student: Tensor, teacher: Tensor, temperature: float = 4.0, average_over: AverageOver = "pixels"
) -> Tensor:
    """KL(teacher || student) over classes a pixel, times T^2, mean over pixels and batch.

    Args:
        student: logits b k h w, rescaled to the teacher's size.
        teacher: logits b k h' w'.
        temperature: T, by which both logits are divided.
        average_over: `pixels` weighs every pixel alike; `classes` averages over the pixels that the teacher gives to a
            class first, then over the classes found in the batch, so that a small tumour weighs as much as all air;
            `places` compares where on the slice each class is (`places_divergence`).

    Source: Gorade et al. 2024, eqs. 3 and 4; temperature and direction are our decisions (Hinton et al. 2015).
    """
    student = rescale(student, (teacher.shape[2], teacher.shape[3]))
    teacher = full_precision(teacher)
    if average_over == "places":
        return places_divergence(student, teacher, temperature)
    log_student = log_softmax(student / temperature, dim=1)
    log_teacher = log_softmax(teacher / temperature, dim=1)
    divergence = kl_div(log_student, log_teacher, reduction="none", log_target=True).sum(dim=1)
    weights = _weights_of_classes(teacher) if average_over == "classes" else 1 / divergence.numel()
    return (divergence * weights).sum() * temperature**2


def places_divergence(student: Tensor, teacher: Tensor, temperature: float = 4.0) -> Tensor:
    """KL(teacher || student) over the places of a slice, each class a distribution of its own, times T^2.

    Where per-pixel divergence is ruled by the many pixels that are surely background, this one asks where a class is
    most likely: the spatial normalisation that A(.) is for features. Mean over classes and batch.

    Args:
        student: logits b k h w.
        teacher: logits b k h w.
        temperature: T, by which both logits are divided.

    Source: Shu et al., ICCV 2021, eq. 4 (channel-wise distillation).
    """
    log_student, log_teacher = (
        log_softmax(logits.flatten(start_dim=2) / temperature, dim=2) for logits in (student, teacher)
    )
    divergence = kl_div(log_student, log_teacher, reduction="none", log_target=True).sum(dim=2)
    return divergence.mean() * temperature**2


def _weights_of_classes(teacher: Tensor) -> Tensor:
    """Weights of pixels, b h w, of sum 1: the same for each class that the teacher finds in the batch.

    Of several processes each has a share of the batch; their mean then has the sum 1.
    """
    found = one_hot(teacher.argmax(dim=1), teacher.shape[1]).to(teacher.dtype)
    pixels = sum_everywhere(found.sum(dim=(0, 1, 2)))
    return (found / pixels.clamp_min(1)).sum(dim=3) * world()[1] / (pixels > 0).sum()
