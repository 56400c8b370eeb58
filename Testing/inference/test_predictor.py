"""Slices and volumes through a network, against the same by hand."""

import math
from unittest.mock import Mock

import numpy as np
import pytest
import torch

from hlfd.bundle import load_bundle
from hlfd.errors import InputError
from hlfd.inference.predictor import TumorThreshold, choose_device, chosen_classes, predict_slices, predict_volume
from hlfd.models.registry import Architecture, build

CPU = torch.device("cpu")


@pytest.fixture
def network(threshold_bundle):
    return load_bundle(threshold_bundle)[1]


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(-300, 500, (11, 13, 18), np.int16)


@pytest.mark.parametrize(("rows", "columns"), [(8, 16), (1, 1), (13, 18), (16, 9), (7, 8)])
def test_slices_of_any_size_are_padded_for_the_network_and_cut_back(network, noise, answer_by_threshold, rows, columns):
    slices = noise[:, :rows, :columns]
    found = predict_slices(network, slices, (0, 300), CPU)
    np.testing.assert_array_equal(found, answer_by_threshold(slices))
    # The smallest multiples of the stride, and two strides at least: normalising one pixel is undefined.
    assert network.batches[-1][2:] == (max(-(-rows // 8) * 8, 16), max(-(-columns // 8) * 8, 16))


@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")])
def test_slices_that_do_not_fit_together_are_predicted_one_by_one(network, noise, answer_by_threshold, error):
    forward = network.forward

    def narrow(images):
        if len(images) > 1:
            raise error
        return forward(images)

    network.forward = narrow
    np.testing.assert_array_equal(predict_slices(network, noise[:4], (0, 300), CPU), answer_by_threshold(noise[:4]))
    assert [batch[0] for batch in network.batches] == [1, 1, 1, 1]


def test_a_slice_that_does_not_fit_is_told_and_other_errors_are_not_taken_for_that(network, noise):
    for error, slices in ((MemoryError(), noise[:1]), (RuntimeError("shapes differ"), noise[:4])):
        network.forward = Mock(side_effect=error)
        with pytest.raises(type(error)):
            predict_slices(network, slices, (0, 300), CPU)
        assert network.forward.call_count == 1


def test_a_volume_is_predicted_a_few_slices_at_a_time(network, noise, answer_by_threshold):
    done = []
    found = predict_volume(network, noise, (0.75, 0.75, 5), (0, 300), 0.75, CPU, done.append)
    np.testing.assert_array_equal(found, answer_by_threshold(noise))
    assert [batch[0] for batch in network.batches] == [4, 4, 3]
    assert done == [4, 8, 11]


def test_a_ct_of_other_pixels_is_resized_both_ways(network, answer_by_threshold):
    """Blocks of 2 x 2 equal pixels of 0.375 mm are one working pixel of 0.75 mm each."""
    coarse = np.zeros((2, 6, 8), np.int16)
    coarse[:, 1:4, 2:6] = 250
    fine = coarse.repeat(2, axis=1).repeat(2, axis=2)
    found = predict_volume(network, fine, (0.375, 0.375, 3), (0, 300), 0.75, CPU)
    assert network.batches[-1] == (2, 1, 16, 16)
    assert found.shape == fine.shape
    np.testing.assert_array_equal(found, oracle(fine, (6, 8)))
    assert (found[:, 4:6, 6:10] == 2).all()


def test_pixels_that_are_not_square_are_resized_by_side(network):
    hu = np.random.default_rng(5).integers(-300, 500, (3, 12, 10), np.int16)
    found = predict_volume(network, hu, (0.375, 1.5, 3), (0, 300), 0.75, CPU)
    assert network.batches[-1] == (3, 1, 24, 16)
    np.testing.assert_array_equal(found, oracle(hu, (24, 5)))


def test_tumour_begins_at_its_probability_and_the_rest_is_the_best_of_the_others():
    """Probabilities of background, kidney and tumour at six pixels, by hand."""
    told = torch.tensor([[50, 8, 42], [8, 50, 42], [8, 53, 39], [35, 30, 35], [40, 41, 19], [10, 10, 80]]) / 100
    logits = told.log().T[None, :, None]
    assert chosen_classes(logits).tolist() == [[[0, 1, 1, 0, 1, 2]]]
    assert chosen_classes(logits, TumorThreshold(2, 0.4)).tolist() == [[[2, 2, 1, 0, 1, 2]]]
    assert chosen_classes(logits, TumorThreshold(2, 0.9)).tolist() == [[[0, 1, 1, 0, 1, 0]]]
    assert chosen_classes(logits, TumorThreshold(1, 0.4)).tolist() == [[[0, 1, 1, 0, 1, 2]]]


def test_a_probability_of_just_the_threshold_is_tumour():
    even = torch.zeros(1, 4, 1, 1)
    assert chosen_classes(even, TumorThreshold(2, 0.25)).item() == 2
    assert chosen_classes(even, TumorThreshold(2, 0.2501)).item() == 0


@pytest.mark.parametrize("probability", [0.05, 0.3, 0.4, 0.5, 0.7, 0.999])
def test_classes_are_those_of_a_choice_pixel_by_pixel(probability):
    logits = torch.randn(3, 4, 7, 5, generator=torch.Generator().manual_seed(11)) * 2
    found = chosen_classes(logits, TumorThreshold(2, probability))
    for image, row, column in np.ndindex(3, 7, 5):
        assert found[image, row, column] == choice(logits[image, :, row, column].tolist(), 2, probability)


def choice(logits, tumor, probability):
    """One pixel, by the definition."""
    weights = [math.exp(logit) for logit in logits]
    if weights[tumor] / sum(weights) >= probability:
        return tumor
    return max((value for value in range(len(logits)) if value != tumor), key=logits.__getitem__)


def test_a_threshold_on_a_volume_is_applied_to_interpolated_logits(network):
    """Between two working pixels, tumour ends where the interpolated logits say, not at the edge of a pixel."""
    hu = np.random.default_rng(3).integers(-300, 500, (5, 12, 16), np.int16)
    found = predict_volume(network, hu, (0.375, 0.375, 3), (0, 300), 0.75, CPU, tumor=TumorThreshold(2, 0.36))
    np.testing.assert_array_equal(found, oracle(hu, (6, 8), 0.36))
    pixels = oracle(hu, (6, 8), 0.36)[:, ::2, ::2].repeat(2, axis=1).repeat(2, axis=2)
    assert (found == 2).any() and (found != pixels).any()


def oracle(hu, working, probability=None):
    """The same in one go and in double precision: shrink with averaging, threshold functions, enlarge, choose."""
    resize = torch.nn.functional.interpolate
    small = torch.from_numpy(hu.astype(np.float64))[:, None]
    small = resize(small, size=working, mode="bilinear", antialias=True).round()
    x = (small / 300).clamp(0, 1)
    logits = torch.cat([0 * x, x - 99.5 / 300, 2 * x - 299 / 300], dim=1)
    logits = resize(logits, size=hu.shape[1:], mode="bilinear")
    if probability is None:
        return logits.argmax(1).numpy()
    return np.apply_along_axis(lambda pixel: choice(pixel.tolist(), 2, probability), 1, logits.numpy())


def test_a_device_that_is_named_is_taken():
    assert choose_device("cpu") == CPU
    with pytest.raises(InputError, match="this machine has none"):
        choose_device("mps" if torch.cuda.is_available() else "cuda")


def test_auto_takes_what_there_is():
    assert choose_device("auto").type in {"cuda", "mps", "cpu"}
    assert choose_device("auto").type == "cpu" or torch.cuda.is_available() or torch.backends.mps.is_available()


def test_a_ct_as_small_as_one_stride_is_segmented_by_a_teacher():
    teacher = build(Architecture(network="unetpp", classes=3, settings={"widths": [4, 4, 4, 4, 4]})).eval()
    found = predict_slices(teacher, np.zeros((1, 9, 16), np.int16), (0, 300), CPU)
    assert found.shape == (1, 9, 16)
