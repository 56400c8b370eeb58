"""The folders that installations make in the user's home, who is at work there, and what is left of whom."""

import contextlib
import json
import os
import shutil
import time
from pathlib import Path

from ..BackendPlace import homeFolder, jobsFolder, useBackend
from ..Words import Refusal
from ..Words import tr as _
from .Environment import OWN, PYTORCH, SLICER, Environment, forgetEnvironment, readEnvironment
from .Processes import endGroup

NAMES = {OWN: "environment", SLICER: "environment-packages", PYTORCH: "environment-packages"}
"""Kind of an environment -> name of its folder; a number is put behind one that is taken."""
MARK = ".made-by-hlfd"
"""A file in each folder that we made: no other one is ever removed."""

ATTEMPTS, PAUSE_S = 5, 0.2


def workFolder() -> Path:
    """Where an installation keeps its log and what it downloads."""
    return homeFolder() / "installation"


def newFolder(kind: str) -> Path | None:
    """Make a folder for an environment beside those that are there: one that works stays until the new one does.

    Returns:
        The folder; None for a kind that needs none.
    """
    if kind not in NAMES:
        return None
    number = 1
    while (folder := homeFolder() / (NAMES[kind] if number == 1 else f"{NAMES[kind]}-{number}")).exists():
        number += 1
    folder.mkdir(parents=True)
    (folder / MARK).touch()
    return folder


def folderOf(environment: Environment | None) -> Path | None:
    """The folder of ours that an environment is in; None if it is another's."""
    return next((folder for folder in _ours() if environment is not None and _isUsed(folder, environment)), None)


def leftovers() -> list[Path]:
    """Folders of ours that are no environment: an installation was interrupted, or replaced an earlier one."""
    if isInstalling():
        return []
    environment = readEnvironment()
    return [folder for folder in _ours() if environment is None or not _isUsed(folder, environment)]


def removeLeftovers() -> None:
    """Remove them, and end first what still writes into one; nothing while jobs are at work, which may run in one."""
    if isInstalling() or jobsAtWork():
        return
    note = _note()
    if _lives(note, "work"):
        endGroup(int(note["work"]), lambda: _lives(note, "work"))
    for folder in leftovers():
        removeTree(folder)
    forgetNote()


def removeEnvironment() -> None:
    """Let there be no environment, and remove what of it is ours. It may take seconds.

    Raises:
        Refusal: jobs are at work in it.
    """
    if names := jobsAtWork():
        sentence = _("{job} is at work and needs the environment; stop it first, or wait for its end.")
        raise Refusal(sentence.format(job=names[0]))
    forgetEnvironment()
    removeLeftovers()
    removeTree(workFolder())


def jobsAtWork() -> list[str]:
    """Names of jobs that run or are about to."""
    folder = jobsFolder()
    from hlfd.jobs.client import look_at_all

    return [view.name for view in look_at_all(folder) if view.is_active]


def treeBytes(folder: Path) -> int:
    """Size of all files of a folder. It may take seconds."""
    total = 0
    for place, _folders, files in os.walk(folder):
        for file in files:
            with contextlib.suppress(OSError):  # gone meanwhile
                total += (Path(place) / file).lstat().st_size
    return total


def removeTree(folder: Path) -> None:
    """Remove a folder as far as the system lets."""
    for _attempt in range(ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(PAUSE_S)  # what was just ended may have held a file of it


def isInstalling() -> bool:
    """Whether this Slicer or another one is installing right now."""
    return _lives(_note(), "owner")


def noteInstalling(pid: int | None) -> None:
    """Say who installs, and by which process, for other Slicers and for the next start."""
    useBackend()
    from hlfd.files import write_json
    from hlfd.jobs.process import start_mark

    owner = {"owner": os.getpid(), "ownerMark": start_mark(os.getpid())}
    work = {} if pid is None else {"work": pid, "workMark": start_mark(pid)}
    write_json(_notePath(), {**owner, **work})


def forgetNote() -> None:
    """Nobody installs any more."""
    _notePath().unlink(missing_ok=True)


def wasInterrupted() -> bool:
    """Whether an installation began and its Slicer ended before it did."""
    return bool(_note()) and not isInstalling()


def _ours() -> list[Path]:
    found = (path for name in sorted(set(NAMES.values())) for path in homeFolder().glob(f"{name}*"))
    return sorted({path for path in found if (path / MARK).is_file()})


def _isUsed(folder: Path, environment: Environment) -> bool:
    # By name and not by what it links to: an environment's Python is a link to that which made it.
    return any(Path(place).is_relative_to(folder) for place in (environment.python, environment.packages) if place)


def _notePath() -> Path:
    return workFolder() / "at-work.json"


def _note() -> dict:
    try:
        note = json.loads(_notePath().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _lives(note: dict, who: str) -> bool:
    useBackend()
    from hlfd.jobs.process import is_alive

    return bool(note.get(who)) and is_alive(int(note[who]), str(note.get(f"{who}Mark")))
