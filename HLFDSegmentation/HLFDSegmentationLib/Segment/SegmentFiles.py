"""The files of a segmentation that runs as a job: its folder, what the scene keeps of it, and what was left over.

segmentations/<job>/
  ct.nrrd       copy of the CT's voxels on its own grid; removed when the job has ended
  model.json    labels and title of the model, so that the result can be read when the model is gone
  labels.nrrd   the result
  report.json   volumes and lesions; there last
"""

import json
import shutil
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path

from ..BackendPlace import homeFolder
from ..Jobs import forgetJob, jobOf, stopJob, viewOf
from ..NrrdFiles import writeNrrd
from ..Words import Refusal
from ..Words import tr as _

CT, MODEL, RESULT, REPORT = "ct.nrrd", "model.json", "labels.nrrd", "report.json"
KEPT_DAYS = 30
BEGINS_WITHIN_DAYS = 1
"""A folder without a job may be one that another Slicer is filling."""
DAY_S = 86400
STOPS_WITHIN_S, LOOK_S = 60, 0.1


@dataclass(frozen=True)
class Running:
    """A segmentation that runs, as it stands in the parameter node."""

    job: str
    """Name of the job and of its folder."""
    ct: str
    """Mark of the CT (`NodeMarks`)."""
    model: str
    """Name of the model in the library."""
    withSurfaces: bool = True
    """Whether surfaces are made with the segments."""

    def toText(self) -> str:
        return json.dumps(asdict(self))

    @staticmethod
    def fromText(text: str) -> "Running | None":
        """What a parameter node holds; None where that is nothing, or not to be understood."""
        try:
            running = Running(**json.loads(text))
        except (ValueError, TypeError):
            return None
        return running if isinstance(running.job, str) and Path(running.job).name == running.job else None


def segmentationsFolder() -> Path:
    """Where the folders of running segmentations are."""
    return homeFolder() / "segmentations"


def folderOf(job: str) -> Path:
    """The folder of a segmentation."""
    return segmentationsFolder() / job


def newFolder() -> Path:
    """Make the folder of a segmentation that is to run; its name is that of the job.

    A name is never used twice: a scene that was saved while another ran must not load this one's result.

    Raises:
        Refusal: it cannot be made.
    """
    folder = folderOf(f"segment-{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}")
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise Refusal(notWritable(error, folder)) from None
    return folder


def fillFolder(folder: Path, array_zyx, ijkToRas, model) -> None:
    """Write the copy of a CT, and what of the model is needed to read the result. For a thread.

    Raises:
        OSError: it could not be written whole.
    """
    about = {"title": model.title, "labels": model.manifest["labels"]}
    (folder / MODEL).write_text(json.dumps(about), encoding="utf-8")
    writeNrrd(folder / CT, array_zyx, ijkToRas)


def settingsOf(folder: Path, modelFolder: Path) -> dict:
    """Settings of `hlfd segment` for a folder that has been filled."""
    names = {"ct": CT, "out": RESULT, "report": REPORT}
    return {"model": str(modelFolder)} | {setting: str(folder / name) for setting, name in names.items()}


def isDone(folder: Path) -> bool:
    """Whether the result is there, and whole."""
    return (folder / REPORT).is_file()


def clearAway(name: str, isLogKept: bool) -> None:
    """Remove the folder of a segmentation that nobody waits for, with its copy of the CT. For a thread.

    Args:
        name: of the segmentation; its job, if it is still at work, is stopped first.
        isLogKept: whether the job's own folder stays.
    """
    job, end = jobOf(name), time.monotonic() + STOPS_WITHIN_S
    stopJob(job)
    while (view := viewOf(job)) is not None and view.is_active and time.monotonic() < end:
        time.sleep(LOOK_S)
    removeFolder(folderOf(name))
    if not isLogKept:
        forgetJob(job)


def removeFolder(folder: Path) -> None:
    """Remove the folder of a segmentation, with its copy of the CT."""
    shutil.rmtree(folder, ignore_errors=True)


def sweepLeftovers() -> None:
    """Remove copies of CTs whose job has ended, and folders that nobody asked for in a month. For a thread."""
    if not segmentationsFolder().is_dir():
        return
    for folder in segmentationsFolder().iterdir():
        job = jobOf(folder.name)
        view = viewOf(job)
        if view is not None and view.is_active:
            continue
        days = _ageOf(folder)
        if days > (BEGINS_WITHIN_DAYS if view is None and not isDone(folder) else KEPT_DAYS):
            removeFolder(folder)
            forgetJob(job)
        elif view is not None:
            (folder / CT).unlink(missing_ok=True)


def notWritable(error: OSError, place: Path) -> str:
    """Say that something could not be written."""
    return _("{place} cannot be written ({reason}); free space there or correct its permissions.").format(
        place=error.filename or place, reason=error.strerror or error
    )


def _ageOf(folder: Path) -> float:
    try:
        return (time.time() - folder.stat().st_mtime) / DAY_S
    except OSError:  # another Slicer has removed it
        return 0.0
