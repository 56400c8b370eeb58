"""Is this a Python that hlfd runs on, and are the packages there that its own metadata asks for?"""

import importlib.metadata
import platform
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any

from hlfd.doctor.finding import Finding, install_command, listed, pip_command

OLDEST_PYTHON = (3, 11)
FOR_DEVELOPERS = ("test",)
"""Extras that no user misses."""
REQUIREMENT = re.compile(r"""(?P<name>[\w.-]+)[^<>=!~;]*(?P<range>[^;]*)(?:;\s*(?P<marker>.+))?""")
EXTRA = re.compile(r"""extra == ['"]([\w.-]+)['"]""")


def read_python() -> dict[str, Any]:
    """The version, as text, and the bits of an address."""
    return {"version": platform.python_version(), "bits": 64 if sys.maxsize > 2**32 else 32}


def judge_python(facts: dict[str, Any]) -> Finding:
    """Is the Python new enough, and one that torch is built for?"""
    oldest = ".".join(map(str, OLDEST_PYTHON))
    do = f"Make an environment with a 64-bit Python {oldest} or newer (python.org), and install hlfd into it."
    found = f"Python {facts['version']}, {facts['bits']}-bit"
    if tuple(map(int, facts["version"].split(".")[:2])) < OLDEST_PYTHON:
        return Finding("python", "bad", f"{found}, is too old: hlfd needs {oldest} or newer.", do, facts)
    if facts["bits"] != 64:
        return Finding("python", "bad", f"{found}, is of the wrong kind: torch is built for 64 bits only.", do, facts)
    return Finding("python", "good", f"{found}.", "", facts)


def installed_version(name: str) -> str | None:
    """The version of an installed distribution; None if there is none."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def read_packages(
    requirements: Sequence[str] | None = None, find: Callable[[str], str | None] = installed_version
) -> dict[str, Any]:
    """What hlfd needs (`needed`, None if it is not known) and what it can use (`optional`), and what is there.

    Args:
        requirements: lines as in a package's metadata; by default hlfd's own.
        find: gives the version of a distribution, or None.
    """
    if requirements is None:
        if find("hlfd") is None:
            return {"needed": None, "optional": []}
        requirements = importlib.metadata.requires("hlfd") or []
    packages = [package for line in requirements if (package := _package(line, find)) is not None]
    return {
        "needed": [package for package in packages if not package["extra"]],
        "optional": [package for package in packages if package["extra"]],
    }


def judge_packages(facts: dict[str, Any]) -> Finding:
    """Is everything there, in versions that fit? What is optional may be missing."""
    if facts["needed"] is None:
        say = "hlfd is run from its folder and is not installed, so that it is not known which packages it needs."
        return Finding("packages", "warning", say, f"Run: {install_command()}", facts)
    unfit = [package for package in facts["needed"] if package["found"] is None or package["fits"] is False]
    old = [package for package in facts["optional"] if package["fits"] is False]
    if unfit or old:
        say = f"{listed([_trouble(package) for package in unfit + old])}."
        do = f"Run: {pip_command(*(package['name'] + package['range'] for package in unfit + old))}"
        return Finding("packages", "bad" if unfit else "warning", say, do, facts)
    if any(package["found"] and package["fits"] is None for package in facts["needed"]):
        say = f"All {len(facts['needed'])} that hlfd needs are there; `packaging`, which compares versions, is not."
        return Finding("packages", "warning", say, f"Run: {pip_command('packaging')}", facts)
    say = f"All {len(facts['needed'])} that hlfd needs are there, in versions that fit."
    missing = [f"{package['name']} (hlfd[{package['extra']}])" for package in facts["optional"] if not package["found"]]
    return Finding("packages", "good", f"{say} Optional, not there: {listed(missing)}." if missing else say, "", facts)


def wanted(facts: dict[str, Any], name: str) -> str:
    """A package with the range that hlfd needs, for pip, such as "torch>=2.6,<3"."""
    ranges = (package["range"] for package in facts["needed"] or () if package["name"] == name)
    return name + next(ranges, "")


def _package(line: str, find: Callable[[str], str | None]) -> dict[str, Any] | None:
    """One package of a line of metadata; None if the line is not for users of this system."""
    found = REQUIREMENT.match(line)
    assert found is not None, line
    name, marker = found["name"], found["marker"] or ""
    extra = next(iter(EXTRA.findall(marker)), "")
    if name == "hlfd" or extra in FOR_DEVELOPERS or not _holds(marker, extra):
        return None
    version = find(name)
    range_ = ",".join(sorted(found["range"].strip(" ()").split(","), reverse=True))  # the lower limit first
    fits = None if version is None else _fits(version, range_)
    return {"name": name, "range": range_, "extra": extra, "found": version, "fits": fits}


def _holds(marker: str, extra: str) -> bool:
    try:
        from packaging.markers import Marker
    except ImportError:  # then what only some systems need is needed by none
        return not marker or bool(extra)
    return not marker or Marker(marker).evaluate({"extra": extra})


def _fits(version: str, range_: str) -> bool | None:
    """Whether a version is in a range; None if that cannot be told, for `packaging` is missing itself."""
    try:
        from packaging.specifiers import SpecifierSet
    except ImportError:
        return None
    return SpecifierSet(range_).contains(version, prereleases=True)


def _trouble(package: dict[str, Any]) -> str:
    if package["found"] is None:
        return f"{package['name']} is not installed"
    return f"{package['name']} is {package['found']} and should be {package['range']}"
