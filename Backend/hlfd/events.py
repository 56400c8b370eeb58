"""What a run says of itself: one stream of events to a file, TensorBoard and the terminal."""

import json
import time
from pathlib import Path
from typing import Any, Protocol, TextIO

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from hlfd.files import whole_file


class Listener(Protocol):
    """Anything that wants to hear events."""

    def hear(self, event: dict[str, Any]) -> None:
        """Take one event: `event` (its name), `time` (seconds since the epoch) and its values."""

    def close(self) -> None:
        """Let go of what is held."""


class Events:
    """Hands each event to every listener; `with Events(...)` closes them."""

    def __init__(self, *listeners: Listener) -> None:
        self._listeners = listeners

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


class JsonLines:
    """Appends each event as one line of JSON; a line is written in one call, so a reader sees whole lines."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream: TextIO = path.open("a", encoding="utf-8")

    def hear(self, event: dict[str, Any]) -> None:
        """Append one line and flush it."""
        self._stream.write(json.dumps(event) + "\n")
        self._stream.flush()

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


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
        elif "say" in event:
            self._progress.console.print(event["say"], markup=False, soft_wrap=True)

    def close(self) -> None:
        """Stop drawing."""
        self._progress.stop()


def quiet() -> Events:
    """Events that nobody hears, for libraries and tests."""
    return Events()


def in_terminal() -> Events:
    """Events that only the terminal shows."""
    return Events(Terminal())


def read_events(path: Path) -> list[dict[str, Any]]:
    """Read a JSONL file back; a last line cut short by a crash is left out."""
    if not path.exists():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]
    return [json.loads(line) for line in whole.split("\n") if line]


def forget_after(path: Path, step: int) -> None:
    """Drop events of steps that a resumed run will do again, and any half line, so that curves have no echo."""
    events = [event for event in read_events(path) if event.get("step", 0) <= step]
    with whole_file(path) as temporary:
        temporary.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
