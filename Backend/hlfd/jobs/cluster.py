"""The work of a job on a Ray cluster: the same to its runner as work on this computer. docs/cluster.md explains it."""

import shlex
import shutil
import signal
import time
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hlfd import attached
from hlfd.cli import EXIT_BAD_INPUT, EXIT_INTERRUPTED
from hlfd.endings import ending
from hlfd.errors import InputError
from hlfd.event_file import JsonLines
from hlfd.files import UNFINISHED, read_json, write_json
from hlfd.jobs import wire
from hlfd.jobs.client import outputs
from hlfd.jobs.folder import Job
from hlfd.jobs.ray_job import RayJob
from hlfd.jobs.worker import Worker

PATIENCE_S = 60.0
"""Time that a cluster may be silent, as while its head is started anew."""
STOP_WAIT_S = 60
"""Time that Ray gives a stopped job to end of itself: to finish its step, and to write down what it made."""
TAKES_S = 0.5
"""Time for what came, before stop and heartbeat are looked after again."""
ASKS_S = 5.0
"""Time to ask Ray for a stop, where nobody will look on any more."""
SUBMISSION, BROUGHT, START = "submission.json", "brought", "start.sh"
START_SH = """\
# Ray does not tell a job with which Python it runs itself; what its supervisor has loaded tells it.
found=$(sed -n 's|.* \\(/.*\\)/lib[^/]*/python[^/]*/[^/]*-packages/ray/_raylet[^/]*$|\\1/bin/python|p' \
"/proc/$PPID/maps" 2>/dev/null | head -n 1)
[ -x "$found" ] || found=python
exec "${1:-$found}" -m hlfd.jobs.remote $2
"""


