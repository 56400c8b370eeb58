"""Events in a file: one JSON object a line, appended, read back from any place, whole or not. Standard library only."""

import json
import os
from pathlib import Path
from typing import Any

from hlfd.files import whole_file


class JsonLines:
    """Appends each event as one line of JSON, in one call to the system: a reader sees whole lines, or a last half."""

    def __init__(self, path: Path) -> None:
        """Open for appending; a half line that a killed writer left is closed, so that the next one stands alone."""
        path.parent.mkdir(parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | getattr(os, "O_BINARY", 0)
        self._file = os.open(path, flags, 0o666)
        size = os.fstat(self._file).st_size
        if size:
            os.lseek(self._file, size - 1, os.SEEK_SET)
            if os.read(self._file, 1) != b"\n":
                self._write(b"\n")

    def hear(self, event: dict[str, Any]) -> None:
        """Append one line."""
        self._write(json.dumps(event).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)

    def _write(self, line: bytes) -> None:
        while line:  # a full disk may take a part of it, and then says so
            line = line[os.write(self._file, line) :]


class Tail:
    """Reads what is new in an event file, from a place that may be kept between two sittings."""

    def __init__(self, path: Path, offset: int = 0) -> None:
        """Begin `offset` bytes into the file, which need not be there yet."""
        self._path = path
        self.offset = offset
        """Bytes of whole lines read so far."""

    def read(self) -> list[dict[str, Any]]:
        """Give the events that came since; a last line without its end waits, a broken one is left out."""
        try:
            with self._path.open("rb") as stream:
                if stream.seek(0, os.SEEK_END) < self.offset:  # another file has taken its place
                    self.offset = 0
                stream.seek(self.offset)
                whole, end, _half = stream.read().rpartition(b"\n")
        except FileNotFoundError:
            return []
        self.offset += len(whole) + len(end)
        return [event for line in whole.split(b"\n") if (event := _parsed(line)) is not None]


def read_events(path: Path) -> list[dict[str, Any]]:
    """Read a file of events back; a line cut short by a crash is left out."""
    return Tail(path).read()


def forget_after(path: Path, step: int) -> None:
    """Drop events of steps that a resumed run will do again, and any half line, so that curves have no echo."""
    events = [event for event in read_events(path) if event.get("step", 0) <= step]
    with whole_file(path) as temporary:
        temporary.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")


def _parsed(line: bytes) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) else None
