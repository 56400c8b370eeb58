"""What the grid of an output allows: against every logit of a small grid, and for masks that fit it."""

import itertools

import numpy as np
import pytest
import torch
from torch.nn.functional import interpolate

from hlfd.data.store import Store
from hlfd.evaluation.ceiling import best_masks, ceiling
from hlfd.explain.readings import dice_of
from Testing.training.tiny_runs import make_store


@pytest.fixture(scope="module")
def store_folder(tmp_path_factory):
    """Squares of 12 pixels in slices of 48; to be read only."""
    return make_store(tmp_path_factory.mktemp("read-only") / "store")


def disc(side, radius, centre):
    rows, columns = np.ogrid[:side, :side]
    return (rows - centre[0]) ** 2 + (columns - centre[1]) ** 2 <= radius**2


def reached(mask, stride):
    return dice_of(best_masks(mask[None], stride)[0], mask)


def test_a_cell_a_pixel_draws_any_mask():
    masks = np.random.default_rng(0).random((3, 13, 9)) < 0.3
    assert np.array_equal(best_masks(masks, 1), masks)


def test_coarser_grids_allow_less():
    """A lone disc between the centres of four cells: there, no grid of stride 32 draws anything that is closed."""
    found = [reached(disc(64, 7, (30, 35)), stride) for stride in (1, 4, 16, 32)]
    assert found[0] == 1
    assert found[1] > 0.97
    assert all(finer > coarser for finer, coarser in itertools.pairwise(found))
    assert 0.1 < found[-1] < 0.7


@pytest.mark.parametrize("side", [8, 6])
def test_the_fit_is_as_good_as_the_best_of_all_logits_of_a_small_grid(side):
    """A grid may be scaled, so four cells with 21 values each try nearly all; at side 6, cells lie half outside."""
    values = torch.linspace(-1, 1, 21)
    grids = torch.cartesian_prod(values, values, values, values).reshape(-1, 1, 2, 2)
    drawn = np.unique((interpolate(grids, size=(8, 8), mode="bilinear")[:, 0, :side, :side] > 0).numpy(), axis=0)
    masks = np.random.default_rng(1).random((4, side, side)) < 0.35
    masks = np.concatenate([masks, [disc(side, 1.6, (2, 3)), disc(side, 2.5, (4, 4))]])
    for mask, found in zip(masks, best_masks(masks, 4), strict=True):
        best = max((2 * (drawn & mask).sum((1, 2)) / (drawn.sum((1, 2)) + mask.sum())).tolist())
        assert best - 0.06 <= dice_of(found, mask) <= best + 0.05


def test_a_mask_that_a_grid_can_draw_is_drawn():
    logits = torch.full((1, 1, 4, 4), -1.0)
    logits[0, 0, 1:3, 1:3] = 1
    mask = (interpolate(logits, scale_factor=8, mode="bilinear")[0, 0] > 0).numpy()
    assert reached(mask, 8) > 0.99


def test_half_a_slice_is_drawn_by_the_coarsest_grid():
    mask = np.zeros((64, 64), bool)
    mask[:, :32] = True
    assert reached(mask, 32) == 1


def test_slices_are_fitted_each_for_itself():
    masks = np.stack([disc(32, 5, (10, 12)), disc(32, 9, (20, 16)), np.zeros((32, 32), bool)])
    together = best_masks(masks, 8)
    for mask, found in zip(masks, together, strict=True):
        assert dice_of(found, mask) == pytest.approx(reached(mask, 8), abs=0.01)
    assert not together[2].any()


def test_the_ceiling_of_a_store_is_the_mean_dice_of_its_cases(store_folder):
    store = Store(store_folder)
    found = ceiling(store, "training", (1, 8, 32))
    cases = [store.slices(case).labels[1:] == store.tumor_value for case in store.cases("training")]
    by_hand = np.mean([dice_of(best_masks(tumor, 8), tumor) for tumor in cases])
    assert found[1] == 1
    assert found[8] == pytest.approx(by_hand, abs=1e-9)
    assert found[1] > found[8] > found[32] > 0


def test_the_command_prints_a_line_a_stride(command, store_folder):
    answer = command("ceiling", store_folder, "--part", "validation", "--strides", "1,16")
    assert answer.status == 0, answer
    first, second = answer.out.splitlines()
    assert first == "stride   1: 100.0 % tumour Dice, mean over the validation cases"
    assert second.startswith("stride  16: ")


def test_a_part_without_tumor_is_refused(refused, tmp_path):
    folder = make_store(tmp_path / "store")
    told = (folder / "store.json").read_text().replace('"tumor_slices": 2', '"tumor_slices": 0')
    (folder / "store.json").write_text(told)
    assert "no test case has tumour; choose another --part" in refused("ceiling", folder)
