"""`summary.csv` of a folder of CTs: a row each, from their reports."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlfd.bundle import BundleManifest
from hlfd.errors import InputError
from hlfd.files import whole_file

TABLE = "summary.csv"
DONE, KEPT, FAILED = "done", "kept", "failed"
"""Segmented now; there already; not segmented, `say` tells why."""
FIRST_COLUMNS, LAST_COLUMNS = ("name", "status"), ("lesions", "longest_axial_mm", "say")


@dataclass(frozen=True)
class Row:
    """How one CT fared."""

    name: str
    status: str
    report: dict[str, Any] | None = None
    """Of one that is segmented."""
    say: str = ""
    """Of one that failed: what was wrong, in a sentence."""


def write_table(folder: Path, rows: Sequence[Row], manifest: BundleManifest) -> None:
    """Write the table anew, whole or not at all; what is not known of a CT stays empty."""
    volumes = [f"{label.name}_ml" for label in manifest.labels]
    with whole_file(folder / TABLE) as temporary, temporary.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, [*FIRST_COLUMNS, *volumes, *LAST_COLUMNS])
        writer.writeheader()
        writer.writerows(_cells(row) for row in rows)


def require_own_table(folder: Path) -> None:
    """Refuse to replace a file of that name which is no such table.

    Raises:
        InputError: there is one.
    """
    table = folder / TABLE
    if not table.exists():
        return
    begins = ",".join((*FIRST_COLUMNS, "")).encode()
    if not table.is_file() or not table.read_bytes().startswith(begins):
        raise InputError(f"{table}: is not a table of hlfd, so it is not replaced; choose another folder")


def _cells(row: Row) -> dict[str, Any]:
    cells: dict[str, Any] = {"name": row.name, "status": row.status, "say": row.say}
    if row.report is not None:
        lesions = row.report["lesions"]
        cells |= {f"{label['name']}_ml": round(label["volume_ml"], 3) for label in row.report["labels"]}
        cells["lesions"] = len(lesions)
        cells["longest_axial_mm"] = round(max((lesion["longest_axial_mm"] for lesion in lesions), default=0.0), 2)
    return cells
