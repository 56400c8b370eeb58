"""Jobs of the backend, as the panels start and watch them (docs/jobs.md). Files only; no Qt, no MRML.

Jobs outlive Slicer: what is kept of one is its name.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from .BackendPlace import backendFolder, jobsFolder, useBackend
from .BackendWords import forPanel
from .Words import Refusal
from .Words import tr as _


def startJob(environment, command: str, settings: dict, name: str = "", after: Sequence[str] = ()):
    """Start a command of the backend as a job; gives the job (`hlfd.jobs.folder.Job`).

    Args:
        environment: an `Environment` that works.
        command: of `hlfd`, such as `segment`.
        settings: for it, with absolute paths.
        name: of the job; by default the command with a number.
        after: names of jobs that have to be done first.

    Raises:
        Refusal: the folder of jobs cannot be written, the name is taken, or the process could not be started.
    """
    useBackend()
    from hlfd.errors import InputError
    from hlfd.jobs.folder import create, delete

    more = {"after": list(after)} if after else {}
    try:
        job = create(jobsFolder(), command, settings, Path.home(), name, **more)
    except InputError as error:
        raise Refusal(forPanel(str(error))) from None
    except OSError as error:
        raise Refusal(_notWritable(error)) from None
    try:
        launch(environment, job)
    except Refusal:
        delete(job)
        raise
    return job


def launch(environment, job) -> None:
    """Start the runner of a job that waits for its start.

    Raises:
        Refusal: it could not be started.
    """
    from hlfd.jobs import client

    _orRefuse(environment, lambda how: client.launch(job, **how))


def resumeJob(environment, job) -> None:
    """Go on with a job that was stopped, failed or lost.

    Raises:
        Refusal: it is at work or done, or could not be started.
    """
    useBackend()
    from hlfd.jobs import client

    _orRefuse(environment, lambda how: client.resume(job, **how))


def jobOf(name: str):
    """The job with a name (`hlfd.jobs.folder.Job`), which need not be there."""
    useBackend()
    from hlfd.jobs.folder import Job

    return Job(jobsFolder() / name)


def viewOf(job):
    """How a job is (`hlfd.jobs.client.View`), in words for a panel; None if it is gone or cannot be read."""
    useBackend()
    from hlfd.errors import InputError
    from hlfd.jobs.client import look

    try:
        view = look(job)
    except (InputError, OSError):
        return None
    return dataclasses.replace(view, say=forPanel(view.say))


def stopJob(job) -> None:
    """Ask a job to finish its step and end; one that has ended already is left as it is."""
    useBackend()
    view = viewOf(job)
    if view is not None and view.is_active:
        job.ask_stop()


def forgetJob(job) -> None:
    """Remove the folder of a job that has ended; what its command made stays."""
    useBackend()
    from hlfd.errors import InputError
    from hlfd.jobs.client import remove

    try:
        remove(job)
    except (InputError, OSError):
        return  # at work, or gone already


def _orRefuse(environment, act) -> None:
    from hlfd.errors import InputError

    how = {"python": environment.python, "environment": environment.variables(), "backend": backendFolder()}
    try:
        act(how)
    except InputError as error:
        raise Refusal(forPanel(str(error))) from None
    except FileNotFoundError:
        sentence = _("{python} is not there any more; install the backend again under Backend.")
        raise Refusal(sentence.format(python=environment.python)) from None
    except OSError as error:
        raise Refusal(_notWritable(error)) from None


def _notWritable(error: OSError) -> str:
    return _("{place} cannot be written ({reason}); free space there or correct its permissions.").format(
        place=error.filename or jobsFolder(), reason=error.strerror
    )
