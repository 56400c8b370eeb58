"""What is left of a training when its processes are killed, stopped, or meet a full disk, many times over.

    python Testing/benchmarks/fault_drill.py --out drill [--kills 50] [--stops 100] [--steps 150] [--seed 0]

Each drill is a job of its own: a small teacher, trained deterministically on synthetic squares. After a fault the job
must tell how it ended, leave no process, and, resumed, end with the weights of a training that nobody disturbed, bit
for bit. Writes drill.json and drill.md, as far as it has come, and ends with status 1 if anything was wrong.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import platform
import random
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hlfd.files import UNFINISHED, write_json
from hlfd.jobs import states
from hlfd.jobs.client import launch, resume, wait_for_end
from hlfd.jobs.folder import Job, create

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from Testing.benchmarks.faults import (
    DISK,
    END_S,
    FAULTS,
    KILL,
    PARENT,
    PART,
    STOP,
    nothing,
    processes_of,
    small_disk,
    until,
)
from Testing.training.tiny_runs import make_store

SETTINGS: dict[str, Any] = {
    **{"steps": 150, "crop": 32, "batch": 4, "validate_every": 15, "save_minutes": 0.01, "device": "cpu"},
    **{"widths": [2, 2, 3, 3, 4], "deterministic": True, "learning_rate": 0.003, "threads": 1},
}
LOST_S = 30.0


@dataclass
class Outcome:
    """What one drill found."""

    fault: str
    moment_s: float
    """After the start."""
    seen_as: str = ""
    """State that the job was in after the fault, as a reader sees it."""
    seen_after_s: float = 0.0
    """From the fault to that state."""
    at_step: int | None = None
    left: list[str] = field(default_factory=list)
    """Processes that were left."""
    ended: str = ""
    """State after it was resumed."""
    same: bool = False
    """Whether the weights are those of the undisturbed training, bit for bit."""
    wrong: str = ""


@dataclass
class Drill:
    """Runs drills in a folder, beside a training that nobody disturbs."""

    folder: Path
    store: Path
    seconds: float = 0.0
    """What the undisturbed training took."""
    digest: str = ""

    def undisturbed(self) -> None:
        """Train once in peace."""
        began = time.monotonic()
        job = self.start("undisturbed")
        view = wait_for_end(job, END_S)
        assert view.state == states.DONE, view
        self.seconds, self.digest = time.monotonic() - began, weights(job)

    def start(self, name: str, folder: Path | None = None) -> Job:
        """Start a training as a job."""
        run = (folder or self.folder) / "runs" / name
        settings = {"store": str(self.store), "run": str(run), **SETTINGS}
        job = create((folder or self.folder) / "jobs", "teach", settings, self.folder, name)
        launch(job)
        return job

    def run(self, name: str, fault: str, moment_s: float) -> Outcome:
        """Disturb a training, resume it, and see what has become of it."""
        outcome = Outcome(fault, round(moment_s, 2))
        try:
            with small_disk(self.folder / f"{name}-disk") if fault == DISK else nothing() as disk:
                job = self._start_for(fault, name, disk)
                FAULTS[fault](job, moment_s, disk)
                self._look_after(job, outcome)
                self._go_on(job, outcome)
        except Exception as error:
            outcome.wrong = f"{type(error).__name__}: {error}"
        return outcome

    def _start_for(self, fault: str, name: str, disk: Path | None) -> Job:
        if fault != PARENT:
            return self.start(name, disk)
        program = f"import sys, time; sys.path.insert(0, {str(Path(__file__).parent)!r}); from fault_drill import *; "
        program += f"SETTINGS['steps'] = {SETTINGS['steps']}; "
        program += f"Drill(Path({str(self.folder)!r}), Path({str(self.store)!r})).start({name!r}); time.sleep(600)"
        with subprocess.Popen([sys.executable, "-c", program], start_new_session=True) as parent:
            job = Job(self.folder / "jobs" / name)
            until(lambda: "pid" in job.status(), 60)
            os.killpg(parent.pid, 9) if os.name == "posix" else parent.kill()
        return job

    def _look_after(self, job: Job, outcome: Outcome) -> None:
        began = time.monotonic()
        limit = END_S if outcome.fault in (DISK, PARENT) else LOST_S
        view = wait_for_end(job, limit)
        outcome.seen_as, outcome.at_step = view.state, view.step
        outcome.seen_after_s = round(time.monotonic() - began, 2)
        outcome.left = processes_of(job)
        if not view.say or view.is_active:
            outcome.wrong = f"does not explain itself: {view}"

    def _go_on(self, job: Job, outcome: Outcome) -> None:
        if outcome.seen_as != states.DONE:
            resume(job)
        outcome.ended = wait_for_end(job, END_S).state
        outcome.same = outcome.ended == states.DONE and weights(job) == self.digest
        places = (job.folder, Path(job.request()["settings"]["run"]))
        left = [str(path) for place in places for path in place.rglob(f"{UNFINISHED}*")]
        if not outcome.same or left or outcome.left:
            outcome.wrong = outcome.wrong or f"ended {outcome.ended}, same weights: {outcome.same}, left: {left}"


def weights(job: Job) -> str:
    """Digest of the weights that a job has exported."""
    file = Path(job.request()["settings"]["run"]) / "bundle" / "weights.safetensors"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def table(drill: Drill, outcomes: list[Outcome]) -> str:
    """Summarise by fault."""
    lines = [
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; an "
        f"undisturbed training took {drill.seconds:.1f} s from start to end.",
        "",
        "| fault | times | seen as | seen after, median and longest | processes left | resumed bit-identical | wrong |",
        "|---|---|---|---|---|---|---|",
    ]
    for fault in dict.fromkeys(outcome.fault for outcome in outcomes):
        some = [outcome for outcome in outcomes if outcome.fault == fault]
        seen = {
            state: sum(one.seen_as == state for one in some) for state in dict.fromkeys(one.seen_as for one in some)
        }
        times = sorted(one.seen_after_s for one in some)
        lines.append(
            f"| {fault} | {len(some)} | {', '.join(f'{state} {count}' for state, count in seen.items())} "
            f"| {times[len(times) // 2]:.1f} s, {times[-1]:.1f} s | {sum(len(one.left) for one in some)} "
            f"| {sum(one.same for one in some)} of {len(some)} | {sum(bool(one.wrong) for one in some)} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    """Run all drills."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    for name, default in (("kills", 50), ("writing", 20), ("stops", 100), ("disks", 3), ("parents", 3), ("at-once", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--steps", type=int, default=SETTINGS["steps"])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--earliest", type=float, default=0.0, help="seconds after the start from which on faults come")
    asked = parser.parse_args()
    SETTINGS["steps"] = asked.steps
    out = asked.out.absolute()
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir(parents=True)
    drill = Drill(out, make_store(out / "store"))
    drill.undisturbed()
    draw = random.Random(asked.seed)
    wanted = [KILL] * asked.kills + [PART] * asked.writing + [STOP] * asked.stops
    wanted += [DISK] * asked.disks + [PARENT] * asked.parents
    plan = [
        (f"{number:03d}", fault, draw.uniform(asked.earliest, drill.seconds)) for number, fault in enumerate(wanted)
    ]
    outcomes: list[Outcome] = []
    with ThreadPoolExecutor(asked.at_once) as pool:
        for outcome in pool.map(lambda one: drill.run(*one), plan):
            outcomes.append(outcome)
            write_json(
                out / "drill.json", {"seconds": drill.seconds, "outcomes": list(map(dataclasses.asdict, outcomes))}
            )
            (out / "drill.md").write_text(table(drill, outcomes), encoding="utf-8")
            print(json.dumps(dataclasses.asdict(outcome)), flush=True)
    print(table(drill, outcomes))
    return int(any(outcome.wrong for outcome in outcomes))


if __name__ == "__main__":
    sys.exit(main())
