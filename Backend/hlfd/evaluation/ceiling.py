"""What the grid of an output allows: the best Dice that any logits of a stride can reach, fitted to the truth."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import adaptive_avg_pool2d, binary_cross_entropy_with_logits, interpolate, pad

from hlfd.data.frames import Array
from hlfd.data.splits import Part
from hlfd.data.store import Store, StoredCase
from hlfd.errors import InputError
from hlfd.evaluation.metrics import dice

STEPS, STEPS_BETWEEN_CUTS, RATE = 120, 20, 0.3
SLICES_AT_ONCE = 32
FIRST_SCALE = 6.0
"""Logit of a cell that is all tumour, before fitting."""
SHARPENING, ENTROPY = 10.0, 0.1
"""Soft masks come close to hard ones while fitting; weight of the cross-entropy beside the soft Dice."""


def ceiling(store: Store, part: Part, strides: Sequence[int]) -> dict[int, float]:
    """Fit logits on grids of each stride to the tumour of every case, and give the mean Dice a case, 0..1.

    The grid lies as a student's output does, and is interpolated as a student's is; slices without tumour count as
    found to be so. Fitting finds good logits, perhaps not the best: the true ceiling is this or higher.

    Args:
        store: whose labels are fitted, at working pixels.
        part: its cases.
        strides: pixels that a cell is wide.

    Raises:
        InputError: no case of the part has tumour.
    """
    cases = [case for case in store.cases(part) if case.tumor_slices]
    if not cases:
        raise InputError(f"{store.folder}: no {part} case has tumour; choose another --part")
    return {stride: float(np.mean([_of_case(store, case, stride) for case in cases])) for stride in strides}


def _of_case(store: Store, case: StoredCase, stride: int) -> float:
    tumor = store.slices(case).labels == store.tumor_value
    tumor = tumor[tumor.any(axis=(1, 2))]
    overlap = predicted = 0
    for first in range(0, len(tumor), SLICES_AT_ONCE):
        truth = tumor[first : first + SLICES_AT_ONCE]
        found = best_masks(truth, stride)
        overlap, predicted = overlap + int((found & truth).sum()), predicted + int(found.sum())
    return dice(overlap, predicted, int(tumor.sum())) or 0.0


def best_masks(truth: Array, stride: int) -> Array:
    """Fit masks that logits of a stride can draw to true ones.

    Args:
        truth: bool, z h w.
        stride: pixels that a cell is wide.

    Returns:
        bool, z h w: of all that were seen while fitting, the one with the highest Dice, slice by slice.
    """
    masks = torch.from_numpy(np.ascontiguousarray(truth))[:, None].float()
    rows, columns = masks.shape[2:]
    wanted = pad(masks, (0, -columns % stride, 0, -rows % stride))
    size = (wanted.shape[2], wanted.shape[3])
    cells = adaptive_avg_pool2d(wanted, (size[0] // stride, size[1] // stride))
    logits = ((2 * cells.sqrt() - 1) * FIRST_SCALE).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=RATE)
    best, kept = torch.zeros(len(masks)), torch.zeros_like(masks, dtype=torch.bool)
    for step in range(STEPS + 1):
        shown = interpolate(logits, size=size, mode="bilinear")[:, :, :rows, :columns]
        if step % STEPS_BETWEEN_CUTS == 0:
            score, cut = _best_cuts(shown.detach(), masks)
            better = (score > best)[:, None, None, None]
            best, kept = torch.maximum(score, best), torch.where(better, shown.detach() >= cut, kept)
        loss = _loss(shown * (1 + SHARPENING * step / STEPS), masks)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found: Array = kept[:, 0].numpy()
    return found


def _loss(logits: Tensor, truth: Tensor) -> Tensor:
    """Soft Dice of each slice, and a little cross-entropy, which alone moves logits that are far off."""
    soft, sides = logits.sigmoid(), (1, 2, 3)
    dices = 2 * (soft * truth).sum(sides) / (soft.sum(sides) + truth.sum(sides)).clamp_min(1e-6)
    entropy = binary_cross_entropy_with_logits(logits, truth, reduction="none").mean(sides)
    return (1 - dices + ENTROPY * entropy).sum()


def _best_cuts(logits: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
    """Find where to cut logits, z 1 h w, so that Dice is highest; a grid of logits can be shifted by any number.

    Returns:
        Dice of each slice, and the lowest logit that counts as tumour, z 1 1 1.
    """
    values, order = logits.flatten(1).sort(dim=1, descending=True)
    hits = truth.flatten(1).gather(1, order).cumsum(1)
    drawn = torch.arange(1, values.shape[1] + 1)
    dices = 2 * hits / (drawn + truth.sum(dim=(2, 3)))
    between = pad(values[:, :-1] > values[:, 1:], (0, 1), value=True)  # equal logits are all drawn, or none of them
    score, place = torch.where(between, dices, -1).max(dim=1, keepdim=True)
    return score[:, 0], values.gather(1, place)[:, :, None, None]