class ClusterWorker:
    """Sends the command of a job to its cluster, or goes on with it; `with` sees to it that nothing of it is left."""

    def __init__(self, job: Job, parts: int | None = None) -> None:
        """Submit it.

        Args:
            job: whose command it is.
            parts: that the crops of a step are to be computed in; None leaves that as it is.
        """
        self._job, self._request = job, job.request()
        self._address, self._end = str(self._request["cluster"]), dict[str, Any]()
        self._log, self._events = job.log.open("a", encoding="utf-8"), JsonLines(job.events)
        self._parcel = wire.Parcel(job.folder / BROUGHT)
        self._spoke, self._no_hlfd = False, False
        self.was_killed = False
        """Whether it had to be."""
        earlier, name = self._name_submission()
        self._package = self._packed()
        self._ray = RayJob(self._address, name, self._submission(parts), earlier)

    def __enter__(self) -> "ClusterWorker":
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._ray.close()
        self._events.close()
        self._log.close()
        self._parcel.forget()
        shutil.rmtree(self._package, ignore_errors=True)

    @property
    def waits(self) -> str:
        """What it waits for, in words; empty if it is at work."""
        if self._ray.trouble:
            return f"waits for an answer of the cluster, for {self._ray.silent_s:.0f} s"
        gpus = _gpus(self._request["settings"])
        for_what = f" to have {gpus} GPU{'s' * (gpus > 1)} free" if gpus else ""
        return f"waits for the cluster{for_what}" if self._ray.is_pending else ""

    @property
    def status(self) -> int:
        """Exit status of the ended command."""
        return int(self._end["status"])

    @property
    def most_parts(self) -> int:
        """As many parts as a device has crops in a step."""
        return int(self._end.get("most_parts", 1))

    def status_now(self) -> int | None:
        """Exit status, or None while it runs; what came from the cluster meanwhile is put where it belongs.

        Raises:
            InputError: the cluster is gone, or cannot do the work.
        """
        self._take_what_came()
        if not self._end and self._ray.silent_s > PATIENCE_S:
            raise InputError(
                f"{self._address}: the Ray cluster has not answered for {self._ray.silent_s:.0f} s "
                f"({self._ray.trouble or 'no word'}); resume the job when it is there again"
            )
        return self.status if self._end else None

    def _take_what_came(self) -> None:
        fault, ended = self._ray.fault, self._ray.end  # looked at first: all that was said before is in the log then
        until = time.monotonic() + TAKES_S
        while not self._end and not self._ray.lines.empty() and time.monotonic() < until:
            self._take(self._ray.lines.get())
        if not self._end and self._ray.lines.empty() and (fault or ended):
            self._end = {"status": EXIT_BAD_INPUT}  # whatever is raised now: nothing is left to be stopped
            if fault:
                raise fault
            self._end = {"status": self._ended_by_ray(ended)}

    def press(self, since_s: float, grace_s: float, terminate_s: float) -> None:
        """Insist on a stop that was asked `since_s` ago; the times are kept on the cluster, its answer takes longer."""
        self._ray.stop()
        if self._ray.is_pending and (self._ray.has_heard_stop or since_s > max(grace_s, ASKS_S)):
            self._end = {"status": EXIT_INTERRUPTED}
        elif since_s > grace_s + terminate_s + STOP_WAIT_S + PATIENCE_S:
            self.was_killed, self._end = True, {"status": -signal.SIGTERM}

    def kill(self) -> None:
        """Let Ray end the command, unless it has ended; Ray kills what does not end of itself."""
        if not self._end and not self._ray.fault:
            self._ray.stop()
            self._ray.stopping.join(timeout=ASKS_S)
            self._end = {"status": -signal.SIGTERM}

    def can_resume(self) -> bool:
        """Whether another start would go on from where this one was."""
        return bool(self._end.get("can_resume", False))

    def last_words(self) -> str:
        """The sentence that the command ended with; empty if it had none."""
        return str(self._end.get("words", ""))

    def last_line(self) -> str:
        """The last that was printed; the words have it already, for the cluster alone knows it to be the last."""
        return self.last_words()

    def _take(self, line: str) -> None:
        said = wire.heard(line)
        if said is None:
            self._no_hlfd = self._no_hlfd or ("No module named" in line and "hlfd" in line)
            self._log.write(line + "\n")
            self._log.flush()
            return
        self._spoke = True
        match said:
            case {"is": "event", "event": dict(event)}:
                self._events.hear(event)
            case {"is": "file", "name": str(name)}:
                self._parcel.begin(name)
            case {"is": "piece", "base64": str(piece)}:
                self._parcel.add(piece)
            case {"is": "end", "status": int(), "files": dict(files)}:
                self._end = said
                self._parcel.finish(files)

    def _ended_by_ray(self, info: Any) -> int:
        """Give the status of work that could not say itself how it ended."""
        if str(info.status) == "STOPPED":
            return -signal.SIGTERM if self._spoke else EXIT_INTERRUPTED
        python = self._request.get("cluster_python") or "the Python that Ray runs with there"
        if self._no_hlfd:
            raise InputError(
                f"{self._address}: {python} has no hlfd of this version; install hlfd there, or name another Python "
                "with --cluster-python, and resume the job"
            )
        if info.driver_exit_code in (126, 127):
            raise InputError(f"{self._address}: {python} cannot be started there; name one with --cluster-python")
        message, code = str(info.message or "without a reason"), info.driver_exit_code
        why = message.splitlines()[0][:200] if code is None else f"what it ran there {ending(code)}"
        raise InputError(
            f"{self._address}: the Ray cluster ended the job ({why}); see {self._job.log}, then resume the job"
        )

    def _name_submission(self) -> tuple[str, str]:
        """Give the name of the submission before this one, if any, and of this one, which is kept."""
        file = self._job.folder / SUBMISSION
        earlier = str(read_json(file, "the submission of a job")["name"]) if file.exists() else ""
        name = f"hlfd-{self._job.name}-{uuid.uuid4().hex[:8]}"
        write_json(file, {"address": self._address, "name": name})
        return earlier, name

    def _packed(self) -> Path:
        """Put what is sent into a folder: the request, byte for byte, for its digest is what a run knows a job by."""
        package = self._job.folder / f"{UNFINISHED}package"
        shutil.rmtree(package, ignore_errors=True)
        package.mkdir()
        shutil.copyfile(self._job.folder / attached.REQUEST, package / attached.REQUEST)
        (package / START).write_text(START_SH, encoding="utf-8", newline="\n")
        return package

    def _submission(self, parts: int | None) -> dict[str, Any]:
        python = shlex.quote(self._request.get("cluster_python") or "")
        stop = {"RAY_JOB_STOP_SIGNAL": "SIGTERM", "RAY_JOB_STOP_WAIT_TIME_S": str(STOP_WAIT_S)}
        variables = {**stop, wire.THREADS_OF_NODE: "${OMP_NUM_THREADS}"}
        return {
            "entrypoint": f"exec sh {START} {python} {parts or ''}".rstrip(),
            "runtime_env": {"working_dir": str(self._package), "env_vars": variables},
            "entrypoint_num_gpus": _gpus(self._request["settings"]) or None,
        }


Work = Worker | ClusterWorker


def start_work(job: Job, parts: int | None = None) -> Work:
    """Start the command of a job where it is to be done, or go on with it."""
    return ClusterWorker(job, parts) if job.request().get("cluster") else Worker(job, parts)


def _gpus(settings: Mapping[str, Any]) -> int:
    """How many GPUs are asked for: by name alone, for a cluster without any would let others wait for ever."""
    return int(settings.get("devices", 1)) if settings.get("device") == "cuda" else 0


def made(job: Job) -> list[Path]:
    """Where what a job's command made is on this computer."""
    request = job.request()
    if not request.get("cluster"):
        return outputs(request)
    return [job.folder / BROUGHT / output.name for output in outputs(request)]
