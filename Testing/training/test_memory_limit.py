"""Memory that really runs out: the system refuses a process more than so much."""

import json
import subprocess
import sys

import pytest

from hlfd.bundle import load_bundle
from hlfd.event_file import read_events
from Testing.training.apart import PATIENCE_S, environment
from Testing.training.bare_loop import checkpoint

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells and limits it alike")

THREE_RUNS = """
import json, os, resource, sys
from pathlib import Path
import torch
from hlfd.cli import main
from hlfd.training import teach
from hlfd.training.stepping import Stepper

told, step = {}, Stepper.step

def kilobytes(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(name + ":"))

def first_step(*arguments):
    told.setdefault("before", kilobytes("VmSize"))
    if limit:
        resource.setrlimit(resource.RLIMIT_AS, (1024 * limit, 1024 * limit))
    return step(*arguments)

def run(name):
    if child := os.fork():
        os.waitpid(child, 0)
        return json.loads(Path(name + ".json").read_text())
    told["status"] = main([word.replace("RUN", name) for word in sys.argv[1:]])
    told["most"] = kilobytes("VmPeak")
    Path(name + ".json").write_text(json.dumps(told))
    os._exit(0)

Stepper.step = first_step
limit = 0
free = run("free")
limit = free["before"] + 3 * (free["most"] - free["before"]) // 4
run("limited")
limit = free["before"] + 15_000  # one crop needs twice that
run("tight")
"""
LARGE = ["--steps", 1, "--crop", 128, "--batch", 8, "--validate-every", 1, "--device", "cpu", "--widths", "8,8,8,8,8"]
"""About 250 MB for the batch at once, half of that for half of it."""


def test_a_batch_that_does_not_fit_into_memory_is_computed_in_parts(a_store, tmp_path):
    words = [sys.executable, "-c", THREE_RUNS, "teach", a_store, "RUN", *LARGE, "--no-preflight", "--threads", 1]
    # glibc keeps most of what was freed, in pieces that fit or don't by chance; here it is told to give it back.
    given_back = environment(MALLOC_MMAP_THRESHOLD_=str(1 << 20))
    how = {"env": given_back, "cwd": tmp_path, "timeout": PATIENCE_S, "check": True}
    ran = subprocess.run([str(word) for word in words], capture_output=True, text=True, **how)
    told = [json.loads((tmp_path / f"{name}.json").read_text()) for name in ("free", "limited", "tight")]
    assert [one["status"] for one in told] == [0, 0, 12], ran.stderr
    assert told[1]["most"] < told[0]["most"]
    run = tmp_path / "limited"
    notes = [event["say"] for event in read_events(run / "events.jsonl") if event["event"] == "note"]
    assert notes[0] == "memory is short: the 8 crops of a step are now computed in 2 parts"
    assert checkpoint(run)["progress"]["parts"] == 2 ** len(notes)
    load_bundle(run / "bundle")
    # What the library is short of with too little is not always said in the gradient.
    assert ran.stderr.splitlines()[-1].startswith("hlfd: ") and "memory does not suffice" in ran.stderr.splitlines()[-1]
    assert "Traceback" not in ran.stderr
