"""Several CTs of a scene, one after the other: what waits, and how those that were segmented ended. Pure data."""

import json
from dataclasses import asdict, dataclass, field


@dataclass
class SegmentQueue:
    """Kept in the parameter node, so that a scene that was saved goes on where it was."""

    model: str = ""
    """Name of the model in the library."""
    waiting: list[str] = field(default_factory=list)
    """Marks of the CTs (`NodeMarks`) that are still to be segmented, the one at work not among them."""
    said: dict[str, str] = field(default_factory=dict)
    """Mark of a CT -> how it ended, or that it waits, in words."""

    def toText(self) -> str:
        return json.dumps(asdict(self)) if self.said else ""

    @staticmethod
    def fromText(text: str) -> "SegmentQueue":
        """What a parameter node holds; an empty queue where that is nothing, or not to be understood."""
        try:
            queue = SegmentQueue(**json.loads(text))
            isSound = all(isinstance(mark, str) for mark in queue.waiting) and isinstance(queue.said, dict)
        except (ValueError, TypeError):
            return SegmentQueue()
        return queue if isSound else SegmentQueue()

    def next(self) -> str | None:
        """Take the next mark; None if nothing waits."""
        return self.waiting.pop(0) if self.waiting else None

    def clear(self, say: str) -> None:
        """Let nothing wait any more, and say why of each."""
        for mark in self.waiting:
            self.said[mark] = say
        self.waiting = []
