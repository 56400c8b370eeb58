"""`hlfd segment-folder`: every CT of a folder, with one model."""

from pathlib import Path
from typing import Literal

from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Segment every CT of a folder; one that cannot be used does not end the others.

    Those that are done already are kept, so that the same command goes on after a stop. Exit status 1 if some failed.
    """

    folder: CliPositionalArg[Path]
    """Folder with CTs: NIfTI, NRRD or MetaImage files, subfolders with imaging.* (KiTS), or with DICOM series. Files
    named as label maps are left out."""
    model: Path
    """Bundle that teach or distill exported."""
    out: Path
    """Folder for the results: NAME.seg.nrrd and its report NAME.json each, and summary.csv of all."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes CUDA, then MPS, then the CPU."""
    overwrite: bool = False
    """Segment anew what is done already, and replace it."""


def run(settings: CommandSettings) -> int:
    """Segment, and say if some could not be."""
    import sys

    from hlfd.events import in_terminal
    from hlfd.inference.folder_table import FAILED, TABLE
    from hlfd.inference.segment_folder import segment_folder

    with in_terminal() as events:
        rows, manifest = segment_folder(
            settings.folder, settings.model, settings.out, settings.device, settings.overwrite, events
        )
    failed = sum(row.status == FAILED for row in rows)
    if manifest.synthetic:
        print("This model was trained on synthetic CTs: it shows that the software works, and is not for patients.")
    if failed:
        print(
            f"hlfd: {failed} of {len(rows)} CTs could not be segmented; {settings.out / TABLE} says why",
            file=sys.stderr,
        )
    return int(failed > 0)
