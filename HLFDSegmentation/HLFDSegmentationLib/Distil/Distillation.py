"""A distillation: its folder, and the chain of jobs that fills it. Files only; no Qt, no MRML.

    distillation.json   what was chosen, and the command and settings of each stage
    data/               cases exported from the scene, if they came from there
    store/ teacher/ student/ report/    what the stages make

Each stage is a job that waits for the one before it, so that the chain goes on when Slicer is closed. A job that was
removed is started anew from the record.
"""

import json
import shutil
import time
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path

from ..BackendPlace import useBackend
from ..Jobs import forgetJob, jobOf, resumeJob, startJob, stopJob, viewOf
from ..Words import Refusal
from ..Words import tr as _
from .DistillationFolders import HALF_MADE, RECORD, distillationsFolder, notWritable, putAside, stampOf
from .DistilSettings import Choices, choicesAsText, choicesFromText, distillSettings, teachSettings

FORMAT = 1
MADE = {
    "prepare": "store/store.json",
    "teach": "teacher/result.json",
    "distill": "student/result.json",
    "report": "report/report.json",
}
"""Command of a stage -> the file that says that it is done, in the folder of the distillation."""
MANIFEST, CHECKPOINT = "manifest.json", "last.ckpt"


@dataclass(frozen=True)
class Stage:
    """One job of the chain."""

    command: str
    """Of the backend: prepare, teach, distill or report."""
    job: str
    """Its name."""
    settings: dict = field(default_factory=dict)


@dataclass(frozen=True)
class Distillation:
    """A folder with a record."""

    folder: Path
    choices: Choices
    stages: tuple[Stage, ...]
    created: float = 0.0
    """Seconds since 1970."""

    @property
    def name(self) -> str:
        return self.folder.name

    def views(self) -> list[tuple]:
        """Each stage with how its job is; None where the job is gone."""
        return [(stage, viewOf(jobOf(stage.job))) for stage in self.stages]

    def isMade(self, stage: Stage) -> bool:
        """Whether what a stage makes is there, finished."""
        return (self.folder / MADE[stage.command]).is_file()

    def isDone(self, stage: Stage, view) -> bool:
        """Whether a stage needs no more work: its job says so, or it is gone and what it made is there."""
        return self.isMade(stage) if view is None else view.state == "done"

    def goOn(self, environment) -> None:
        """Start what has not been started, and resume what has ended too early; what is at work is left alone.

        Raises:
            Refusal: a job could not be started; those that were started by this call are stopped.
        """
        begun: list[Stage] = []
        previous = ""
        try:
            for stage, view in self.views():
                if not self.isDone(stage, view) and not (view is not None and view.is_active):
                    self._begin(stage, view, environment, previous)
                    begun.append(stage)
                previous = stage.job if view is not None or stage in begun else ""
        except Refusal:
            for stage in reversed(begun):
                stopJob(jobOf(stage.job))
            raise

    def stop(self) -> None:
        """Ask the stage at work to end, and those that wait, the last one first: none begins in between."""
        for stage in reversed(self.stages):
            stopJob(jobOf(stage.job))

    def remove(self) -> None:
        """Remove the folder and the jobs; models that were taken into the library stay.

        Raises:
            Refusal: it is at work, or the folder cannot be removed.
        """
        if any(view is not None and view.is_active for _stage, view in self.views()):
            raise Refusal(_("{name} is at work; stop it first.").format(name=self.name))
        retired = putAside(self.folder)
        for stage in reversed(self.stages):
            forgetJob(jobOf(stage.job))
        shutil.rmtree(retired, ignore_errors=True)

    def studentBundle(self) -> Path | None:
        """The student's bundle, of the best weights so far; None before there are any."""
        bundle = self.folder / "student" / "bundle"
        return bundle if (bundle / MANIFEST).is_file() else None

    def report(self) -> dict:
        """What the report says (`report.json`); empty without one."""
        return _readObject(self.folder / MADE["report"])

    def reportPage(self) -> Path | None:
        """The page for people; None before there is one."""
        page = self.folder / "report" / "report.html"
        return page if page.is_file() else None

    def _begin(self, stage: Stage, view, environment, previous: str) -> None:
        job = jobOf(stage.job)
        if view is not None and _waitsForRemoved(job):
            forgetJob(job)
            view = None
        if view is not None:
            resumeJob(environment, job)
            return
        after = [previous] if previous else []
        startJob(environment, stage.command, self.settingsNow(stage), stage.job, after)

    def settingsNow(self, stage: Stage) -> dict:
        """Settings for a new job, where an earlier one that was removed may have left a run."""
        run = Path(stage.settings.get("run", ""))
        if "run" not in stage.settings or not run.is_dir():
            return stage.settings
        return {**stage.settings, "resume" if (run / CHECKPOINT).is_file() else "overwrite": True}


