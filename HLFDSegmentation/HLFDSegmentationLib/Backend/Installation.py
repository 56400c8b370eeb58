"""Installs the environment of the backend: once, at a click, beside Slicer's packages, whole or not at all.

What is made comes into a new folder; the record that says "this is the environment" is written last. So whatever a
crash or a power cut leaves is no environment, and is found as a leftover (`InstalledFolders`).
"""

import shutil
from collections.abc import Mapping
from pathlib import Path

from ..BackendPlace import backendFolder, homeFolder, useBackend
from ..Words import Refusal
from ..Words import tr as _
from .Environment import CHOSEN, OWN, PYTORCH, SLICER, Environment, writeEnvironment
from .Examination import examine
from .InstallationPlans import Site, Wish, planOf
from .InstalledFolders import (
    forgetNote,
    isInstalling,
    newFolder,
    noteInstalling,
    removeLeftovers,
    removeTree,
    workFolder,
)
from .Pythons import requirePython, slicerPython
from .Steps import CANCELLED, Plan, Steps

GB = 1e9


def prepare(wish: Wish, variables: Mapping[str, str]) -> str:
    """See whether a wish can be tried, and remove what earlier installations left. It may take seconds.

    Args:
        wish: what is to be installed.
        variables: the environment as it was before Slicer (`variablesFor`).

    Returns:
        The interpreter to begin with.

    Raises:
        Refusal: it cannot be tried; nothing was changed.
    """
    python = _interpreter(wish, variables)
    removeLeftovers()
    return python


class Installation(Steps):
    """An installation at work; its outcome is a `Verdict`.

    Args:
        wish: what is to be installed.
        python: interpreter that `prepare` gave.
        backend: folder of the package `hlfd` and of the list of what it needs.

    Raises:
        Refusal: it cannot begin; nothing was changed.
    """

    def __init__(self, wish: Wish, python: str, backend: Path | None = None):
        backend = backend or backendFolder()
        try:
            noteInstalling(None)
            self._folder = newFolder(wish.kind)
        except OSError as error:
            forgetNote()
            sentence = _("{place} cannot be written ({reason}); correct its permissions.")
            raise Refusal(sentence.format(place=homeFolder(), reason=error.strerror)) from None
        plan = planOf(wish, Site(python, self._folder, workFolder(), backend))
        super().__init__(self._recordedLast(plan), workFolder() / "log.txt", self._removeAll, noteInstalling)

    def _recordedLast(self, plan: Plan) -> Plan:
        verdict = yield from plan
        writeEnvironment(verdict.environment)
        _forgetWork(keepDownloads=False)
        return verdict

    def _removeAll(self, state: str) -> None:
        if self._folder is not None:
            removeTree(self._folder)
        _forgetWork(keepDownloads=state != CANCELLED)  # after a failure, another try need not load all again


def checkAgain(environment: Environment, backend: Path | None = None) -> Steps:
    """Examine an environment that is there; the outcome is a `Verdict`."""
    plan = examine(environment, backend or backendFolder(), workFolder())
    return Steps(plan, workFolder() / "check.txt")


def spaceFault(wish: Wish) -> str:
    """Whether the disk has too little room, in a sentence; empty if it has enough."""
    if wish.kind == CHOSEN:
        return ""
    useBackend()
    from hlfd.files import existing

    free = shutil.disk_usage(existing(homeFolder())).free
    if free >= wish.build.diskGb * GB:
        return ""
    return _("{folder} has {free:.1f} GB free, and {needed:g} GB are needed; free some space.").format(
        folder=homeFolder(), free=free / GB, needed=wish.build.diskGb
    )


def _interpreter(wish: Wish, variables: Mapping[str, str]) -> str:
    if isInstalling():
        raise Refusal(_("The backend is being installed already, by this or another Slicer; wait for its end."))
    if fault := spaceFault(wish):
        raise Refusal(fault)
    if wish.wheels and not any(Path(wish.wheels).glob("*.whl")):
        sentence = _("{folder} has no packages (*.whl); choose the folder that the command has made.")
        raise Refusal(sentence.format(folder=wish.wheels))
    if wish.kind in (SLICER, PYTORCH):
        return slicerPython()
    if wish.kind == OWN:
        return requirePython(wish.python, variables).path
    if not Path(wish.python).is_file():
        sentence = _("{path} is no file; choose the Python of an environment that has the packages.")
        raise Refusal(sentence.format(path=wish.python or _("An empty name")))
    return wish.python


def _forgetWork(keepDownloads: bool) -> None:
    removeTree(workFolder() / "temporary")
    (workFolder() / "answer.json").unlink(missing_ok=True)
    if not keepDownloads:
        removeTree(workFolder() / "downloads")
    forgetNote()
