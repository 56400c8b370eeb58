"""The two distances of the paper, as pure functions, and how several teacher taps become one."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import kl_div, log_softmax

from hlfd.distillation.attention import attention, full_precision, rescale


def unified_features(features: Sequence[Tensor]) -> Tensor:
    """Interpolate features, b c_j h_j w_j, to the smallest of them and concatenate over channels: b sum(c_j) h w.

    Source: Gorade et al. 2024, z_mid of eq. 1.
    """
    smallest = min((tuple(tensor.shape[2:]) for tensor in features), key=lambda size: size[0] * size[1])
    return torch.cat([rescale(tensor, (smallest[0], smallest[1])) for tensor in features], dim=1)


def unified_maps(maps: Sequence[Tensor]) -> Tensor:
    """Mean of prediction maps (logits), each b k h w.

    Source: Gorade et al. 2024, p_mid of eq. 3; the paper doesn't say how maps are unified, the mean is our decision.
    """
    return torch.stack([full_precision(logits) for logits in maps]).mean(dim=0)


def feature_distance(student: Tensor, teacher: Tensor, power: float = 2.0) -> Tensor:
    """Squared L2 distance of the unit attention maps, mean over the batch: 0 (same place) to 2.

    Args:
        student: b c h w, rescaled to the teacher's size.
        teacher: b c' h' w'.
        power: exponent p of the attention.

    Source: Gorade et al. 2024, eqs. 1 and 2; the square follows Zagoruyko and Komodakis 2017.
    """
    student = rescale(student, (teacher.shape[2], teacher.shape[3]))
    return (attention(student, power) - attention(teacher, power)).square().sum(dim=1).mean()


def pixel_divergence(student: Tensor, teacher: Tensor, temperature: float = 4.0) -> Tensor:
    """KL(teacher || student) over classes a pixel, times T^2, mean over pixels and batch.

    Args:
        student: logits b k h w, rescaled to the teacher's size.
        teacher: logits b k h' w'.
        temperature: T, by which both logits are divided.

    Source: Gorade et al. 2024, eqs. 3 and 4; temperature and direction are our decisions (Hinton et al. 2015).
    """
    student = rescale(student, (teacher.shape[2], teacher.shape[3]))
    log_student = log_softmax(student / temperature, dim=1)
    log_teacher = log_softmax(full_precision(teacher) / temperature, dim=1)
    divergence = kl_div(log_student, log_teacher, reduction="none", log_target=True).sum(dim=1)
    return divergence.mean() * temperature**2
