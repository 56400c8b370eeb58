"""The end of a log, without reading all of it."""

from pathlib import Path

LINES, BYTES = 200, 1 << 16


def lastLines(path: Path, lines: int = LINES, atMostBytes: int = BYTES) -> str:
    """The last lines of a text file, empty without one; of a line that a progress bar overwrote, what stood last."""
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            stream.seek(max(size - atMostBytes, 0))
            found = stream.read().decode("utf-8", errors="replace")
    except OSError:
        return ""
    whole = found.split("\n")[1 if size > atMostBytes else 0 :]
    return "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in whole[-lines - 1 :]).strip("\n")
