"""What whoever wants a job does with it: start, look, stop, resume, remove. Standard library only, for Slicer."""

import importlib.metadata
import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlfd import PACKAGES_VARIABLE, attached
from hlfd.errors import InputError
from hlfd.jobs import states
from hlfd.jobs.folder import Job, all_jobs, delete, this_host
from hlfd.jobs.process import is_alive, start_mark

LOST_AFTER_S = 8.0
"""Silence after which a runner of this computer is looked for; it beats every 2 s."""
LOST_ELSEWHERE_S = 60.0
"""Of another computer, whose processes cannot be seen: shared disks may show files late."""
BEGINS_WITHIN_S = 30.0
"""Time that a job has to begin after it was asked for."""
STOPS_WITHIN_S = 15.0
POLL_S = 0.1


@dataclass(frozen=True)
class View:
    """How a job is, as a reader sees it."""

    name: str
    command: str
    state: str
    """One of `hlfd.jobs.states`."""
    say: str
    """In a sentence: what it does, how it ended, or what to do."""
    step: int | None = None
    """How far it is, and of how many."""
    of: int | None = None
    left_s: float | None = None
    """Seconds that are left at the pace so far; None where that isn't known."""

    @property
    def is_active(self) -> bool:
        """Whether somebody is at work, or about to be."""
        return self.state in states.ACTIVE


def look(job: Job) -> View:
    """See how a job is, from its files and, on the same computer, from the process that is at work."""
    status = job.status()
    state, say = str(status["state"]), str(status.get("say", ""))
    if state in states.ACTIVE and (why := _lost(job, status)):
        state, say = states.LOST, f"{why}; `hlfd jobs resume {job.name}` goes on"
    command = str(job.request()["command"])
    return View(job.name, command, state, say, status.get("step"), status.get("of"), status.get("left_s"))


def look_at_all(jobs: Path) -> list[View]:
    """See how all jobs of a folder are, the newest last; one that cannot be read does not hide the others."""
    views = []
    for job in all_jobs(jobs):
        try:
            views.append(look(job))
        except InputError as error:
            if job.folder.is_dir():  # else it was removed in this moment
                views.append(View(job.name, "?", states.LOST, str(error)))
    return views


def launch(
    job: Job,
    python: Path | str = sys.executable,
    environment: Mapping[str, str] | None = None,
    backend: Path | None = None,
) -> subprocess.Popen[bytes]:
    """Start a job's runner as a process that needs nobody: it outlives whoever starts it, its terminal and its window.

    Args:
        job: that waits for its start.
        python: interpreter of the environment that has the backend.
        environment: for the runner; by default this process's own. Slicer gives `slicer.util.startupEnvironment()`.
        backend: folder that has the package `hlfd`, if it isn't installed there.

    Returns:
        The process. Nobody has to wait for it.
    """
    variables = {**(os.environ if environment is None else environment), "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"}
    variables.pop(attached.JOB_VARIABLE, None)
    variables["PYTHONSAFEPATH"] = "1"  # a random.py beside the user's files is none of ours
    variables["PYTHONPATH"] = _absolute(os.pathsep.join([str(backend or ""), variables.get("PYTHONPATH", "")]))
    if PACKAGES_VARIABLE in variables:
        variables[PACKAGES_VARIABLE] = _absolute(variables[PACKAGES_VARIABLE])
    with job.log.open("ab") as log:
        runner = _of_its_own(
            [str(python), "-m", "hlfd.jobs.runner", str(job.folder.absolute())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            cwd=job.folder,
            env=variables,
            close_fds=True,
        )
    job.write_launched({"pid": runner.pid, "mark": start_mark(runner.pid), "host": this_host()})
    return runner


def _absolute(places: str) -> str:
    """Name the folders of a search path from the root: the runner and the work begin in folders of their own."""
    return os.pathsep.join(str(Path(place).absolute()) for place in places.split(os.pathsep) if place)


def _of_its_own(command: list[str], **how: Any) -> subprocess.Popen[bytes]:
    if sys.platform != "win32":
        return subprocess.Popen(command, start_new_session=True, **how)
    new_group, no_window, leave_job = 0x200, 0x08000000, 0x01000000
    try:
        return subprocess.Popen(command, creationflags=new_group | no_window | leave_job, **how)
    except PermissionError:  # some terminals and services let nobody leave; it may end with them
        return subprocess.Popen(command, creationflags=new_group | no_window, **how)


def own_place() -> Path | None:
    """Where this package lies, if it is run from its folder and not installed."""
    try:
        importlib.metadata.version("hlfd")
    except importlib.metadata.PackageNotFoundError:
        return Path(__file__).resolve().parents[2]
    return None


def resume(job: Job, **how: Any) -> subprocess.Popen[bytes]:
    """Go on with a job that was stopped, failed or lost; `how` goes to `launch`.

    Raises:
        InputError: it is at work, or done.
    """
    view = look(job)
    if view.state not in states.RESUMABLE:
        why = "it is done" if view.state == states.DONE else f"it is {view.state}"
        raise InputError(f"{job.name}: cannot be resumed: {why}")
    job.forget_stop()
    status = {name: value for name, value in job.status().items() if name in ("attempt",)}
    job.write_status(states.QUEUED, "waits for its start", **status)
    return launch(job, **how)


def ask_stop(job: Job) -> None:
    """Ask a job to finish its step, keep its best model and end.

    Raises:
        InputError: nobody is at work.
    """
    view = look(job)
    if not view.is_active:
        raise InputError(f"{job.name}: is {view.state}; there is nothing to stop")
    job.ask_stop()


def wait_for_end(job: Job, timeout_s: float = STOPS_WITHIN_S) -> View:
    """Look until a job is no longer active, or for that long."""
    until = time.monotonic() + timeout_s
    while (view := look(job)).is_active and time.monotonic() < until:
        time.sleep(POLL_S)
    return view


def remove(job: Job) -> None:
    """Forget a job that has ended. What its command made stays.

    Raises:
        InputError: it is at work.
    """
    view = look(job)
    if view.is_active:
        raise InputError(f"{job.name}: is {view.state}; stop it first (hlfd jobs stop {job.name})")
    delete(job)


def outputs(request: Mapping[str, Any]) -> list[Path]:
    """Where a request's command leaves what it makes."""
    where, settings = Path(request["where"]), request["settings"]
    names = ("store",) if request.get("command") == "prepare" else ("run", "out", "report")
    return [where / settings[name] for name in names if settings.get(name)]


def _lost(job: Job, status: Mapping[str, Any]) -> str:
    """Say why nobody is at work any more; empty if somebody is, or may be."""
    has_begun = status.get("pid") is not None
    if not has_begun:  # it may have been started, and not have said anything yet
        status = {**status, **job.launched()}
    silent_s = abs(time.time() - float(status["heartbeat"]))  # a clock that was put back is no sign of life
    pid, mark = status.get("pid"), status.get("mark")
    if pid is None:
        return f"it did not begin within {BEGINS_WITHIN_S:.0f} s (see {job.log})" if silent_s > BEGINS_WITHIN_S else ""
    if status.get("host") != this_host():
        return f"silent for {silent_s:.0f} s on {status.get('host')}" if silent_s > LOST_ELSEWHERE_S else ""
    if silent_s <= LOST_AFTER_S or is_alive(int(pid), str(mark)):
        return ""
    return (
        f"its process is gone, without a word, since {_when(status)}"
        if has_begun
        else f"it did not begin (see {job.log})"
    )


def _when(status: Mapping[str, Any]) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(float(status["heartbeat"])))
