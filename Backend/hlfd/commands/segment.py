"""`hlfd segment`: a CT and a bundle in, a segmentation out."""

from pathlib import Path
from typing import Literal

from pydantic import Field
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Segment a CT with a bundle; the result has the CT's exact geometry."""

    ct: CliPositionalArg[Path]
    """CT as NIfTI, NRRD or MetaImage, or a folder with a DICOM series."""
    model: Path
    """Bundle that teach or distill exported."""
    out: Path
    """File to write: .seg.nrrd (named and coloured, for Slicer), .nii.gz, .nii, .nrrd or .mha."""
    report: Path | None = None
    """Beside it, a .json file with volumes and every lesion: size, longest axial diameter, place (docs/segment.md)."""
    series: str | None = Field(None)
    """Series UID, where a DICOM folder holds several."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes CUDA, then MPS, then the CPU."""
    overwrite: bool = False
    """Replace files that exist."""


def run(settings: CommandSettings) -> None:
    """Segment and say what was found."""
    from hlfd.events import in_terminal
    from hlfd.inference.findings import in_words
    from hlfd.inference.segment import segment_file

    with in_terminal() as events:
        found, report = segment_file(
            settings.ct,
            settings.model,
            settings.out,
            settings.device,
            settings.overwrite,
            settings.series,
            events,
            settings.report,
        )
    print(f"{settings.out}: " + ", ".join(f"{name} {volume:.1f} mL" for name, volume in found.volumes_ml.items()))
    if report is not None:
        print(f"{settings.report}: {in_words(report['lesions'])}")
    if found.manifest.synthetic:
        print("This model was trained on synthetic CTs: it shows that the software works, and is not for patients.")
