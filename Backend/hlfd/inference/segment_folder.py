"""Every CT of a folder through one model: a result and a report each, and a table of all."""

import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from hlfd.bundle import WEIGHTS, BundleManifest
from hlfd.data.volumes import read_ct
from hlfd.errors import InputError, is_out_of_memory
from hlfd.events import Events
from hlfd.files import disk_is_full, refuse_existing, sweep_up
from hlfd.inference.ct_folder import FolderCt, find_cts
from hlfd.inference.findings import REPORT_ENDING, in_words, read_report
from hlfd.inference.folder_table import DONE, FAILED, KEPT, TABLE, Row, require_own_table, write_table
from hlfd.inference.output import SEGMENTATION_ENDING
from hlfd.inference.segment import Model, load_model, require_outputs, segment_volume, write_found
from hlfd.stopping import stop_here

STOPPED = "segment-folder: stopped; what is done is kept, the same command goes on from there"


@dataclass(frozen=True)
class Places:
    """Where the files of one CT go."""

    result: Path
    report: Path


def segment_folder(
    folder: Path, bundle: Path, out: Path, device: str, overwrite: bool, events: Events
) -> tuple[list[Row], BundleManifest]:
    """Segment every CT of a folder, and go on where one cannot be.

    Those whose result and report are there are kept, unless they are to be overwritten.

    Returns:
        How each CT fared, as `summary.csv` has it, and the model's manifest.

    Raises:
        InputError: folder, bundle or `out` cannot be used, or `out` holds results of another model; nothing is
            written then.
        Stopped: a stop was asked; all that is there is whole.
    """
    _require_place(folder, out)
    content = find_cts(folder, out)
    model = load_model(bundle, device)
    with _held(out):
        kept = {} if overwrite else _kept(out, content.cts, model.manifest)
        done = len(kept)  # they take no time, and count as none where the time that is left is worked out
        events.emit("started", what="Segmenting CTs", at=done, of=len(content.cts))
        for sentence in content.left_out:
            events.emit("told", say=sentence)
        rows: list[Row] = []
        for ct in content.cts:
            stop_here(STOPPED)
            if ct in kept:
                rows.append(Row(ct.name, KEPT, kept[ct]))
            else:
                rows.append(_segmented(ct, out, model, overwrite, events, done))
                done += 1
            write_table(out, rows, model.manifest)
            events.emit("told", say=_told(rows[-1]))
            events.emit("item", at=done, note=ct.name)
        segmented = sum(row.status != FAILED for row in rows)
        events.emit("done", say=f"{segmented} of {len(rows)} CTs segmented; {out / TABLE} has a row for each")
    return rows, model.manifest


def _require_place(folder: Path, out: Path) -> None:
    if out.resolve() == folder.resolve():
        raise InputError(f"{out}: holds the CTs; choose another folder for the results")
    if out.exists() and not out.is_dir():
        raise InputError(f"{out}: is a file, and results go into a folder; choose another name")
    refuse_existing(out, overwrite=True)  # whether anything can be written there
    require_own_table(out)


@contextlib.contextmanager
def _held(out: Path) -> Iterator[None]:
    """Keep every other process from writing results there, and remove what a killed one left half-written."""
    out.mkdir(parents=True, exist_ok=True)
    lock = FileLock(out / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise InputError(f"{out}: another process segments into it; wait for its end, or choose another name") from None
    try:
        sweep_up(out)
        yield
    finally:
        lock.release()


def _places(out: Path, ct: FolderCt) -> Places:
    return Places(out / f"{ct.name}{SEGMENTATION_ENDING}", out / f"{ct.name}{REPORT_ENDING}")


def _kept(out: Path, cts: Sequence[FolderCt], manifest: BundleManifest) -> dict[FolderCt, dict[str, Any]]:
    """Give the reports of the CTs that are done already.

    Raises:
        InputError: another model did it: a table of two models would say nothing of either.
    """
    kept = {}
    for ct in cts:
        place = _places(out, ct)
        if place.result.is_file() and place.report.is_file():
            kept[ct] = read_report(place.report)
            if kept[ct]["model"].get("weights_sha256") != manifest.files[WEIGHTS]:
                raise InputError(
                    f"{place.report}: was made by another model; choose another folder, or add --overwrite"
                )
    return kept


def _segmented(ct: FolderCt, out: Path, model: Model, overwrite: bool, events: Events, done: int) -> Row:
    """Segment one CT; what goes wrong with it alone becomes a sentence."""

    def on_slices(slices: int) -> None:
        stop_here(STOPPED)
        events.emit("item", at=done, note=f"{ct.name}, {slices} slices")

    began, place = time.monotonic(), _places(out, ct)
    try:
        require_outputs(ct.path, place.result, place.report, overwrite)
        found = segment_volume(read_ct(ct.path, ct.series), model, on_slices)
        return Row(ct.name, DONE, write_found(found, place.result, place.report, began))
    except Exception as error:
        if (sentence := _fault_of_one(error, ct)) is None:
            raise
        return Row(ct.name, FAILED, say=sentence)


def _fault_of_one(error: Exception, ct: FolderCt) -> str | None:
    """Say what is wrong with a CT; None for what would stop the others too, or is a fault of hlfd."""
    if disk_is_full(error):
        return None
    if isinstance(error, InputError):
        return str(error)
    if isinstance(error, OSError):
        return f"{error.filename or ct.path}: cannot be read or written ({error.strerror}); check permissions and disk"
    if is_out_of_memory(error):
        return f"{ct.path}: memory does not suffice; close other programs, or resample the CT to fewer voxels"
    return None


def _told(row: Row) -> str:
    if row.report is None:
        return row.say
    was_there = "was there already, " if row.status == KEPT else ""
    return f"{row.name}: {was_there}{in_words(row.report['lesions'])}"
