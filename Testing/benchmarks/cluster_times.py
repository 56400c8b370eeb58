"""What a Ray cluster adds to a job: to its start, its events, its stop, and until a large model is back.

    python Testing/benchmarks/cluster_times.py --out times [--times 5]

A real Ray is started on the loopback of this computer and stopped at the end. Start: from the start of the runner to
the moment when the work made its first event, here and there. Delay: of an event, from when it was made to when it is
read in the job's folder. Stop: from the stop to the state `cancelled`, with the model back. Large: the default teacher
of 36.45 million parameters; from its last event to the state `done`, with all of its weights back.
"""

import sys
import time
from pathlib import Path
from statistics import median

from hlfd.event_file import Tail
from hlfd.jobs.client import ask_stop, launch, look
from hlfd.jobs.folder import Job, create

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from Testing.benchmarks.reporting import asked, told
from Testing.jobs.local_ray import LocalRay
from Testing.training.tiny_runs import make_store

SMALL = {"crop": 32, "batch": 4, "device": "cpu", "threads": 1, "widths": [2, 2, 3, 3, 4], "validate_every": 100_000}
LARGE = {**SMALL, "widths": [64, 128, 256, 512, 1024], "steps": 1, "preflight": False}
STOPPED_AT = 50


def job_of(out: Path, name: str, settings: dict, **more: str) -> Job:
    """Ask for a training."""
    paths = {"store": str(out / "store"), "run": str(out / "runs" / name)}
    return create(out / "jobs", "teach", {**paths, "steps": 100_000, **settings}, out, name, **more)


def followed(job: Job) -> dict[str, float]:
    """Run a job, stop it when it has come so far, and read its events as they come."""
    began, tail, delays, stopped = time.time(), Tail(job.events), [], 0.0
    launch(job)
    while (view := look(job)).is_active:
        for event in tail.read():
            delays.append((time.time() - event["time"], event["time"]))
        if (view.step or 0) >= STOPPED_AT and not stopped:
            stopped = time.time()
            ask_stop(job)
        time.sleep(0.01)
    late = [delay for delay, _ in delays]
    times = {"start": delays[0][1] - began, "delay": median(late), "longest delay": max(late)}
    return {**times, "end": time.time() - stopped if stopped else time.time() - delays[-1][1]}


def once(out: Path, number: int, cluster: str) -> dict[str, float]:
    """Run the same training here and there, and a large one there."""
    here = followed(job_of(out, f"here-{number}", SMALL))
    there = followed(job_of(out, f"there-{number}", SMALL, cluster=cluster))
    large = job_of(out, f"large-{number}", LARGE, cluster=cluster)
    large_end = followed(large)["end"]
    assert large.result()["state"] == "done", large.result()
    return {
        **{"start here": here["start"], "start there": there["start"]},
        **{"delay here": here["delay"], "delay there": there["delay"], "longest delay there": there["longest delay"]},
        **{"stop here": here["end"], "stop there": there["end"], "large model back": large_end},
    }


def main() -> None:
    """Measure, and print medians and longest."""
    options = asked(__doc__, times=5)
    make_store(options.out / "store")
    began = time.monotonic()
    with LocalRay() as ray:
        print(f"Ray started in {time.monotonic() - began:.1f} s")
        told(options.out, [once(options.out, number, ray.address) for number in range(options.times)])


if __name__ == "__main__":
    main()
