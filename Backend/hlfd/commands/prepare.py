"""`hlfd prepare`: annotated CTs in, a store of slices out."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field, field_validator, model_validator
from pydantic_settings import CliPositionalArg

from hlfd.catalogue import TASKS, TUMOR, organ_of
from hlfd.settings import Settings

if TYPE_CHECKING:
    from hlfd.data.splits import Splits
    from hlfd.data.store import StoreManifest

Share = Annotated[float, Field(ge=0, lt=1)]


class CommandSettings(Settings):
    """Check annotated CTs, split them by patient, and write their slices to a store that training reads."""

    data: CliPositionalArg[Path]
    """Folder in KiTS19 or LiTS layout, or a CSV or JSON list of `image`, `label` (and `case`, `patient`)."""
    store: CliPositionalArg[Path]
    """Folder to write."""
    task: Literal["kidney", "liver"] = "kidney"
    """Organ with the tumours; it chooses the HU window and what label values mean."""
    labels: str = ""
    """What label values mean where the task's default (organ=1,tumor=2) doesn't fit: `kidney=1+3,tumor=2`."""
    window_hu: tuple[float, float] | None = None
    """HU that become 0 and 1; by default the paper's: -200,300 for kidney, -40,160 for liver."""
    pixel_mm: float | None = Field(None, gt=0)
    """In-plane pixel that all slices are resized to; by default the median of the cases."""
    own_pixels: bool = False
    """Keep each CT's own pixels, as the paper does with its slices of 512 x 512; tumours then differ in scale."""
    patients: Path | None = None
    """CSV with the columns case and patient; by default a patients.csv or cases.csv in the folder, if there."""
    splits: Path | None = None
    """JSON with the lists training, validation and test, to divide by hand."""
    validation: Share = 0.15
    """Share of the patients that choose the best checkpoint."""
    test: Share = 0.2
    """Share of the patients that are kept for measuring."""
    seed: int = Field(0, ge=0)
    """Seed of the division."""
    resample_labels: bool = False
    """Bring labels on another grid to that of their CT (nearest neighbour) instead of refusing them."""
    skip_unlabelled: bool = False
    """Leave out cases without labels instead of refusing them."""
    overwrite: bool = False
    """Replace a store that exists."""

    @field_validator("labels")
    @classmethod
    def _labels_can_be_read(cls, text: str) -> str:
        if text and TUMOR not in parse_labels(text):
            raise ValueError("one of the labels must be `tumor`")
        return text

    @model_validator(mode="after")
    def _shares_leave_some_for_training(self) -> "CommandSettings":
        if self.validation + self.test >= 1:
            raise ValueError("validation and test together must leave some patients for training")
        if self.window_hu and self.window_hu[0] >= self.window_hu[1]:
            raise ValueError("window-hu needs the lower value first")
        if self.own_pixels and self.pixel_mm:
            raise ValueError("--own-pixels keeps what --pixel-mm would change; give one of them")
        return self


def parse_labels(text: str) -> dict[str, tuple[int, ...]]:
    """Read `kidney=1+3,tumor=2`.

    Raises:
        ValueError: not of this form, a value outside 1..255, or one that stands twice.
    """
    source_values: dict[str, tuple[int, ...]] = {}
    for part in text.split(","):
        name, _, values = (piece.strip() for piece in part.partition("="))
        numbers = values.split("+")
        if not (name and all(number.strip().isdecimal() for number in numbers)):
            raise ValueError(f"{part!r} is not of the form name=value or name=value+value")
        if name in source_values:
            raise ValueError(f"{name} stands twice; write all its values in one place, such as {name}=1+3")
        source_values[name] = tuple(int(number) for number in numbers)
    claimed = [value for values in source_values.values() for value in values]
    if len(set(claimed)) < len(claimed) or not all(1 <= value <= 255 for value in claimed):
        raise ValueError("label values are 1..255 and each belongs to one name")
    return source_values


def run(settings: CommandSettings) -> None:
    """Write the store and say what is in it."""
    from hlfd import attached
    from hlfd.data.cases import find_cases
    from hlfd.data.prepare import median_pixel_mm, write_store
    from hlfd.data.unfinished import held, sweep_up_killed
    from hlfd.events import in_terminal
    from hlfd.files import refuse_existing, whole_folder, write_json

    refuse_existing(settings.store, settings.overwrite)
    sweep_up_killed(settings.store)
    cases = find_cases(settings.data, settings.patients, settings.skip_unlabelled)
    task = TASKS[settings.task]
    source_values = parse_labels(settings.labels) if settings.labels else task.source_values
    pixel_mm = None if settings.own_pixels else settings.pixel_mm or median_pixel_mm(cases)
    with in_terminal() as events:
        with whole_folder(settings.store, settings.overwrite, "store.json") as folder, held(folder):
            manifest, splits = write_store(
                folder,
                cases,
                organ=organ_of(source_values, task.organ),
                source_values=source_values,
                window_hu=settings.window_hu or task.window_hu,
                pixel_mm=pixel_mm,
                synthetic=is_synthetic(settings.data),
                resample_labels=settings.resample_labels,
                shares=(settings.validation, settings.test),
                seed=settings.seed,
                splits_file=settings.splits,
                events=events,
            )
            write_json(folder / "settings.json", settings.record())
        say = f"{settings.store}: {_in_words(manifest, splits)}"
        if attached.job_folder():
            events.emit("done", say=say)  # the terminal shows it, too
        else:
            print(say)


def _in_words(manifest: "StoreManifest", splits: "Splits") -> str:
    from hlfd.data.resize import pixels_in_words

    cases, patients = len(manifest.cases), len({case.patient for case in manifest.cases})
    without = sum(not case.tumor_slices for case in manifest.cases)
    return (
        f"{cases} cases of {patients} patients, {without} of the cases without tumour; "
        f"{len(splits.training)} for training, {len(splits.validation)} for validation, {len(splits.test)} for test; "
        f"{pixels_in_words(manifest.pixel_mm)}"
    )


def is_synthetic(data: Path) -> bool:
    """Whether `hlfd phantom` made the data: it says so in `dataset.json`."""
    note = (data if data.is_dir() else data.parent) / "dataset.json"
    try:
        return bool(json.loads(note.read_text(encoding="utf-8")).get("synthetic", False))
    except (OSError, ValueError, AttributeError):
        return False
