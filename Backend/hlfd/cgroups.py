"""What a control group (a container, a batch job) leaves of a Linux machine to this process; versions 1 and 2."""

from collections.abc import Iterator
from pathlib import Path, PurePosixPath

PROC, CGROUP = Path("/proc"), Path("/sys/fs/cgroup")
CACHED = ("inactive_file", "active_file")
"""Lines of memory.stat: bytes of files that are counted as used and given back when somebody needs them."""


def cpu_quota(proc: Path = PROC, cgroup: Path = CGROUP) -> float | None:
    """How many processors' time this process may take, such as 1.5; None where nothing limits it."""
    quotas = [_quota(folder) for folder in folders("cpu", proc, cgroup)]
    return min((quota for quota in quotas if quota is not None), default=None)


def memory_limits(proc: Path = PROC, cgroup: Path = CGROUP) -> list[tuple[int, int]]:
    """Limits of memory that hold for this process: bytes allowed, and bytes held that cannot be given back."""
    found = []
    for folder in folders("memory", proc, cgroup):
        allowed = _number(folder, "memory.max", "memory.limit_in_bytes")
        if allowed is not None:
            found.append((allowed, _held(folder)))
    return found


def oom_kills(proc: Path = PROC, cgroup: Path = CGROUP) -> int | None:
    """How many processes of this control group were killed for lack of memory; None where it does not count."""
    counts = (_table(folder / "memory.events").get("oom_kill") for folder in folders("memory", proc, cgroup))
    return next((count for count in counts if count is not None), None)


def folders(controller: str, proc: Path = PROC, cgroup: Path = CGROUP) -> list[Path]:
    """Folders that limit this process, its own first, then those around it.

    A container often sees its own folder as the topmost one, though the kernel names it by its place on the host:
    folders that cannot be seen are left out.

    Args:
        controller: `cpu` or `memory`.
        proc: where the kernel tells the process's control groups.
        cgroup: where control groups are mounted.
    """
    found = []
    for base, path in _memberships(controller, proc, cgroup):
        inside = PurePosixPath() if ".." in path.parts else path.relative_to("/")
        found += [base / step for step in (inside, *inside.parents) if (base / step).is_dir()]
    return found


def _memberships(controller: str, proc: Path, cgroup: Path) -> Iterator[tuple[Path, PurePosixPath]]:
    for line in text(proc / "self" / "cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        if not controllers:  # version 2; beside version 1 it has a folder of its own
            unified = cgroup / "unified"
            yield (unified if unified.is_dir() else cgroup), PurePosixPath(path)
        elif controller in controllers.split(","):
            shared = cgroup / controllers
            yield (shared if shared.is_dir() else cgroup / controller), PurePosixPath(path)


def _quota(folder: Path) -> float | None:
    words = text(folder / "cpu.max").split()
    words = words or [text(folder / f"cpu.cfs_{name}_us") for name in ("quota", "period")]
    try:
        quota, period = map(int, words)
    except ValueError:  # "max", or no such file
        return None
    return quota / period if quota > 0 and period > 0 else None


def _held(folder: Path) -> int:
    used = _number(folder, "memory.current", "memory.usage_in_bytes") or 0
    counted = _table(folder / "memory.stat")
    # Version 1 counts the groups inside under `total_`, as its usage does; version 2 counts them always.
    cached = sum(counted.get(f"total_{name}", counted.get(name, 0)) for name in CACHED)
    return max(used - cached, 0)


def _number(folder: Path, *names: str) -> int | None:
    found = (text(folder / name).strip() for name in names)
    return next((int(words) for words in found if words.isdecimal()), None)


def _table(path: Path) -> dict[str, int]:
    lines = (line.split() for line in text(path).splitlines())
    return {words[0]: int(words[1]) for words in lines if len(words) == 2 and words[1].isdecimal()}


def text(path: Path) -> str:
    """The content of a file of the kernel's; nothing where it is not there or may not be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""
