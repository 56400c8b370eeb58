"""Pythons of this computer that an environment can be made with; Slicer's own is not among them."""

import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..Words import Refusal
from ..Words import tr as _

OLDEST, NEWEST = (3, 11), (3, 13)
"""torch and its company have wheels for these."""
ANSWERS_WITHIN_S = 15
PARTS_SHOWN = 3
QUESTION = """
import importlib.util, json, sys
whole = all(importlib.util.find_spec(name) for name in ("venv", "ensurepip"))
print(json.dumps([sys.executable, list(sys.version_info[:3]), sys.maxsize > 2**32, whole]))
"""
ON_UNIX = (
    *("~/.pyenv/versions/*/bin/python", "~/*conda3/bin/python", "~/*forge3/bin/python"),
    *("~/*conda3/envs/*/bin/python", "~/*forge3/envs/*/bin/python", "~/.local/share/uv/python/*/bin/python3"),
    *("/opt/*conda3/bin/python", "/opt/homebrew/bin/python3.1?", "/usr/local/bin/python3.1?", "/usr/bin/python3.1?"),
    "/Library/Frameworks/Python.framework/Versions/3.1?/bin/python3",
)
ON_WINDOWS = (
    *("~/AppData/Local/Programs/Python/Python3*/python.exe", "C:/Program Files/Python3*/python.exe"),
    *("~/*conda3/python.exe", "~/*forge3/python.exe", "C:/ProgramData/*conda3/python.exe"),
    "~/.pyenv/pyenv-win/versions/*/python.exe",
)


@dataclass(frozen=True)
class Python:
    """An interpreter."""

    path: str
    version: tuple[int, int, int]
    isWhole: bool = True
    """Whether it can make environments; Debian packs that part separately."""
    is64Bit: bool = True

    @property
    def title(self) -> str:
        """Its version, and the end of its path, which tells it from others."""
        path = Path(self.path)
        place = str(path) if len(path.parts) <= PARTS_SHOWN else str(Path("…", *path.parts[-PARTS_SHOWN:]))
        return _("Python {version}  ({path})").format(version=".".join(map(str, self.version)), path=place)

    def fault(self) -> str:
        """Why no environment can be made with it, in a sentence; empty if one can."""
        version = ".".join(map(str, self.version))
        if not OLDEST <= self.version[:2] <= NEWEST or not self.is64Bit:
            sentence = _("{path} is Python {version}; choose a 64-bit Python 3.11, 3.12 or 3.13 (from python.org).")
            return sentence.format(path=self.path, version=version)
        if not self.isWhole:
            sentence = _("{path} cannot make environments; install its package python{short}-venv, or choose another.")
            return sentence.format(path=self.path, short=".".join(map(str, self.version[:2])))
        return ""


def findPythons(variables: Mapping[str, str]) -> list[Python]:
    """Pythons that an environment can be made with, the newest first. It starts each one; do it beside the window.

    Args:
        variables: the environment as it was before Slicer, whose PATH is looked through.
    """
    found: dict[str, Python] = {}
    for path in _places(variables):
        python = ask(path, variables)
        if python is not None and not python.fault() and not isInSlicer(python.path):
            found.setdefault(os.path.realpath(python.path), python)
    return sorted(found.values(), key=lambda python: python.version, reverse=True)


def requirePython(path: str, variables: Mapping[str, str]) -> Python:
    """The interpreter of a path.

    Raises:
        Refusal: it is none, or no environment can be made with it.
    """
    python = ask(path, variables) if Path(path).is_file() else None
    if python is None:
        sentence = _("{path} is no Python that answers; choose the file of a Python 3.11, 3.12 or 3.13.")
        raise Refusal(sentence.format(path=path or _("An empty name")))
    if fault := python.fault():
        raise Refusal(fault)
    return python


def ask(path: str | Path, variables: Mapping[str, str]) -> Python | None:
    """What an interpreter says of itself; None if it does not answer."""
    flags = {"creationflags": subprocess.CREATE_NO_WINDOW} if sys.platform == "win32" else {}
    try:
        ran = subprocess.run(
            [str(path), "-I", "-c", QUESTION],
            env={**variables},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=ANSWERS_WITHIN_S,
            check=False,
            **flags,
        )
        executable, version, is64Bit, isWhole = json.loads(ran.stdout)
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return None
    return Python(executable, tuple(version), bool(isWhole), bool(is64Bit))


def slicerPython() -> str:
    """The launcher of Slicer's own interpreter.

    Raises:
        Refusal: it is not there, as where Slicer itself is missing.
    """
    found = shutil.which("PythonSlicer")
    if not found:
        raise Refusal(_("PythonSlicer was not found, which Slicer has beside it; choose another Python."))
    return found


def isInSlicer(path: str) -> bool:
    """Whether an interpreter lies in the folder of this Slicer."""
    home = os.environ.get("SLICER_HOME")
    return bool(home) and Path(os.path.realpath(path)).is_relative_to(os.path.realpath(home))


def _places(variables: Mapping[str, str]) -> Iterable[str]:
    names = [f"python3.{minor}" for minor in range(NEWEST[1], OLDEST[1] - 1, -1)] + ["python3", "python"]
    for name in names:
        if found := shutil.which(name, path=variables.get("PATH", "")):
            yield found
    if prefix := variables.get("CONDA_PREFIX"):
        yield str(Path(prefix, "python.exe" if sys.platform == "win32" else "bin/python"))
    yield from _ofTheLauncher(variables)
    for pattern in ON_WINDOWS if sys.platform == "win32" else ON_UNIX:
        path = Path(pattern).expanduser()
        yield from map(str, sorted(Path(path.anchor).glob(str(path.relative_to(path.anchor)))))


def _ofTheLauncher(variables: Mapping[str, str]) -> Iterable[str]:
    """What Windows' `py` knows of."""
    launcher = shutil.which("py", path=variables.get("PATH", "")) if sys.platform == "win32" else None
    if launcher:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            ran = subprocess.run([launcher, "-0p"], capture_output=True, timeout=ANSWERS_WITHIN_S, check=False)
            yield from re.findall(r"[A-Za-z]:\\.*?\.exe", ran.stdout.decode(errors="replace"))
