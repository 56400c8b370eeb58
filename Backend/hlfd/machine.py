"""What this machine has for a training: processors, memory and disk, inside a container what that allows."""

import math
import os
import re
import shutil
import sys
from pathlib import Path

import psutil

from hlfd import cgroups
from hlfd.cgroups import CGROUP, PROC
from hlfd.files import existing

UNITS = (("TB", 1e12, 1), ("GB", 1e9, 1), ("MB", 1e6, 0), ("kB", 1e3, 0))
"""Name, bytes, decimals."""


def cores(*, proc: Path = PROC, cgroup: Path = CGROUP) -> int:
    """How many processors this process may use, at least one.

    Args:
        proc: where the kernel tells the process's control groups.
        cgroup: where control groups are mounted.
    """
    quota = cgroups.cpu_quota(proc, cgroup)
    return max(1, min(_processors(), math.ceil(quota) if quota else sys.maxsize))


def threads_to_use(wanted: int = 0, *, proc: Path = PROC, cgroup: Path = CGROUP) -> int:
    """How many threads should compute.

    Without a wish, here or in OMP_NUM_THREADS, one processor is left to the desktop, and two threads never share a
    physical core, which gains nothing.

    Args:
        wanted: as many, if positive.
        proc: as for `cores`.
        cgroup: as for `cores`.
    """
    asked = wanted if wanted > 0 else threads_of_environment()
    if asked:
        return asked
    physical = psutil.cpu_count(logical=False) or sys.maxsize
    return max(1, min(cores(proc=proc, cgroup=cgroup) - 1, physical))


def threads_of_environment() -> int:
    """The threads that OMP_NUM_THREADS asks for; 0 if it asks for none that can be."""
    asked = os.environ.get("OMP_NUM_THREADS", "").strip()
    return int(asked) if asked.isdecimal() else 0


def memory_total(*, proc: Path = PROC, cgroup: Path = CGROUP) -> int:
    """Memory that this process and those beside it may fill, bytes."""
    limits = (allowed for allowed, _ in cgroups.memory_limits(proc, cgroup))
    return min(psutil.virtual_memory().total, *limits, sys.maxsize)


def memory_available(*, proc: Path = PROC, cgroup: Path = CGROUP) -> int:
    """Memory that can still be filled without swapping, bytes."""
    left = (max(allowed - held, 0) for allowed, held in cgroups.memory_limits(proc, cgroup))
    return min(psutil.virtual_memory().available, *left, sys.maxsize)


def peak_memory(*, proc: Path = PROC) -> int | None:
    """The most memory that this process has held so far, bytes; None where the system does not tell.

    Linux is asked for the process's own figure: that of getrusage starts with what its parent held.
    """
    own = re.search(r"^VmHWM:\s*(\d+) kB", cgroups.text(proc / "self" / "status"), re.MULTILINE)
    if own:
        return int(own[1]) * 1024
    try:
        import resource
    except ImportError:  # Windows
        return getattr(psutil.Process().memory_info(), "peak_wset", None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def oom_kills(*, proc: Path = PROC, cgroup: Path = CGROUP) -> int | None:
    """How many processes the kernel has killed so far for lack of memory; None where nobody counts.

    Those of this control group if it counts, else those of the whole machine. That the count has grown tells why a
    process got SIGKILL.
    """
    counted = cgroups.oom_kills(proc, cgroup)
    if counted is not None:
        return counted
    lines = (line.split() for line in cgroups.text(proc / "vmstat").splitlines())
    return next((int(words[1]) for words in lines if words[0] == "oom_kill"), None)


def killed_for_memory(kills_before: int | None) -> bool | None:
    """Whether the kernel has killed a process for lack of memory since `oom_kills` said that; None if nobody counts."""
    now = oom_kills()
    return None if kills_before is None or now is None else now > kills_before


def disk_free(path: Path) -> int:
    """Bytes that can be written at a path, which need not be there yet."""
    return shutil.disk_usage(existing(path)).free


def in_words(bytes_: int) -> str:
    """A size as people say it, such as "1.3 GB" or "24 MB"."""
    for name, unit, decimals in UNITS:
        if bytes_ >= 0.9995 * unit:  # what would round to a thousand of the smaller unit is one of the larger
            return f"{bytes_ / unit:.{decimals}f} {name}"
    return f"{bytes_} bytes"


def _processors() -> int:
    try:
        return len(psutil.Process().cpu_affinity())
    except (AttributeError, psutil.Error):  # macOS binds no process to processors
        return os.cpu_count() or 1
