"""The folder of a job: what is in it, and how it is read and written. Standard library only; docs/jobs.md explains it.

request.json    what is to be done; written once, by whoever wants it
status.json     state, heartbeat, who is at work; whole each time, by the runner, or by who starts one
events.jsonl    what happened, a JSON object a line, appended
stop            there when a stop is wanted
result.json     how it ended
log.txt         what the processes printed
launched.json   which process was started as the runner; written by whoever did
"""

import contextlib
import json
import re
import socket
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from hlfd import attached
from hlfd.errors import InputError
from hlfd.files import UNFINISHED, read_json, write_json
from hlfd.jobs import states

JOBS = "~/.hlfd/jobs"
REQUEST_FORMAT = 1
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,80}")
LAST = "last"
RETRIES, RETRY_S = 100, 0.02
Result = TypeVar("Result")


def default_folder() -> Path:
    """Where jobs are unless said otherwise: the same for Slicer, scripts and terminals of a user."""
    return Path(JOBS).expanduser()


@dataclass(frozen=True)
class Job:
    """A job's folder. Nothing is read until it is asked for."""

    folder: Path

    @property
    def name(self) -> str:
        """What users call it."""
        return self.folder.name

    @property
    def events(self) -> Path:
        """What happened; `hlfd.event_file.Tail` reads it as it grows."""
        return self.folder / attached.EVENTS

    @property
    def log(self) -> Path:
        """What the processes printed."""
        return self.folder / "log.txt"

    @property
    def lock(self) -> Path:
        """Held by the runner."""
        return self.folder / ".lock"

    @property
    def reserve(self) -> Path:
        """Takes room while the job is at work, so that its end can be told on a full disk."""
        return self.folder / ".reserve"

    @property
    def stop_file(self) -> Path:
        """There when a stop is wanted."""
        return self.folder / attached.STOP

    def request(self) -> dict[str, Any]:
        """Read what is to be done: `command`, `settings`, `where` (the folder that relative paths start at), `created`.

        A job of a chain has `after`, too: names of the jobs of the same folder that have to be done first.

        Raises:
            InputError: this is no job, or one of a later version.
        """
        request = read_json(self.folder / attached.REQUEST, "the request of a job")
        if not isinstance(request, dict) or request.get("format") != REQUEST_FORMAT:
            raise InputError(f"{self.folder}: not a job of format {REQUEST_FORMAT}; start it again with this version")
        return request

    def status(self) -> dict[str, Any]:
        """Read what the runner wrote last.

        It has `state`, `say` (a sentence), `heartbeat`, who is at work (`pid`, `mark`, `host`), `attempt`, and how far
        it is (`step`, `of`, `left_s`).
        """
        return {"state": states.QUEUED, "heartbeat": 0.0, **(_read_shared(self.folder / "status.json") or {})}

    def result(self) -> dict[str, Any] | None:
        """Read how it ended: `state`, `say`, `seconds`, `attempts`, `outputs`; None while it is at work."""
        return _read_shared(self.folder / "result.json")

    def write_status(self, state: str, say: str = "", **facts: Any) -> None:
        """Write a status, with the heartbeat of now."""
        now = round(time.time(), 3)
        _write_shared(self.folder / "status.json", {"state": state, "say": say, "heartbeat": now, **facts})

    def write_result(self, result: dict[str, Any]) -> None:
        """Write how it ended."""
        _write_shared(self.folder / "result.json", result)

    def launched(self) -> dict[str, Any]:
        """Read which process (`pid`, `mark`, `host`) was started as the runner last; empty if none was."""
        return _read_shared(self.folder / "launched.json") or {}

    def write_launched(self, process: dict[str, Any]) -> None:
        """Write which process was started as the runner."""
        _write_shared(self.folder / "launched.json", process)

    def ask_stop(self) -> None:
        """Ask for a stop; asking twice is asking once."""
        self.stop_file.touch()

    def forget_stop(self) -> None:
        """Take a stop back, for another attempt."""
        self.stop_file.unlink(missing_ok=True)
        for name in ("result.json", "launched.json"):
            (self.folder / name).unlink(missing_ok=True)


