"""A method of distillation is a table of routes: from which teacher taps to which student taps, how, how much."""

from dataclasses import dataclass
from typing import Literal

Level = Literal["early", "middle", "late"]


@dataclass(frozen=True)
class Route:
    """One term of a method.

    The teacher's taps of a level are unified (a single tap stays as it is) and compared with each of the
    student's taps of a level: by attention for features, by class probabilities for pixels.
    """

    term: str
    """Name in logs, such as `UFD`."""
    kind: Literal["feature", "pixel"]
    """What is compared: attention of features, or prediction maps."""
    teacher: Level
    """Where the knowledge comes from."""
    student: Level
    """Where it goes."""
    weight: float
    """Factor in the total loss."""
    reduction: Literal["sum", "mean"] = "sum"
    """Over the student's taps."""
