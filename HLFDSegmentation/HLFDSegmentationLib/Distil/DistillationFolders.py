"""Where distillations are, which names are free, and what is put aside to be removed. Files only; no Qt, no MRML."""

import contextlib
import itertools
import shutil
import uuid
from pathlib import Path

from ..BackendPlace import homeFolder, useBackend
from ..Jobs import jobOf
from ..Words import Refusal
from ..Words import tr as _

RECORD = "distillation.json"
"""In the folder of each distillation; a folder without it is none."""
HALF_MADE = ".hlfd-part-"
COMMANDS = ("prepare", "teach", "distill", "report")
"""Of the backend, one for each stage, in their order; the job of a stage is called `<distillation>-<command>`."""


def distillationsFolder() -> Path:
    """Where all of them are."""
    return homeFolder() / "distillations"


def requireFree(name: str) -> None:
    """Refuse a name that is taken.

    Raises:
        Refusal: by a distillation, or by a job that another one left.
    """
    if (distillationsFolder() / name / RECORD).exists():
        sentence = _("There is a distillation {name}; choose another name, or resume that one below.")
        raise Refusal(sentence.format(name=name))
    for command in COMMANDS:
        if jobOf(f"{name}-{command}").folder.exists():
            sentence = _("The name {name} is still taken by an earlier training; choose another.")
            raise Refusal(sentence.format(name=name))


def freeName() -> str:
    """A name that neither a distillation nor a job of one has.

    Raises:
        Refusal: the backend's files are missing.
    """
    useBackend()  # or every name would be refused, without an end
    for number in itertools.count(1):
        with contextlib.suppress(Refusal):
            requireFree(f"distillation-{number}")
            return f"distillation-{number}"
    raise AssertionError("numbers do not end")


def makeFolder(name: str) -> Path:
    """Make the folder of a new distillation, for its data; what an interrupted export left there is put aside.

    Raises:
        Refusal: the name is taken, or nothing can be written there.
    """
    requireFree(name)
    folder = distillationsFolder() / name
    if folder.exists():
        putAside(folder)
    try:
        folder.mkdir(parents=True)
    except OSError as error:
        raise Refusal(notWritable(folder, error)) from None
    return folder


def putAside(folder: Path) -> Path:
    """Rename a folder in one step to something that nobody takes for a distillation; gives its new place.

    Raises:
        Refusal: it cannot be renamed.
    """
    aside = folder.with_name(f"{HALF_MADE}{uuid.uuid4().hex[:8]}")
    try:
        folder.rename(aside)
    except OSError as error:
        raise Refusal(notWritable(folder, error)) from None
    return aside


def sweepUp() -> None:
    """Remove what was put aside; may take seconds."""
    for left in distillationsFolder().glob(f"{HALF_MADE}*"):
        shutil.rmtree(left, ignore_errors=True)


def bytesIn(folder: Path) -> int:
    """Bytes of all files in a folder; may take seconds. What goes meanwhile is not counted."""
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.lstat().st_size
    return total


def stampOf(path: Path) -> tuple | None:
    """Tells two versions of a file apart; None if it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    return str(path), found.st_mtime_ns, found.st_size


def notWritable(folder: Path, error: OSError) -> str:
    """Say why nothing can be written there."""
    sentence = _("{folder} cannot be written ({reason}); free space there or correct its permissions.")
    return sentence.format(folder=error.filename or folder, reason=error.strerror or error)
