"""`hlfd evaluate`: a bundle or label maps against expert labels."""

from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator
from pydantic_settings import CliPositionalArg

from hlfd.settings import Settings


class CommandSettings(Settings):
    """Measure Dice and relative volume difference, per case and in total, on the grid of each CT."""

    store: CliPositionalArg[Path]
    """Store whose cases are measured; CTs and expert labels are read from where `hlfd prepare` found them."""
    out: CliPositionalArg[Path]
    """Folder to write: cases.csv, summary.json and, if asked, the segmentations."""
    model: Path | None = None
    """Bundle to run on the cases."""
    predictions: Path | None = None
    """Instead of a bundle: folder with a label map for each case, named CASE.nii.gz or CASE.seg.nrrd."""
    part: Literal["test", "validation", "training"] = "test"
    """Part of the store's division."""
    tumor_threshold: float | None = Field(None, gt=0, lt=1)
    """Probability from which on a pixel is tumour, 0.4 in the paper's code; by default the most probable class is."""
    save: Literal["none", "nii.gz", "seg.nrrd"] = "none"
    """Keep each case's segmentation."""
    device: Literal["auto", "cpu", "cuda", "mps"] = "auto"
    """Where to compute; auto takes CUDA, then MPS, then the CPU."""
    overwrite: bool = False
    """Replace a folder that exists."""

    @model_validator(mode="after")
    def _one_source(self) -> "CommandSettings":
        if (self.model is None) == (self.predictions is None):
            raise ValueError("give --model BUNDLE or --predictions FOLDER, one of the two")
        if self.predictions is not None and self.tumor_threshold is not None:
            raise ValueError("--tumor-threshold needs a bundle's probabilities; label maps have none, so leave it out")
        return self


def run(settings: CommandSettings) -> None:
    """Measure, write and print the table."""
    from hlfd.data.store import Store
    from hlfd.evaluation.evaluate import evaluate
    from hlfd.evaluation.tables import LEGEND, text_table
    from hlfd.events import in_terminal

    with in_terminal() as events:
        totals = evaluate(
            settings.store,
            settings.out,
            settings.model,
            settings.predictions,
            settings.part,
            settings.save,
            settings.device,
            settings.overwrite,
            events,
            settings.tumor_threshold,
        )
    print(text_table(totals))
    print(f"\n{LEGEND}\nPer case: {settings.out / 'cases.csv'}")
    if Store(settings.store).manifest.synthetic:
        print("These CTs are synthetic: no figure here says anything of patients.")
