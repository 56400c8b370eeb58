"""From what a user asks for to a recipe that a distiller can run."""

from dataclasses import dataclass
from typing import Any, Literal

from hlfd.distillation.methods import METHODS
from hlfd.distillation.routes import AverageOver, Route
from hlfd.errors import InputError


@dataclass(frozen=True)
class Recipe:
    """A method with its settings."""

    method: str
    """Name, for records."""
    routes: tuple[Route, ...]
    targets: Literal["cached", "live", "truth"] = "live"
    """Where the routes start: the teacher's answers from disk, the teacher run on every batch, or the labels."""
    adapters: Literal["learned", "random"] = "learned"
    power: float = 2.0
    """Exponent p of the attention."""
    temperature: float = 4.0
    """T of the pixel level."""
    average_over: AverageOver = "pixels"
    """Whether the pixel level averages over pixels, over classes, or compares where on a slice each class is."""
    map_stride: int = 4
    """Pixels of the image that a cell of the compared prediction maps is wide."""
    schedule: Literal["constant", "rise", "fall"] = "constant"
    """Whether the weights stay, grow from 0, or shrink to 0 over the run."""
    balanced: bool = False
    """Whether each term is scaled to the size of the segmentation loss before it is weighted."""


def make_recipe(
    method: str,
    terms: str,
    targets: Literal["cached", "live"],
    beta: float | None,
    lambda_: float | None,
    average_over: AverageOver | None = None,
    **settings: Any,
) -> Recipe:
    """Put a method and its settings together.

    Args:
        method: name in the registry.
        terms: names of those of its terms that are wanted, with commas between; empty for all.
        targets: where a teacher's answers come from; a method whose routes start at the labels ignores it.
        beta: weight of the feature level; None for the method's own.
        lambda_: weight of the pixel level; None for the method's own.
        average_over: what the pixel level averages over; None for the method's own.
        settings: further fields of `Recipe`.

    Raises:
        InputError: the method has no such term.
    """
    known = METHODS[method]
    wanted = [term.strip() for term in terms.split(",") if term.strip()]
    routes = known.routes(known.beta if beta is None else beta, known.lambda_ if lambda_ is None else lambda_)
    return Recipe(
        method=f"{method}:{'+'.join(wanted)}" if wanted else method,
        routes=_chosen(method, routes, wanted),
        targets="truth" if known.targets == "truth" else targets,
        adapters=known.adapters,
        average_over=average_over or known.average_over,
        **settings,
    )


def _chosen(method: str, routes: tuple[Route, ...], wanted: list[str]) -> tuple[Route, ...]:
    there = [route.term for route in routes]
    if unknown := [term for term in wanted if term not in there]:
        raise InputError(f"terms: {method} has no {unknown[0]}; it has {', '.join(there) or 'none'}")
    return tuple(route for route in routes if not wanted or route.term in wanted)
