"""Set SlicerHLFD up and run it, alike on Linux, macOS and Windows: `python run.py demo`, or `... test`.

Needs nothing but Python. The first run makes the virtual environment `.venv` beside this file and installs
the backend into it; later runs install again only when Backend/pyproject.toml or Backend/constraints.txt has
changed.
"""

from __future__ import annotations  # lets an older Python read this file far enough to be refused in words

import ctypes
import hashlib
import importlib.util
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PROJECT = Path(__file__).resolve().parent
VENV = PROJECT / ".venv"
REQUIREMENTS = (PROJECT / "Backend" / "pyproject.toml", PROJECT / "Backend" / "constraints.txt")
# slicer-core, the real 3D Slicer core that the demo and the tests run, has wheels for these Pythons.
OLDEST_PYTHON, NEWEST_PYTHON = (3, 11), (3, 13)
# VTK opens these at its first render window, and crashes if the first two are absent. Debian's libgl1 is what
# brings Mesa's software renderer along. All else that the wheels need, they carry.
RENDERING_PACKAGES = {"libX11.so.6": "libx11-6", "libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"}
# Qt, which the tests of the panel run off screen, cannot be imported without these. Its letters it has from matplotlib.
QT_PACKAGES = {
    "libxkbcommon.so.0": "libxkbcommon0",
    "libfontconfig.so.1": "libfontconfig1",
    "libdbus-1.so.3": "libdbus-1-3",
    "libglib-2.0.so.0": "libglib2.0-0",
}
PACKAGES = {"demo": RENDERING_PACKAGES, "test": RENDERING_PACKAGES | QT_PACKAGES}
USAGE = """usage: python run.py demo [options of hlfd demo]   the whole way once, on synthetic CTs; a report
       python run.py test                         ruff, mypy, then every test
       python run.py test [options of pytest]     pytest alone, with these options"""


class SetupError(Exception):
    """Setting up cannot go on; the message says why and what to do."""


def check_python(version: Sequence[int]) -> None:
    """Refuse a Python that the dependencies have no wheels for."""
    if not OLDEST_PYTHON <= tuple(version[:2]) <= NEWEST_PYTHON:
        raise SetupError(
            f"this is Python {version[0]}.{version[1]}, and SlicerHLFD runs on 3.11, 3.12 and 3.13; "
            "start run.py with one of these (get it from python.org or your package manager)"
        )


def is_loadable(library: str) -> bool:
    """Tell whether the system's loader finds a shared library, in the way VTK and Qt will ask for it."""
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def is_importable(module: str) -> bool:
    """Tell whether this Python has a module of the standard library; Debian packs some of them separately."""
    return importlib.util.find_spec(module) is not None


def find_missing(
    task: str, loadable: Callable[[str], bool] = is_loadable, importable: Callable[[str], bool] = is_importable
) -> dict[str, str]:
    """List what this Linux lacks for a task, and for each the Debian package that brings it."""
    missing = {library: package for library, package in PACKAGES[task].items() if not loadable(library)}
    if not importable("ensurepip"):
        missing["Python's ensurepip"] = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
    return missing


def apt_commands(packages: Sequence[str]) -> list[list[str]]:
    """Give the commands that install Debian packages without asking."""
    return [["apt-get", "update"], ["apt-get", "install", "--yes", "--no-install-recommends", *packages]]


def provide(missing: Mapping[str, str], may_install: bool, run: Callable[[list[str]], int]) -> None:
    """Install the missing system packages as root on a Debian-like system; elsewhere name them and stop."""
    if not missing:
        return
    commands = apt_commands(list(missing.values()))
    if may_install and all(run(command) == 0 for command in commands):
        return
    by_hand = " && ".join("sudo " + shlex.join(command) for command in commands)
    raise SetupError(
        f"this system lacks {', '.join(missing)}; install them and run this again. "
        f"On Debian or Ubuntu: {by_hand}. Elsewhere: the packages that hold these files"
    )


def venv_python(venv: Path, windows: bool = os.name == "nt") -> Path:
    """Say where a virtual environment keeps its interpreter."""
    return venv / "Scripts" / "python.exe" if windows else venv / "bin" / "python"


