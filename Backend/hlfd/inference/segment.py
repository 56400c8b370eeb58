"""From a CT and a bundle to a segmentation file, and a report beside it."""

import json
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from hlfd.bundle import BundleManifest, load_bundle
from hlfd.data.volumes import Volume, read_ct
from hlfd.errors import InputError
from hlfd.events import Events
from hlfd.files import refuse_existing, whole_file
from hlfd.inference.findings import REPORT_ENDING, Found, report_of
from hlfd.inference.output import check_output_name, write_segmentation
from hlfd.inference.predictor import choose_device, predict_volume
from hlfd.stopping import stop_here

STOPPED = "segment: stopped; nothing is half-written"


@dataclass(frozen=True)
class Model:
    """A bundle that has been loaded, and where it computes."""

    manifest: BundleManifest
    network: nn.Module
    device: torch.device


def load_model(bundle: Path, device: str) -> Model:
    """Load a bundle once, for one CT or many.

    Raises:
        InputError: bundle or device cannot be used.
    """
    manifest, network = load_bundle(bundle)
    where = choose_device(device)
    return Model(manifest, network.to(where), where)


def segment_volume(ct: Volume, model: Model, on_slices: Callable[[int], None] | None = None) -> Found:
    """Segment a CT that has been read; `on_slices` is called with the number of slices done."""
    told, network = model.manifest, model.network
    labels = predict_volume(network, ct.array, ct.spacing_mm, told.window_hu, told.pixel_mm, model.device, on_slices)
    return Found(told, ct, labels)


def segment_file(
    ct_path: Path,
    bundle: Path,
    out: Path,
    device: str,
    overwrite: bool,
    series: str | None,
    events: Events,
    report: Path | None = None,
) -> tuple[Found, dict[str, Any] | None]:
    """Segment a CT and write the result in the CT's own grid, with a report if one is asked for.

    Returns:
        What was found, and what the report tells.

    Raises:
        InputError: CT, bundle or a name of the outputs cannot be used; nothing is written then.
    """
    require_outputs(ct_path, out, report, overwrite)
    began = time.monotonic()
    ct = read_ct(ct_path, series)
    model = load_model(bundle, device)
    events.emit("started", what="Segmenting", of=len(ct.array))

    def on_slices(done: int) -> None:
        stop_here(STOPPED)
        events.emit("item", at=done, note="slices")

    found = segment_volume(ct, model, on_slices)
    return found, write_found(found, out, report, began)


def require_outputs(ct: Path, out: Path, report: Path | None, overwrite: bool) -> None:
    """Refuse, before any work, outputs that are there already, are the CT, or are one file.

    Raises:
        InputError: which it is, and what to do.
    """
    check_output_name(out)
    refuse_existing(out, overwrite)
    if _same_file(out, ct):
        raise InputError(f"{out}: is the CT itself; choose another name for the result")
    if report is None:
        return
    if report.is_dir():
        raise InputError(f"{report}: is a folder; name a file in it, such as {report / ('report' + REPORT_ENDING)}")
    for other, what in ((ct, "the CT itself"), (out, "the result itself")):
        if _same_file(report, other):
            raise InputError(f"{report}: is {what}; choose another name for the report")
    if report.suffix != REPORT_ENDING:
        raise InputError(f"{report}: a report is JSON; give it a name that ends in {REPORT_ENDING}")
    refuse_existing(report, overwrite)


def write_found(found: Found, out: Path, report: Path | None, began: float) -> dict[str, Any] | None:
    """Write the result and, last, its report: where there is a report, its result is there and whole.

    Args:
        found: in a CT.
        out: for the segmentation.
        report: for the report, if there is to be one.
        began: when work on the CT began, by the monotonic clock.

    Returns:
        What the report tells.
    """
    if report is None:
        write_segmentation(out, found.labels, found.ct.frame, found.manifest.labels)
        return None
    content = report_of(found, time.monotonic() - began)
    with whole_file(report) as temporary:
        temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        write_segmentation(out, found.labels, found.ct.frame, found.manifest.labels)
    return content


def _same_file(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return os.path.normcase(one.resolve()) == os.path.normcase(other.resolve())
