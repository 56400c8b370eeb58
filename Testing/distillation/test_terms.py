"""UFD, IFD, UPD, IPD and their total against slow oracles, written in plain loops from the paper's equations."""

import math

import pytest
import torch

from hlfd.distillation.weighing import Weighing
from hlfd.models.contract import Taps
from Testing.distillation.taps import FINE_STRIDES, make_distiller, run, students_taps, teachers_taps

# The oracle: images are nested lists, channel by row by column.


def interpolated(image, rows, columns):
    """Bilinear, with the corners of the images (not the centres of their pixels) laid on each other."""
    return [
        [
            [
                _sample(plane, (row + 0.5) * len(plane) / rows - 0.5, (column + 0.5) * len(plane[0]) / columns - 0.5)
                for column in range(columns)
            ]
            for row in range(rows)
        ]
        for plane in image
    ]


def _sample(plane, y, x):
    y, x = max(y, 0.0), max(x, 0.0)
    top, left = min(int(y), len(plane) - 1), min(int(x), len(plane[0]) - 1)
    bottom, right = min(top + 1, len(plane) - 1), min(left + 1, len(plane[0]) - 1)
    upper = plane[top][left] * (1 - (x - left)) + plane[top][right] * (x - left)
    lower = plane[bottom][left] * (1 - (x - left)) + plane[bottom][right] * (x - left)
    return upper * (1 - (y - top)) + lower * (y - top)


def unit_attention(image, power):
    """Mean over channels of |z|^p for each pixel, as a vector of length one."""
    energies = []
    for row in range(len(image[0])):
        for column in range(len(image[0][0])):
            energies.append(sum(abs(plane[row][column]) ** power for plane in image) / len(image))
    length = math.sqrt(sum(energy**2 for energy in energies))
    return [energy / length for energy in energies]


def squared_distance(student, teacher, power):
    """Of the two unit attention maps of one image; the student is brought to the teacher's size."""
    student = interpolated(student, len(teacher[0]), len(teacher[0][0]))
    pairs = zip(unit_attention(student, power), unit_attention(teacher, power), strict=True)
    return sum((ours - theirs) ** 2 for ours, theirs in pairs)


def probabilities(image, row, column, temperature):
    """Softmax over the classes of one pixel."""
    powers = [math.exp(plane[row][column] / temperature) for plane in image]
    return [power / sum(powers) for power in powers]


def divergence(student, teacher, temperature):
    """KL(teacher || student), mean over the pixels of one image, times T squared."""
    rows, columns = len(teacher[0]), len(teacher[0][0])
    student = interpolated(student, rows, columns)
    total = 0.0
    for row in range(rows):
        for column in range(columns):
            p = probabilities(teacher, row, column, temperature)
            q = probabilities(student, row, column, temperature)
            total += sum(a * (math.log(a) - math.log(b)) for a, b in zip(p, q, strict=True))
    return total / (rows * columns) * temperature**2


def adapted(image, adapter):
    """The prediction map of a student's layer: each class is a weighted sum of channels, and a bias."""
    weight, bias = adapter.weight[:, :, 0, 0].tolist(), adapter.bias.tolist()
    rows, columns = len(image[0]), len(image[0][0])
    return [
        [
            [
                bias[k] + sum(weight[k][c] * image[c][row][column] for c in range(len(image)))
                for column in range(columns)
            ]
            for row in range(rows)
        ]
        for k in range(len(weight))
    ]


def mean_over_batch(one_image, batch=2):
    return sum(one_image(index) for index in range(batch)) / batch


def oracle_ufd(teacher, student, power):
    """Eq. 1: the student's early layer against all middle layers of the teacher, brought to the smallest and joined."""

    def one(index):
        middle = [teacher.features[f"middle{j}"][index].tolist() for j in (1, 2, 3)]
        rows, columns = min((len(image[0]), len(image[0][0])) for image in middle)
        joined = [plane for image in middle for plane in interpolated(image, rows, columns)]
        return squared_distance(student.features["early"][index].tolist(), joined, power)

    return mean_over_batch(one)


