"""Methods by name, as settings and bundles name them."""

from collections.abc import Callable

from hlfd.distillation.hlfd import hlfd
from hlfd.distillation.routes import Route

METHODS: dict[str, Callable[[float, float], tuple[Route, ...]]] = {
    "none": lambda _beta, _lambda: (),
    "hlfd": hlfd,
}
