"""How loss and Dice went over the steps of a training, from its events (docs/jobs.md)."""

import numpy as np

MOST_POINTS = 400
"""More would not be seen in a plot, and are slow to draw."""


class LearningCurves:
    """Hears the events of one training, over all of its sittings.

    A sitting that begins at a step, or goes back to one, does the later steps again: what was heard of them is dropped.
    """

    def __init__(self):
        self._loss: list[tuple[int, float]] = []
        self._dice: list[tuple[int, float]] = []
        self.hasNews = False
        """Whether something came since `seen()`."""

    def hear(self, events) -> None:
        """Take events (dicts, as they stand in the file) in their order."""
        for event in events:
            name, step = event.get("event"), event.get("step")
            if name == "started":
                self._forgetAfter(event.get("at", 0))
            elif name == "went_back":
                self._forgetAfter(step)
            elif name == "step":
                self._add(self._loss, step, event.get("loss"))
            elif name == "validated":
                self._add(self._dice, step, event.get("tumor_dice"))

    def seen(self) -> None:
        """Say that what is known now has been drawn."""
        self.hasNews = False

    def loss(self):
        """Steps and losses, arrays of one length, `MOST_POINTS` at most: each the mean over steps that follow."""
        return thinned(*_asArrays(self._loss))

    def dice(self):
        """Steps and tumour Dice on the validation cases, arrays of one length, likewise."""
        return thinned(*_asArrays(self._dice))

    def bestDice(self) -> float | None:
        """The best tumour Dice so far; None if there was no validation with tumour."""
        return max((value for _step, value in self._dice), default=None)

    def _add(self, points, step, value) -> None:
        if isinstance(step, int) and isinstance(value, int | float):
            while points and points[-1][0] >= step:  # told once more by a sitting that came after a crash
                points.pop()
            points.append((step, float(value)))
            self.hasNews = True

    def _forgetAfter(self, step) -> None:
        if not isinstance(step, int):
            return
        for points in (self._loss, self._dice):
            while points and points[-1][0] > step:
                points.pop()
                self.hasNews = True


def thinned(steps, values, most: int = MOST_POINTS):
    """Means over neighbours, so that at most that many points are left; each stands at its last step.

    Values that are no numbers are left out.
    """
    isNumber = np.isfinite(values)
    steps, values = steps[isNumber], values[isNumber]
    if len(steps) <= most:
        return steps, values
    ends = np.linspace(0, len(steps), most + 1).round().astype(int)
    sums = np.concatenate([[0.0], np.cumsum(values)])
    return steps[ends[1:] - 1], np.diff(sums[ends]) / np.diff(ends)


def _asArrays(points):
    array = np.array(points, dtype=float).reshape(-1, 2)
    return array[:, 0], array[:, 1]
