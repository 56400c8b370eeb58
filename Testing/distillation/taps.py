"""Random taps of the sizes that real networks have, and a distiller run on them."""

import torch

from hlfd.distillation.distiller import Distiller
from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.targets import targets_of_teacher
from hlfd.models.contract import Taps
from hlfd.models.unetpp import MAP_NAMES, STRIDES

CLASSES = 3
SIZE = (32, 16)
CHANNELS = {"early": 2, "middle1": 3, "middle2": 4, "middle3": 2, "late": 5}
PLAIN_STRIDES = {"early": 2, "middle1": 4, "middle2": 8, "middle3": 16, "late": 32}
FINE_STRIDES = {"early": 2, "middle1": 2, "middle2": 4, "middle3": 8, "late": 16}


def random_taps(seed, channels, strides, maps, batch=2):
    """Features and full-size maps, double precision, for images of `SIZE`."""
    generator = torch.Generator().manual_seed(seed)

    def draw(count, stride):
        shape = (batch, count, max(SIZE[0] // stride, 1), max(SIZE[1] // stride, 1))
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    features = {name: draw(channels[name], strides[name]) for name in channels}
    return Taps(features, {name: draw(CLASSES, 1) for name in maps})


def teachers_taps(seed=1):
    """As UNet++ shows them."""
    return random_taps(seed, CHANNELS, STRIDES, MAP_NAMES)


def students_taps(seed=2, strides=PLAIN_STRIDES):
    """As the student shows them."""
    return random_taps(seed, CHANNELS, strides, ("late",))


def make_distiller(method="hlfd", beta=None, lambda_=None, terms="", strides=PLAIN_STRIDES, **settings):
    """A distiller for the student above, double precision, always the same adapters."""
    torch.manual_seed(0)
    recipe = make_recipe(method, terms, "live", beta, lambda_, **settings)
    return Distiller(recipe, CHANNELS, strides, CLASSES).double()


def run(distiller, teacher, student):
    """Unweighted terms."""
    return distiller(targets_of_teacher(teacher, distiller.sources, SIZE), student)
