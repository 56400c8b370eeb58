"""How far a job is and what is left, from its events. Standard library only."""

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass
class Pace:
    """Listens to events as they come."""

    what: str = ""
    """What is being done, in words."""
    step: int | None = None
    """How far it is."""
    of: int | None = None
    """Of how many."""
    left_s: float | None = None
    """Seconds that are left at the pace so far, or as forecast until there is a pace; None where nothing is known."""
    parts: int = 1
    """Parts that the crops of a step are computed in."""
    has_stopped: bool = False
    """Whether it says that it has stopped as it was asked to."""
    said: str = ""
    """The last sentence."""
    _first: tuple[float, int] | None = None

    def hear(self, event: Mapping[str, Any], now: float | None = None) -> None:
        """Take one event, as it happens.

        Args:
            event: as it stands in the file.
            now: seconds of a clock that stands still while the computer sleeps; by default that of the system.
        """
        name = event.get("event")
        if name == "started":
            self.what, self.step, self.of = str(event.get("what", "")), event.get("at", 0), event.get("of")
            self.left_s, self._first = None, None
        elif name == "forecast":
            self.left_s = event.get("seconds")
        elif name in ("step", "item"):
            self._move(int(event.get("step", event.get("at", 0))), time.monotonic() if now is None else now)
        self.parts = int(event.get("parts", self.parts))
        self.has_stopped = name == "stopped"
        if "say" in event:
            self.said = str(event["say"])

    def _move(self, step: int, now: float) -> None:
        self.step = step
        if self._first is None:
            self._first = (now, step)
        elif self.of and step > self._first[1]:
            began, first = self._first
            self.left_s = (now - began) / (step - first) * (self.of - step)
