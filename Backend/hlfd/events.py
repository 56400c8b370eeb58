"""What a run says of itself: one stream of events to a file, TensorBoard and the terminal."""

import time
from pathlib import Path
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hlfd import attached
from hlfd.event_file import JsonLines


class Listener(Protocol):
    """Anything that wants to hear events."""

    def hear(self, event: dict[str, Any]) -> None:
        """Take one event: `event` (its name), `time` (seconds since the epoch) and its values."""

    def close(self) -> None:
        """Let go of what is held."""


class Events:
    """Hands each event to every listener; `with Events(...)` closes them.

    Where the process works for a job, the job listens too; of several processes that train together, one is heard.
    """

    def __init__(self, *listeners: Listener) -> None:
        job = attached.job_folder()
        self._listeners: tuple[Listener, ...] = listeners
        if job is not None and attached.is_first_of_its_kind():
            self._listeners += (JsonLines(job / attached.EVENTS),)

    def emit(self, name: str, **values: Any) -> None:
        """Send an event, such as `emit("validated", step=300, dice=0.62)`."""
        event = {"event": name, "time": round(time.time(), 3), **values}
        for listener in self._listeners:
            listener.hear(event)

    def __enter__(self) -> "Events":
        return self

    def __exit__(self, *_: object) -> None:
        for listener in self._listeners:
            listener.close()


class TensorBoard:
    """Draws the numbers of `step` and `validated` events as TensorBoard curves."""

    def __init__(self, folder: Path, after_step: int = 0) -> None:
        """Draw into `folder`; what an earlier sitting drew after `after_step` is hidden, for it comes again."""
        # Imported here: it takes a second, and only training draws curves.
        from torch.utils.tensorboard import SummaryWriter

        self._writer = SummaryWriter(str(folder), purge_step=after_step + 1 if after_step else None)

    def hear(self, event: dict[str, Any]) -> None:
        """Draw every number of an event that has a step."""
        if event["event"] not in ("step", "validated"):
            return
        for name, value in event.items():
            if isinstance(value, float) and name != "time":
                self._writer.add_scalar(f"{event['event']}/{name}", value, event["step"])

    def close(self) -> None:
        """Flush and close the event file."""
        self._writer.close()


class Terminal:
    """A progress bar with time left in a terminal; a line for each milestone where output goes to a file."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True, highlight=False)
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[note]}"),
            console=self._console,
            disable=not self._console.is_terminal,
        )
        self._task: Any = None

    def hear(self, event: dict[str, Any]) -> None:
        """Move the bar on `step`-like events and print the others as sentences."""
        name = event["event"]
        if name == "started":
            self._progress.start()
            self._task = self._progress.add_task(
                event["what"], total=event["of"], completed=event.get("at", 0), note=""
            )
        elif name in ("step", "item") and self._task is not None:
            note = f"loss {event['loss']:.3f}" if "loss" in event else str(event.get("note", ""))
            self._progress.update(self._task, completed=event.get("step", event.get("at")), note=note)
        elif "say" in event and name != "stopped":  # the command ends with that sentence
            self._progress.console.print(event["say"], markup=False, soft_wrap=True)

    def close(self) -> None:
        """Stop drawing."""
        self._progress.stop()


def quiet() -> Events:
    """Events that nobody hears, for libraries and tests."""
    return Events()


def in_terminal() -> Events:
    """Events that only the terminal shows."""
    return Events(Terminal()) if attached.is_first_of_its_kind() else quiet()
