"""What `hlfd segment-folder` has left in its folder, and the CT that each result is of."""

import csv
from dataclasses import dataclass
from pathlib import Path

from ..BackendWords import forPanel

TABLE = "summary.csv"
VOLUME_ENDINGS = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd")


@dataclass(frozen=True)
class FolderRow:
    """How one CT of a folder fared."""

    name: str
    isDone: bool
    lesions: str
    """How many; empty where it failed."""
    longestMm: str
    say: str
    """What was wrong, in a sentence."""


def rowsOf(results: Path) -> list[FolderRow]:
    """Rows of the table in a folder of results; none while there is no table."""
    try:
        with (results / TABLE).open(newline="", encoding="utf-8") as stream:
            return [_rowOf(row) for row in csv.DictReader(stream)]
    except (OSError, ValueError, KeyError):
        return []


def stampOf(results: Path) -> str:
    """Another one for every change of the table, or of whether the folder is there."""
    try:
        facts = (results / TABLE).stat()
    except OSError:
        return "folder" if results.is_dir() else "none"
    return f"{facts.st_mtime_ns} {facts.st_size}"


def resultOf(results: Path, name: str) -> Path:
    """The segmentation of a CT."""
    return results / f"{name}.seg.nrrd"


def reportOf(results: Path, name: str) -> Path:
    """Its report."""
    return results / f"{name}.json"


def ctOf(folder: Path, name: str) -> Path | None:
    """The CT in a folder that a result of this name is of: a file to load; None if it is not found there."""
    whole = [folder / name] if name.endswith(VOLUME_ENDINGS) else []
    files = whole + [folder / (name + ending) for ending in VOLUME_ENDINGS]
    files += [folder / name / ("imaging" + ending) for ending in VOLUME_ENDINGS]
    if found := next((file for file in files if file.is_file()), None):
        return found
    series = folder / name if (folder / name).is_dir() else folder if folder.name == name else None
    slices = sorted(file for file in series.iterdir() if file.is_file()) if series is not None else []
    return slices[0] if slices else None


def _rowOf(row: dict) -> FolderRow:
    longest = row.get("longest_axial_mm") or ""
    return FolderRow(
        row["name"],
        row["status"] != "failed",
        row.get("lesions") or "",
        f"{float(longest):.1f}" if longest and row.get("lesions") != "0" else "",
        forPanel(row.get("say") or ""),
    )