def fingerprint(requirements: Sequence[Path], version: Sequence[int]) -> str:
    """Hash all that an installation depends on; the files' place too, as an editable install points to it."""
    digest = hashlib.sha256(repr(tuple(version[:2])).encode())
    for path in requirements:
        digest.update(str(path).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_installed(venv: Path, extra: str, expected: str) -> bool:
    """Tell whether the last complete installation of an extra was made from the same requirements."""
    stamp = stamp_path(venv, extra)
    return venv_python(venv).exists() and stamp.is_file() and stamp.read_text(encoding="utf-8") == expected


def stamp_path(venv: Path, extra: str) -> Path:
    """Say where the fingerprint of an extra's last complete installation is kept."""
    return venv / f"hlfd-{extra}.stamp"


def is_usable(venv: Path, version: Sequence[int], run: Callable[[list[str]], int]) -> bool:
    """Tell whether an environment is of this Python version and complete: its pip answers."""
    record, python = venv / "pyvenv.cfg", venv_python(venv)
    if not (record.is_file() and python.exists()):
        return False
    found = re.search(r"^version\S*\s*=\s*(\d+)\.(\d+)", record.read_text(encoding="utf-8"), re.MULTILINE)
    same_version = found is not None and tuple(map(int, found.groups())) == tuple(version[:2])
    return same_version and run([str(python), "-m", "pip", "--version"]) == 0


def make_venv(venv: Path) -> None:
    """Make the virtual environment anew, in place of one that is incomplete or of another Python."""
    if run([sys.executable, "-m", "venv", "--clear", str(venv)]):
        raise SetupError(f"{venv}: could not be made; see the lines above, delete that folder and run this again")


def install(extra: str) -> Path:
    """Make `.venv` hold the backend and one extra, doing only what isn't done yet; give its interpreter."""
    python, expected = venv_python(VENV), fingerprint(REQUIREMENTS, sys.version_info)
    if is_installed(VENV, extra, expected):
        return python
    if not is_usable(VENV, sys.version_info, run_quietly):
        make_venv(VENV)
    print("Installing the backend into .venv; the first time takes some minutes: torch is large.", flush=True)
    pip = [str(python), "-m", "pip", "install", "--disable-pip-version-check"]
    if run([*pip, "-c", "Backend/constraints.txt", "-e", f"Backend[{extra}]"], cwd=PROJECT):
        raise SetupError(
            f"pip could not install Backend[{extra}]; see its last lines above, check the network and the "
            "free disk space, and run this again (slicer-core has wheels for Linux and Windows on x86-64, "
            "and for macOS on Apple silicon)"
        )
    stamp_path(VENV, extra).write_text(expected, encoding="utf-8")
    return python


def demo_commands(python: Path, arguments: Sequence[str]) -> list[list[str]]:
    """Give the demo's one command."""
    return [[str(python), "-m", "hlfd", "demo", *arguments]]


def check_commands(python: Path, arguments: Sequence[str]) -> list[list[str]]:
    """Give the checks in order, the fastest first, tests in two processes; with arguments, pytest alone."""
    # Whole files go to a process, in our order: the longest are first, which is not those of the most tests.
    in_two = ("--numprocesses", "2", "--dist", "loadfile", "--no-loadscope-reorder")
    pytest = ["pytest", *(arguments or in_two)]
    checks = [["ruff", "check", "."], ["ruff", "format", "--check", "."], ["mypy"], pytest]
    return [[str(python), "-m", *check] for check in ([pytest] if arguments else checks)]


def run(command: Sequence[str], cwd: Path | None = None) -> int:
    """Show a command, run it, and give its exit status as a shell would."""
    print("$", shlex.join(command), flush=True)
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8", "DEBIAN_FRONTEND": "noninteractive"}
    process = subprocess.Popen(command, cwd=cwd, env=environment)
    while True:
        try:
            status = process.wait()
            return status if status >= 0 else 128 - status
        except KeyboardInterrupt:
            continue  # Ctrl-C has reached the child as well, which may have a checkpoint to finish


def run_until_failure(commands: Sequence[Sequence[str]], cwd: Path | None) -> int:
    """Run commands in order; give the status of the first that fails, or 0."""
    return next((status for command in commands if (status := run(command, cwd))), 0)


def run_quietly(command: Sequence[str]) -> int:
    """Run a command for its exit status alone."""
    return subprocess.run(command, capture_output=True, check=False).returncode


def main(arguments: Sequence[str]) -> int:
    """Set up what the task needs, then run its commands until one fails."""
    task, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if task not in ("demo", "test"):
        print(USAGE)
        return 0 if task in ("-h", "--help") else 2
    try:
        check_python(sys.version_info)
        if sys.platform.startswith("linux"):
            provide(find_missing(task), os.geteuid() == 0 and shutil.which("apt-get") is not None, run)
        python = install(task)
    except SetupError as error:
        print(f"run.py: {error}.", file=sys.stderr)
        return 1
    if task == "demo":
        return run_until_failure(demo_commands(python, rest), None)
    return run_until_failure(check_commands(python, rest), PROJECT)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