def create(
    jobs: Path,
    command: str,
    settings: dict[str, Any],
    where: Path,
    name: str = "",
    after: Sequence[str] = (),
    **more: Any,
) -> Job:
    """Make the folder of a new job, whole or not at all.

    Args:
        jobs: folder of jobs, made if need be.
        command: of `hlfd`, such as `distill`.
        settings: for it, as its settings file has them.
        where: folder that relative paths among them start at.
        name: for users; by default the command with a number.
        after: names of jobs of this folder; the new one begins when all of them are done.
        more: further facts of the request.

    Raises:
        InputError: the name is taken, or cannot be the name of a folder, or there is no job that it is to wait for.
        OSError: nothing can be written there.
    """
    if name and (name == LAST or not NAME.fullmatch(name)):
        allowed = f"letters, digits, dots, dashes and underscores, and another word than {LAST}"
        raise InputError(f"{name}: not a name for a job; use {allowed}")
    request = {
        "format": REQUEST_FORMAT,
        "command": command,
        "settings": settings,
        "where": str(where.absolute()),
        "created": round(time.time(), 3),
        **({"after": [find(jobs, other).name for other in after]} if after else {}),
        **more,
    }
    jobs.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=jobs) as unfinished:
        made = Path(unfinished) / command
        made.mkdir()
        write_json(made / attached.REQUEST, request)
        Job(made).write_status(states.QUEUED, "waits for its start")
        for candidate in [name] if name else (f"{command}-{number}" for number in range(1, 1_000_000)):
            if _is_placed(made, jobs / candidate):
                return Job(jobs / candidate)
    raise InputError(f"{jobs / name}: there is a job of this name; choose another, or remove it (hlfd jobs remove)")


def all_jobs(jobs: Path) -> Iterator[Job]:
    """Give every job of a folder, the oldest first; other folders are passed over."""
    found = [path for path in jobs.glob(f"*/{attached.REQUEST}") if not path.parent.name.startswith(UNFINISHED)]
    for request in sorted(found, key=_asked_for):
        yield Job(request.parent)


def find(jobs: Path, name: str) -> Job:
    """Give a job by its name, or the one that was started last by the name `last`.

    Raises:
        InputError: there is none.
    """
    if name == LAST and (there := list(all_jobs(jobs))):
        return there[-1]
    job = Job(jobs / name)
    if not NAME.fullmatch(name) or not (job.folder / attached.REQUEST).is_file():
        names = ", ".join(one.name for one in all_jobs(jobs)) or "none"
        raise InputError(f"{name}: no such job in {jobs}; there are: {names}")
    return job


def delete(job: Job) -> None:
    """Remove a job's folder, whole or not at all; what its command made lies elsewhere, and stays.

    Raises:
        OSError: it cannot be removed; on Windows, while its runner has not quite gone.
    """
    with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=job.folder.parent) as retired:
        _insist(lambda: job.folder.rename(Path(retired) / job.name))


def this_host() -> str:
    """Name of this computer, to know whether a process id means anything here."""
    return socket.gethostname()


def _is_placed(made: Path, folder: Path) -> bool:
    """Give a folder its name in one step, unless another has it: of two who want the same, one gets it."""
    try:
        made.rename(folder)  # never replaces a job, whose folder is not empty
    except OSError:
        if not folder.exists():
            raise
        return False
    return True


def _asked_for(request: Path) -> tuple[float, str]:
    try:
        return request.stat().st_mtime, request.parent.name
    except OSError:  # removed in this moment
        return 0.0, request.parent.name


def _write_shared(path: Path, content: dict[str, Any]) -> None:
    _insist(lambda: write_json(path, content))


def _read_shared(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(_insist(lambda: path.read_text(encoding="utf-8")))
    except (FileNotFoundError, ValueError):
        return None
    return content if isinstance(content, dict) else None


def _insist(act: Callable[[], Result]) -> Result:
    """Do something with a file that others use; on Windows it has to wait until they let go."""
    for _ in range(RETRIES):
        with contextlib.suppress(PermissionError):
            return act()
        time.sleep(RETRY_S)
    return act()
