"""Writes what an arena found, again after every run: whoever looks in between sees a whole table of what is there."""

import io
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TextIO

from matplotlib.figure import Figure
from pydantic import ValidationError

from hlfd.arena.charts import curve_chart, dice_chart
from hlfd.arena.entries import Entry
from hlfd.arena.summary import Arena, summarise
from hlfd.arena.tables import page, write_cases, write_rows
from hlfd.errors import InputError
from hlfd.evaluation.metrics import Protocol
from hlfd.files import read_json, whole_file, write_json

RESULTS = "arena.json"
DOTS_PER_INCH = 160


def write_results(
    folder: Path, entries: Sequence[Entry], about: dict[str, Any], protocol: Protocol = "volume"
) -> Arena | None:
    """Write arena.json, rows.csv, cases.csv, table.md and the plots (SVG and PNG) into `folder`.

    Args:
        folder: of the arena.
        entries: all that were asked for, finished or not.
        about: data, settings, machine; goes into the record as it is.
        protocol: the one that decides.

    Returns:
        What was written; None, and no file, before the first model is measured.
    """
    arena = summarise(entries, about, protocol)
    if arena is None:
        return None
    write_json(folder / RESULTS, arena.model_dump(mode="json"))
    _write_text(folder / "rows.csv", lambda stream: write_rows(stream, arena))
    _write_text(folder / "cases.csv", lambda stream: write_cases(stream, entries))
    _write_text(folder / "table.md", lambda stream: stream.write(page(arena)))
    _save(folder / "arena", dice_chart(arena, entries))
    _save(folder / "curves", curve_chart(arena, entries))
    return arena


def read_arena(folder: Path) -> Arena:
    """Read what an arena found.

    Raises:
        InputError: no arena there, or one that another version wrote.
    """
    content = read_json(folder / RESULTS, "the results of an arena")
    try:
        return Arena.model_validate(content)
    except ValidationError:
        raise InputError(f"{folder / RESULTS}: of another version; run the arena again with --resume") from None


def _write_text(path: Path, write: Callable[[TextIO], Any]) -> None:
    buffer = io.StringIO(newline="")
    write(buffer)
    with whole_file(path) as temporary:
        temporary.write_text(buffer.getvalue(), encoding="utf-8", newline="")


def _save(stem: Path, figure: Figure) -> None:
    for ending in (".svg", ".png"):
        with whole_file(stem.with_suffix(ending)) as temporary:
            metadata = {"Date": None} if ending == ".svg" else None
            figure.savefig(temporary, dpi=DOTS_PER_INCH, metadata=metadata, facecolor="white")
