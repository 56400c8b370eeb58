"""The jobs that segment a folder of CTs, whoever started them. Files only; no Qt, no MRML."""

from pathlib import Path
from typing import NamedTuple

from ..BackendPlace import jobsFolder, useBackend
from ..Words import Refusal
from ..Words import tr as _

COMMAND = "segment-folder"


class FolderJob(NamedTuple):
    """A job, at work or ended, with its folders."""

    job: object
    """`hlfd.jobs.folder.Job`."""
    folder: Path
    """Of the CTs."""
    results: Path


def latestFolderJob() -> FolderJob | None:
    """The job that was asked for last and whose results are there or still to come; None if there is none.

    What cannot be read, as that of another version, is passed over. For a thread: there may be many jobs.

    Raises:
        Refusal: the backend's files are missing.
    """
    useBackend()
    from hlfd.jobs.folder import all_jobs

    found = (_folderJobOf(job) for job in reversed(list(all_jobs(jobsFolder()))))
    return next((one for one in found if one is not None), None)


def requireFolder(path: str) -> Path:
    """The folder that a user chose.

    Raises:
        Refusal: it is none.
    """
    folder = Path(path).expanduser().absolute()
    if not folder.is_dir():
        raise Refusal(_("{folder} is no folder; choose the one with the CTs.").format(folder=folder))
    return folder


def _folderJobOf(job) -> FolderJob | None:
    from hlfd.errors import InputError
    from hlfd.jobs.client import look

    try:
        request = job.request()
        if request["command"] != COMMAND:
            return None
        where, settings = Path(request["where"]), request["settings"]
        found = FolderJob(job, where / settings["folder"], where / settings["out"])
        return found if found.results.is_dir() or look(job).is_active else None
    except (InputError, OSError, ValueError, KeyError, TypeError):
        return None