def allDistillations() -> list[Distillation]:
    """Every distillation that can be read, the newest first."""
    records = distillationsFolder().glob(f"*/{RECORD}")
    found = [readDistillation(path.parent.name) for path in records if not path.parent.name.startswith(HALF_MADE)]
    return sorted((one for one in found if one is not None), key=lambda one: -one.created)


def readDistillation(name: str) -> Distillation | None:
    """The distillation of a name; None if there is none, or its record cannot be read."""
    folder = distillationsFolder() / name
    record = _readObject(folder / RECORD) if name else {}
    try:
        stages = tuple(Stage(one["command"], one["job"], one["settings"]) for one in record["stages"])
        isKnown = record["format"] == FORMAT and all(stage.command in MADE for stage in stages)
    except (KeyError, TypeError):
        return None
    if not isKnown:
        return None
    return Distillation(folder, choicesFromText(json.dumps(record.get("choices"))), stages, record.get("created", 0.0))


def record(folder: Path, choices: Choices, prepareSettings: dict) -> Distillation:
    """Write the record: from now on the folder is a distillation. Nothing is started.

    Args:
        folder: that `makeFolder` made.
        choices: checked.
        prepareSettings: of `hlfd prepare`, but for `store`.

    Raises:
        Refusal: it cannot be written.
    """
    useBackend()
    from hlfd.files import write_json

    stages = _stages(folder, choices, prepareSettings)
    content = {
        "format": FORMAT,
        "created": round(time.time(), 3),
        "choices": json.loads(choicesAsText(choices)),
        "stages": [vars(stage) for stage in stages],
    }
    try:
        write_json(folder / RECORD, content)
    except OSError as error:
        raise Refusal(notWritable(folder, error)) from None
    return Distillation(folder, choices, stages, content["created"])


def _stages(folder: Path, choices: Choices, prepareSettings: dict) -> tuple[Stage, ...]:
    name = folder.name
    store = str(folder / "store")
    report = {"store": store, "out": str(folder / "report"), "student": str(folder / "student")}
    stages = [Stage("prepare", f"{name}-prepare", {**prepareSettings, "store": store})]
    if choices.trainsTeacher:
        stages.append(Stage("teach", f"{name}-teach", teachSettings(choices, folder)))
    distill = distillSettings(choices, folder)
    stages.append(Stage("distill", f"{name}-distill", distill))
    isMeasured = choices.trainsTeacher or (Path(choices.teacher) / "result.json").is_file()  # a bundle alone is no run
    teacher = {"teacher": distill["teacher"]} if "teacher" in distill and isMeasured else {}
    return (*stages, Stage("report", f"{name}-report", {**report, **teacher}))


def _waitsForRemoved(job) -> bool:
    """Whether a job that has not begun waits for one that is not there any more."""
    return not job.status().get("attempt") and any(
        not jobOf(other).folder.is_dir() for other in job.request().get("after", [])
    )


def _readObject(path: Path) -> dict:
    """An object of JSON, empty without one; the list of trainings asks each second, so each version is read once."""
    stamp = stampOf(path)
    return {} if stamp is None else _readVersion(stamp)


@lru_cache(maxsize=128)
def _readVersion(stamp: tuple) -> dict:
    try:
        found = json.loads(Path(stamp[0]).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
