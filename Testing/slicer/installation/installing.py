"""Short words for an installation: begin it, as a click does, and wait for its end."""

import os
import time
from pathlib import Path

import psutil

from HLFDSegmentationLib.Backend.Environment import OWN, variablesFor
from HLFDSegmentationLib.Backend.Installation import Installation, prepare
from HLFDSegmentationLib.Backend.InstallationPlans import Wish
from HLFDSegmentationLib.Backend.Needs import Build

LITTLE = Build("cpu", "CPU", "", 0.001, 0.001)
PATIENCE_S = 120


def toItsEnd(installation, see=lambda: None):
    until = time.monotonic() + PATIENCE_S
    while installation.look() == "at work":
        see()
        assert time.monotonic() < until, installation.printed()
        time.sleep(0.02)
    return installation


def install(wish: Wish, backend: Path | None = None) -> Installation:
    """Begin, as a click does."""
    return Installation(wish, prepare(wish, variablesFor(OWN)), backend)


def livingIn(group: int) -> list[int]:
    """Processes of a group that have not ended."""
    return [
        one.pid
        for one in psutil.process_iter(["status"])
        if one.info["status"] != psutil.STATUS_ZOMBIE and _groupOf(one.pid) == group
    ]


def _groupOf(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0
