"""The steps of installing each kind of environment. Each plan ends with the doctor's verdict.

pip is the one of the interpreter in question. It may use the user's own settings (a proxy, a mirror of a hospital), but
for those that would lead it elsewhere than into our folder.
"""

import importlib.metadata
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from ..Words import Refusal
from ..Words import tr as _
from .Environment import CHOSEN, OWN, SLICER, Environment, variablesFor
from .Examination import examine
from .Needs import Build, constraints, dependencies, nameOf
from .PipWords import PipWords, whyPipFailed
from .Steps import Plan, Step

MADE, INSTALLED = 0.05, 0.88
"""Shares of the way at which the environment is made, and the packages are there."""
SLICERS_OWN = ("torch", "numpy")
"""Where torch is Slicer's, what must not come a second time."""
PIP_VARIABLES = {
    **{"PIP_USER": "0", "PIP_REQUIRE_VIRTUALENV": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"},
    **{"PIP_PROGRESS_BAR": "off", "PYTHONUNBUFFERED": "1", "PYTHONUTF8": "1"},
}
LEADS_ELSEWHERE = ("PIP_TARGET", "PIP_PREFIX", "PIP_ROOT", "PIP_QUIET", "PIP_DRY_RUN")


@dataclass(frozen=True)
class Wish:
    """How the environment should be."""

    kind: str
    """One of `Environment.KINDS`."""
    build: Build
    python: str = ""
    """Interpreter, for the kinds that need one."""
    wheels: str = ""
    """Folder of wheels in place of the network; empty for the network."""


@dataclass(frozen=True)
class Site:
    """Where an installation works."""

    python: str
    """Interpreter that it begins with."""
    folder: Path | None
    """That the environment comes into; None if it is there already."""
    work: Path
    """For answers and what is downloaded."""
    backend: Path
    """Of the package `hlfd`, and of the list of what it needs."""


def planOf(wish: Wish, site: Site) -> Plan:
    """The steps for a wish; returns a `Verdict`.

    Raises:
        Refusal: one failed; it says why and what to do.
    """
    if wish.kind == CHOSEN:
        return examine(Environment(CHOSEN, site.python), site.backend, site.work)
    if wish.kind == OWN:
        return _own(wish, site)
    return _beside(wish, site) if wish.kind == SLICER else _withSlicersTorch(wish, site)


def _own(wish: Wish, site: Site) -> Plan:
    making = [site.python, "-m", "venv", str(site.folder)]
    yield Step(_("Making the environment…"), making, variablesFor(OWN), (0.0, MADE), _whyNoEnvironment)
    inside = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
    python = str(site.folder / inside)
    packages = ["-c", str(constraints(site.backend)), *dependencies(site.backend)]
    yield _pip(wish, site, python, packages)
    return (yield from examine(Environment(OWN, python), site.backend, site.work, (INSTALLED, 1.0)))


def _beside(wish: Wish, site: Site) -> Plan:
    packages = ["-c", str(constraints(site.backend)), *dependencies(site.backend)]
    yield _pip(wish, site, site.python, ["--target", str(site.folder), *packages])
    environment = Environment(SLICER, site.python, str(site.folder))
    return (yield from examine(environment, site.backend, site.work, (INSTALLED, 1.0)))


def _withSlicersTorch(wish: Wish, site: Site) -> Plan:
    held = {name: _versionInSlicer(name) for name in SLICERS_OWN}
    if held["torch"] is None:
        raise Refusal(_("Slicer has no torch yet; install it with the extension PyTorch (module PyTorch Utils)."))
    holds, report = site.work / "constraints.txt", site.work / "answer.json"
    holds.write_text("".join(f"{name}=={version}\n" for name, version in held.items() if version), encoding="utf-8")
    asking = ["--dry-run", "--report", str(report), "-c", str(holds), *dependencies(site.backend)]
    yield _pip(wish, site, site.python, asking, (0.0, MADE), _("Finding out what is missing…"))
    if missing := _missing(report):
        yield _pip(wish, site, site.python, ["--target", str(site.folder), "--no-deps", *missing])
    environment = Environment(wish.kind, site.python, str(site.folder))
    return (yield from examine(environment, site.backend, site.work, (INSTALLED, 1.0)))


def _missing(report: Path) -> list[str]:
    """What pip would install, as requirements of exact versions."""
    metadata = [item["metadata"] for item in json.loads(report.read_text(encoding="utf-8"))["install"]]
    names = {nameOf(package["name"]) for package in metadata}
    if taken := sorted(names & set(SLICERS_OWN)):
        sentence = _("{name} of Slicer does not suit the backend; choose an environment of its own.")
        raise Refusal(sentence.format(name=taken[0]))
    return [f"{package['name']}=={package['version']}" for package in metadata]


def _pip(
    wish: Wish,
    site: Site,
    python: str,
    arguments: list[str],
    share: tuple[float, float] = (MADE, INSTALLED),
    say: str = "",
) -> Step:
    temporary, downloads = site.work / "temporary", site.work / "downloads"
    temporary.mkdir(parents=True, exist_ok=True)
    variables = {name: value for name, value in variablesFor(wish.kind).items() if name not in LEADS_ELSEWHERE}
    places = {"PIP_CACHE_DIR": downloads, "TMPDIR": temporary, "TEMP": temporary, "TMP": temporary}
    variables.update(PIP_VARIABLES, **{name: str(place) for name, place in places.items()})
    words = PipWords(wish.build.downloadGb * 1e9, temporary, site.folder)
    return Step(
        say or _("Collecting packages…"),
        [python, "-m", "pip", "install", *_sources(wish), *arguments],
        variables,
        share,
        lambda said: whyPipFailed(said, bool(wish.wheels)),
        reads=None if say else words.read,
    )


def _sources(wish: Wish) -> list[str]:
    if wish.wheels:
        return ["--no-index", "--find-links", wish.wheels]
    return ["--extra-index-url", wish.build.index] if wish.build.index else []


def _versionInSlicer(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def _whyNoEnvironment(said: str) -> str:
    if "ensurepip" in said:
        return _("This Python cannot make environments; on Debian and Ubuntu install python3-venv, or choose another.")
    last = said.strip().splitlines()[-1:] or [_("see the details")]
    return _("The environment could not be made ({reason}); choose another Python.").format(reason=last[0])
