"""Whether a process is still the one that it was: process ids are used again. Standard library only."""

import os
import subprocess
import sys
from pathlib import Path

COMMAND_TIMEOUT_S = 5
STILL_ACTIVE = 259
MAY_ASK = 0x1000
"""PROCESS_QUERY_LIMITED_INFORMATION."""


def start_mark(pid: int) -> str | None:
    """Tell when a process began, in a form that no later process with the same id shares.

    Args:
        pid: of any process of this computer.

    Returns:
        A mark to compare, or None where no such process lives. A process that has ended and that its parent has not
        yet looked at counts as ended.
    """
    if sys.platform.startswith("linux"):
        return _on_linux(pid)
    return _on_windows(pid) if sys.platform == "win32" else _by_ps(pid)


def is_alive(pid: int, mark: str) -> bool:
    """Whether the process lives whose mark was `mark`."""
    return start_mark(pid) == mark


def _on_linux(pid: int, proc: Path = Path("/proc")) -> str | None:
    try:
        # The name in brackets may hold anything; the state is the first word behind it, the start the twentieth.
        words = (proc / str(pid) / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="utf-8").strip()
    except OSError:
        return None
    return None if words[0] in "ZX" else f"{boot} {words[19]}"


def _by_ps(pid: int) -> str | None:
    """On macOS and other Unixes."""
    try:
        asked = ["ps", "-o", "stat=,lstart=", "-p", str(pid)]
        told = subprocess.run(asked, capture_output=True, text=True, timeout=COMMAND_TIMEOUT_S, env=_plain_language())
    except (OSError, subprocess.TimeoutExpired):
        return None
    state, _, began = told.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else began.strip()


def _plain_language() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "TZ": "UTC0"}  # the same words wherever a laptop travels


def _on_windows(pid: int) -> str | None:
    import ctypes
    from ctypes import wintypes

    kernel = ctypes.WinDLL("kernel32", use_last_error=True)  # type: ignore[attr-defined]
    kernel.OpenProcess.restype = wintypes.HANDLE
    kernel.GetExitCodeProcess.argtypes = [wintypes.HANDLE, ctypes.POINTER(wintypes.DWORD)]
    kernel.GetProcessTimes.argtypes = [wintypes.HANDLE, *[ctypes.POINTER(wintypes.FILETIME)] * 4]
    kernel.CloseHandle.argtypes = [wintypes.HANDLE]
    handle = kernel.OpenProcess(MAY_ASK, False, pid)
    if not handle:
        return None
    try:
        status, times = wintypes.DWORD(), [wintypes.FILETIME() for _ in range(4)]
        asked = kernel.GetExitCodeProcess(handle, ctypes.byref(status))
        if not asked or status.value != STILL_ACTIVE:
            return None
        if not kernel.GetProcessTimes(handle, *map(ctypes.byref, times)):
            return None
        return str((times[0].dwHighDateTime << 32) + times[0].dwLowDateTime)
    finally:
        kernel.CloseHandle(handle)
