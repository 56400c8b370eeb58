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

STEPS, RATE = 120, 0.3
SLICES_AT_ONCE = 32
FIRST_SCALE = 6.0
"""Logit of a cell that is all tumour, before fitting."""


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
    masks = torch.from_numpy(np.ascontiguousarray(truth))[:, None]
    rows, columns = masks.shape[2:]
    wanted = pad(masks.float(), (0, -columns % stride, 0, -rows % stride))
    size = (wanted.shape[2], wanted.shape[3])
    cells = adaptive_avg_pool2d(wanted, (size[0] // stride, size[1] // stride))
    logits = ((2 * cells.sqrt() - 1) * FIRST_SCALE).requires_grad_()
    optimizer = torch.optim.Adam([logits], lr=RATE)
    best = torch.full((len(masks),), -1.0)
    kept = torch.zeros_like(masks)
    for _ in range(STEPS):
        drawn = interpolate(logits, size=size, mode="bilinear")
        with torch.no_grad():
            hard = drawn[:, :, :rows, :columns] > 0
            score = _dices(hard.float(), masks.float())
            better = score > best
            best, kept = torch.where(better, score, best), torch.where(better[:, None, None, None], hard, kept)
        shown = drawn[:, :, :rows, :columns]
        loss = (1 - _dices(shown.sigmoid(), masks.float())).sum()
        loss = loss + binary_cross_entropy_with_logits(shown, masks.float(), reduction="none").mean((1, 2, 3)).sum()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found: Array = kept[:, 0].numpy()
    return found


def _dices(drawn: Tensor, truth: Tensor) -> Tensor:
    """Dice of each slice; soft where `drawn` is."""
    overlap = (drawn * truth).sum(dim=(1, 2, 3))
    return 2 * overlap / (drawn.sum(dim=(1, 2, 3)) + truth.sum(dim=(1, 2, 3))).clamp_min(1e-6)
