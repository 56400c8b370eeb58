"""The work of a job: an hlfd command in a process of its own, which ends with its runner, and all that it starts."""

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil

from hlfd import attached
from hlfd.cli import RESUMABLE
from hlfd.errors import InputError
from hlfd.files import read_json, write_json
from hlfd.jobs.client import outputs
from hlfd.jobs.folder import Job

GONE_WITHIN_S, LOOK_S = 5.0, 1.0


class Worker:
    """Starts the command of a job, or goes on with it; `with` sees to it that nothing of it is left."""

    waits = ""
    """What it waits for, in words; it never does."""

    def __init__(self, job: Job, parts: int | None = None) -> None:
        """Start it.

        Args:
            job: whose command it is.
            parts: that the crops of a step are to be computed in; None leaves that as it is.

        Raises:
            InputError: the folder that the job was started in is gone.
        """
        self._job, self._request = job, job.request()
        where = Path(self._request["where"])
        if not where.is_dir():
            raise InputError(f"{where}: the folder that the job was started in is gone; start the job anew")
        self._log = job.log.open("ab")
        self._begins = self._log.tell()
        self._terminated = False
        file = job.folder / "settings.json"
        write_json(file, self._settings(parts))
        self._process = subprocess.Popen(
            [sys.executable, "-m", "hlfd.child", self._request["command"], "--settings", str(file)],
            stdin=subprocess.PIPE,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            cwd=where,
            env={**os.environ, attached.JOB_VARIABLE: str(job.folder.absolute())},
        )
        self._family: set[psutil.Process] = set()
        self.was_killed = False
        """Whether it had to be."""
        self._look_around()

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        with contextlib.suppress(OSError):
            assert self._process.stdin is not None
            self._process.stdin.close()
        self._log.close()

    @property
    def status(self) -> int:
        """Exit status of the ended command."""
        return self._process.wait()

    def status_now(self) -> int | None:
        """Exit status, or None while it runs."""
        if time.monotonic() - self._looked > LOOK_S:
            self._look_around()
        return self._process.poll()

    def press(self, since_s: float, grace_s: float, terminate_s: float) -> None:
        """Insist on a stop that was asked `since_s` ago: ask the system to end the work, then kill it."""
        if since_s > grace_s + terminate_s:
            self.was_killed = True
            self.kill()
        elif since_s > grace_s and not self._terminated:
            self._terminated = True
            self._look_around()
            for process in self._family:
                with contextlib.suppress(psutil.Error):
                    process.terminate()

    def kill(self) -> None:
        """End the command and all that it started, without asking."""
        self._look_around()
        for process in self._family:
            with contextlib.suppress(psutil.Error):
                process.kill()
        self._process.wait()  # before psutil looks, which would take the exit status away
        psutil.wait_procs(self._family, timeout=GONE_WITHIN_S)

    @property
    def most_parts(self) -> int:
        """As many parts as a device has crops in a step."""
        from hlfd.training.settings import TrainingSettings  # only when it is needed: the runner stays small

        default, settings = TrainingSettings.model_fields["batch"].default, self._request["settings"]
        return int(settings.get("batch", default)) // (settings.get("devices", 1) * settings.get("nodes", 1))

    def can_resume(self) -> bool:
        """Whether another start would go on from where this one was."""
        goes_on = bool(self._request["settings"].get("resume")) or self._is_ours()
        return self._request["command"] in RESUMABLE and goes_on

    def last_words(self) -> str:
        """The sentence that the command ended with; empty if it had none."""
        lines = [line for line in self._said() if line.startswith("hlfd: ")]
        return lines[-1].removeprefix("hlfd: ") if lines else ""

    def last_line(self) -> str:
        """The last that was printed, as where Python tells an error."""
        lines = [line for line in self._said() if line.strip()]
        return lines[-1].strip() if lines else "it printed nothing"

    def _said(self) -> list[str]:
        return self._job.log.read_bytes()[self._begins :].decode("utf-8", errors="replace").splitlines()

    def _look_around(self) -> None:
        """Remember who belongs to the work: when a parent is gone, nobody else could tell."""
        self._looked = time.monotonic()
        self._family = {process for process in self._family if process.is_running()}
        if self._process.returncode is None:  # else somebody else may have its number by now
            with contextlib.suppress(psutil.Error):
                parent = psutil.Process(self._process.pid)
                self._family |= {parent, *parent.children(recursive=True)}

    def _settings(self, parts: int | None) -> dict[str, Any]:
        settings = dict(self._request["settings"])
        if self.can_resume():
            settings |= {"resume": True, "overwrite": False}
        return settings | ({"accumulate": parts} if parts else {})

    def _is_ours(self) -> bool:
        """Whether the run that is there is one that this job began."""
        for path in outputs(self._request):
            origin = path / "origin.json"
            if origin.is_file():
                with contextlib.suppress(InputError):
                    made_by = read_json(origin, "the digests of what a run learns from").get("job")
                    return bool(made_by == attached.identity(self._job.folder))
        return False
