"""A method of distillation is a table of routes: from which teacher taps to which student taps, how, how much."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Level = Literal["early", "middle", "late"]
AverageOver = Literal["pixels", "classes", "places"]
"""What the pixel level averages over (`losses.pixel_divergence`)."""
EACH: tuple[Level, ...] = ("early", "middle", "late")
INTERMEDIATE: tuple[Level, ...] = ("early", "middle")


@dataclass(frozen=True)
class Route:
    """One term of a method: a distance between some of the teacher's taps and some of the student's."""

    term: str
    """Name in logs, such as `UFD`."""
    kind: Literal["feature", "pixel", "relation"]
    """What is compared: attention of features, prediction maps, or which places of the features are alike."""
    teacher: tuple[Level, ...]
    """Where the knowledge comes from."""
    student: tuple[Level, ...]
    """Where it goes; `late` of the pixel kind is the student's own output, other levels predict by an adapter."""
    weight: float
    """Factor in the total loss."""
    match: Literal["each", "same", "joined"] = "each"
    """The teacher's taps unified against each tap of the student (`each`), each against the student's tap of the same
    name (`same`), or unified against the student's unified taps (`joined`)."""
    reduction: Literal["sum", "mean"] = "sum"
    """Over the student's taps."""


@dataclass(frozen=True)
class Method:
    """A way to distil. A new one is a file in `methods/`, and its line in the registry there."""

    name: str
    """In commands, records and bundles."""
    title: str
    """In tables."""
    source: str
    """Who proposed it."""
    routes: Callable[[float, float], tuple[Route, ...]]
    """Weight of the feature level (beta) and of the pixel level (lambda) -> routes."""
    role: Literal["method", "control", "variant"] = "method"
    """Of the paper's comparison, a control of it, or ours."""
    targets: Literal["teacher", "truth"] = "teacher"
    """Whether the routes start at the teacher, or at the expert's labels."""
    adapters: Literal["learned", "random"] = "learned"
    """Whether adapters are trained with the student, or stay as they were drawn."""
    beta: float = 0.9
    """Weight of the feature level, by default the paper's."""
    lambda_: float = 0.1
    """Weight of the pixel level, by default the paper's."""
    average_over: AverageOver = "pixels"
    """By default the paper's."""
