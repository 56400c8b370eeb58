"""What the test answers where a user would be asked, in the order in which it will be asked for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Any

from Testing.desktop.pythonqt.complaints import complain

NONE = object()


@dataclass(frozen=True)
class Asked:
    """What a dialog showed: its class, title and text, and the texts of its buttons."""

    kind: str
    title: str
    text: str
    buttons: tuple[str, ...] = ()


class Answers:
    """Answers that wait, and what has been asked so far.

    An answer is a button (`qt.QMessageBox.Yes`) or its text for a message, the text of an entry for a menu, a path or
    paths for a file dialog, a result (`qt.QDialog.Accepted`) for another dialog; or a function that gets the dialog,
    does in it what a user would, and returns any of these, or None where it closed the dialog itself.
    """

    def __init__(self) -> None:
        self._waiting: deque[Any] = deque()
        self.asked: list[Asked] = []

    def give(self, *answers: Any) -> None:
        """Add answers."""
        self._waiting.extend(answers)

    def left(self) -> tuple[Any, ...]:
        """List the answers that nothing asked for."""
        return tuple(self._waiting)

    def clear(self) -> None:
        """Forget all."""
        self._waiting.clear()
        self.asked.clear()

    def next(self, asked: Asked) -> Any:
        """Keep what was asked and give its answer; NONE, and a complaint, where there is none."""
        self.asked.append(asked)
        if not self._waiting:
            complain(f"nobody answered {asked}; give qt.answers an answer for it")
            return NONE
        return self._waiting.popleft()


answers = Answers()
