"""Memory that really runs out: the system refuses a process more than so much."""

import subprocess
import sys

import pytest

from hlfd.bundle import load_bundle
from hlfd.event_file import read_events
from Testing.training.apart import PATIENCE_S, environment
from Testing.training.bare_loop import checkpoint

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux tells and limits it alike")

LIMITED = """
import resource, sys
from pathlib import Path
from hlfd.cli import main
from hlfd.training.stepping import Stepper

def tell(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    print(*[line.split()[1] for line in lines if line.startswith(name + ":")])

step = Stepper.step
def first_step(*arguments):
    tell("VmSize")
    if limit := int(sys.argv[1]):
        resource.setrlimit(resource.RLIMIT_AS, (1024 * limit, 1024 * limit))
    return step(*arguments)

Stepper.step = first_step
status = main(sys.argv[2:])
tell("VmPeak")
sys.exit(status)
"""
LARGE = ["--steps", 2, "--crop", 192, "--batch", 8, "--validate-every", 2, "--device", "cpu", "--widths", "8,8,8,8,8"]
"""About 600 MB for the batch at once, half of that for half of it."""


def limited(limit_kb, store, run):
    """Teach with a limit; gives exit status, kB at the first step, and most kB."""
    words = [sys.executable, "-c", LIMITED, limit_kb, "teach", store, run, *LARGE, "--no-preflight", "--threads", 1]
    # glibc keeps most of what was freed, in pieces that fit or don't by chance; here it is told to give it back.
    given_back = environment(MALLOC_MMAP_THRESHOLD_=str(1 << 20))
    words = [str(word) for word in words]
    ran = subprocess.run(words, env=given_back, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert ran.returncode in (0, 12), ran.stderr
    numbers = [int(line) for line in ran.stdout.splitlines() if line.isdecimal()]
    return ran.returncode, numbers[0], numbers[-1], ran.stderr.splitlines()


def test_a_batch_that_does_not_fit_into_memory_is_computed_in_parts(a_store, tmp_path):
    status, before, most, _ = limited(0, a_store, tmp_path / "free")
    assert status == 0
    limit = before + 3 * (most - before) // 4
    status, _, most, _ = limited(limit, a_store, tmp_path / "limited")
    assert status == 0
    assert most <= limit
    notes = [event["say"] for event in read_events(tmp_path / "limited" / "events.jsonl") if event["event"] == "note"]
    assert notes[0] == "memory is short: the 8 crops of a step are now computed in 2 parts"
    assert checkpoint(tmp_path / "limited")["progress"]["parts"] == 2 ** len(notes)
    load_bundle(tmp_path / "limited" / "bundle")
    # One crop needs some 75 MB; what the library is short of with less is not always said in the gradient.
    status, *_, lines = limited(before + 30_000, a_store, tmp_path / "tight")
    assert status == 12
    assert lines[-1].startswith("hlfd: ") and "memory does not suffice" in lines[-1]
    assert not any("Traceback" in line for line in lines)
