"""How soon a job tells: its heartbeat, a stop, a kill, and looking on again; medians and longest of several.

    python Testing/benchmarks/job_times.py --out times [--times 10]

Heartbeat: the oldest that a reader saw it. Start: from `hlfd jobs start` to its return, and to the first step seen.
Watch: from `hlfd jobs watch` to the first line shown. Stop: from the stop to the state `cancelled`, at a random step.
Lost: from a kill -9 of all its processes to the state `lost`. `hlfd --version` starts Python alone, to compare with.
"""

import random
import subprocess
import sys
import time
from pathlib import Path

from hlfd.jobs.client import ask_stop, look, remove, resume, wait_for_end
from hlfd.jobs.folder import Job

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from Testing.benchmarks.faults import kill_all, until
from Testing.benchmarks.reporting import asked, told
from Testing.training.tiny_runs import make_store

OPTIONS = ["--steps", "100000", "--crop", "32", "--batch", "4", "--validate-every", "1000", "--device", "cpu"]
OPTIONS += ["--widths", "2,2,3,3,4", "--threads", "1"]
HLFD = [sys.executable, "-m", "hlfd"]


def timed(*arguments: object) -> float:
    """Seconds that a command takes."""
    began = time.monotonic()
    subprocess.run([*HLFD, *map(str, arguments)], check=True, capture_output=True)
    return time.monotonic() - began


def first_line(*arguments: object) -> float:
    """Seconds until a command shows its first line."""
    began = time.monotonic()
    with subprocess.Popen([*HLFD, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        assert process.stdout is not None
        process.stdout.readline()
        took = time.monotonic() - began
        process.kill()
    return took


def oldest_heartbeat(job: Job, seconds: float) -> float:
    """The oldest heartbeat that a reader sees within a time."""
    end, oldest = time.monotonic() + seconds, 0.0
    while time.monotonic() < end:
        oldest = max(oldest, time.time() - job.status()["heartbeat"])
        time.sleep(0.02)
    return oldest


def once(out: Path, number: int, draw: random.Random) -> dict[str, float]:
    """Go through the life of one job."""
    folder, name = out / "jobs", f"job-{number}"
    where = ["--folder", folder, "--name", name]
    began = time.monotonic()
    found = {"start returns": timed("jobs", "start", *where, "teach", out / "store", out / "runs" / name, *OPTIONS)}
    job = Job(folder / name)
    until(lambda: (look(job).step or 0) > 0, 120)
    found["first step seen"] = time.monotonic() - began
    found["oldest heartbeat"] = oldest_heartbeat(job, 8)
    found["watch shows"] = first_line("jobs", "watch", "--folder", folder, name)
    time.sleep(draw.random())
    began = time.monotonic()
    ask_stop(job)
    assert wait_for_end(job).state == "cancelled"
    found["stop ends"] = time.monotonic() - began
    before = look(job).step
    resume(job)
    until(lambda: look(job).state == "running" and (look(job).step or 0) > (before or 0), 120)
    kill_all(job, draw.random(), None)
    began = time.monotonic()
    assert wait_for_end(job).state == "lost"
    found["kill is found"] = time.monotonic() - began
    remove(job)
    found["hlfd --version"] = timed("--version")
    return found


def main() -> None:
    """Measure, and print medians and longest."""
    options = asked(__doc__, times=10)
    make_store(options.out / "store")
    draw = random.Random(0)
    told(options.out, [once(options.out, number, draw) for number in range(options.times)])


if __name__ == "__main__":
    main()