def oracle_ifd(teacher, student, power):
    """Eq. 2: each middle layer of the student against the teacher's late layer, summed over j."""

    def one(index):
        late = teacher.features["late"][index].tolist()
        return sum(squared_distance(student.features[f"middle{j}"][index].tolist(), late, power) for j in (1, 2, 3))

    return mean_over_batch(one)


def shrunk(image, stride):
    """Mean of each square of pixels."""
    return [
        [
            [
                sum(plane[row * stride + y][column * stride + x] for y in range(stride) for x in range(stride))
                / stride**2
                for column in range(len(plane[0]) // stride)
            ]
            for row in range(len(plane) // stride)
        ]
        for plane in image
    ]


def oracle_upd(teacher, student, adapters, temperature, stride=4):
    """Eq. 3: the student's early prediction against the mean of the teacher's middle ones."""

    def one(index):
        middle = [teacher.maps[name][index].tolist() for name in ("middle1", "middle2")]
        joined = [
            [[(first + second) / 2 for first, second in zip(*rows, strict=True)] for rows in zip(*planes, strict=True)]
            for planes in zip(*middle, strict=True)
        ]
        early = adapted(student.features["early"][index].tolist(), adapters["early"])
        return divergence(early, shrunk(joined, stride), temperature)

    return mean_over_batch(one)


def oracle_ipd(teacher, student, adapters, temperature, stride=4):
    """Eq. 4: each middle prediction of the student against the teacher's last, mean over j."""

    def one(index):
        late = shrunk(teacher.maps["late"][index].tolist(), stride)
        values = []
        for j in (1, 2, 3):
            features = student.features[f"middle{j}"][index].tolist()
            values.append(divergence(adapted(features, adapters[f"middle{j}"]), late, temperature))
        return sum(values) / 3

    return mean_over_batch(one)


# The tests


@pytest.mark.parametrize("power", [1.0, 2.0, 3.0])
def test_ufd_and_ifd_equal_their_oracles(power):
    both = (teachers_taps(), students_taps())
    terms = run(make_distiller(power=power), *both)
    assert terms["UFD"].item() == pytest.approx(oracle_ufd(*both, power), rel=1e-9)
    assert terms["IFD"].item() == pytest.approx(oracle_ifd(*both, power), rel=1e-9)


@pytest.mark.parametrize(("temperature", "stride"), [(1.0, 4), (4.0, 1), (4.0, 8)])
def test_upd_and_ipd_equal_their_oracles(temperature, stride):
    both = (teachers_taps(), students_taps())
    distiller = make_distiller(temperature=temperature, map_stride=stride)
    terms = run(distiller, *both)
    expected = (*both, distiller.adapters, temperature, stride)
    assert terms["UPD"].item() == pytest.approx(oracle_upd(*expected), rel=1e-9)
    assert terms["IPD"].item() == pytest.approx(oracle_ipd(*expected), rel=1e-9)


def test_the_total_equals_its_oracle():
    both, distiller = (teachers_taps(), students_taps()), make_distiller()
    feature_level = oracle_ufd(*both, 2) + oracle_ifd(*both, 2)
    pixel_level = oracle_upd(*both, distiller.adapters, 4) + oracle_ipd(*both, distiller.adapters, 4)
    total = Weighing(distiller.recipe, steps=1)(torch.tensor(1.0), run(distiller, *both))
    assert total.item() == pytest.approx(0.9 * feature_level + 0.1 * pixel_level, rel=1e-6)


def test_the_oracles_terms_all_differ():
    # Otherwise one oracle could stand for another.
    values = [value.item() for value in run(make_distiller(), teachers_taps(), students_taps()).values()]
    assert min(abs(one - other) for one in values for other in values if one is not other) > 1e-3


@pytest.mark.parametrize("method", ["hlfd", "hifd", "emkd", "imf", "skd"])
def test_gradients_of_all_terms_equal_finite_differences(method):
    distiller = make_distiller(method, strides=FINE_STRIDES)
    teacher, student = teachers_taps(), students_taps(strides=FINE_STRIDES)
    names = list(student.features)

    def total(*features):
        return sum(run(distiller, teacher, Taps(dict(zip(names, features, strict=True)), student.maps)).values())

    inputs = tuple(tensor.requires_grad_() for tensor in student.features.values())
    assert torch.autograd.gradcheck(total, inputs, fast_mode=True)
