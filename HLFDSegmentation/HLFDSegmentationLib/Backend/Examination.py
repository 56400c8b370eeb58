"""Asks the doctor of the backend whether a Python can run it: the packages first, then torch, devices, the machine."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from ..BackendPlace import homeFolder
from ..BackendWords import forPanel, isForTerminal
from ..Words import Refusal
from ..Words import tr as _
from .Environment import Environment
from .Needs import dependencies
from .Steps import Plan, Step

DECISIVE = ("python", "packages", "torch", "device")
"""Without these nothing runs; all else is told."""
ABOUT_PACKAGES = """
import json, sys
from dataclasses import asdict
from hlfd.doctor.packages import judge_packages, judge_python, read_packages, read_python
findings = [judge_python(read_python()), judge_packages(read_packages(json.loads(sys.argv[1])))]
print(json.dumps([asdict(finding) for finding in findings]))
"""


@dataclass(frozen=True)
class Verdict:
    """What the doctor found."""

    environment: Environment
    findings: list[dict]
    """Each with `topic`, `verdict` (good, warning, bad), `say` and `do`."""
    isReady: bool
    """Whether trainings can run."""


def examine(environment: Environment, backend: Path, work: Path, share: tuple[float, float] = (0.0, 1.0)) -> Plan:
    """The steps of an examination; returns a `Verdict`.

    Args:
        environment: that is asked; what it says of torch and device is filled in anew.
        backend: folder of the package `hlfd`.
        work: folder for the answers.
        share: of the whole way.

    Raises:
        Refusal: it cannot run the backend; it says why and what to do.
    """
    variables = {
        **environment.variables(),
        **{"PYTHONSAFEPATH": "1", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"},
    }
    variables["PYTHONPATH"] = os.pathsep.join(filter(None, (str(backend), variables.get("PYTHONPATH", ""))))
    begins, ends = share
    middle = begins + (ends - begins) / 10
    answer = work / "answer.json"

    def step(say: str, command: list[str], part: tuple[float, float]) -> Step:
        command = [environment.python, *command]
        return Step(say, command, variables, part, lambda said: _whyNot(environment.python, said), answer, mayFail=True)

    asked = json.dumps(dependencies(backend))
    yield step(_("Looking at the packages…"), ["-c", ABOUT_PACKAGES, asked], (begins, middle))
    packages = _answer(answer, environment.python)
    _refuseBad(packages)
    yield step(
        _("Trying out torch and the devices…"), ["-m", "hlfd", "doctor", "--json", str(homeFolder())], (middle, ends)
    )
    return _verdict(environment, packages, _answer(answer, environment.python))


def _verdict(environment: Environment, packages: list[dict], told: dict) -> Verdict:
    topics = [finding["topic"] for finding in packages]
    findings = [*packages, *(finding for finding in told["findings"] if finding["topic"] not in topics)]
    _refuseBad(findings)
    torch = next((finding["facts"].get("version") for finding in findings if finding["topic"] == "torch"), "")
    found = Environment(
        environment.kind, environment.python, environment.packages, str(torch or ""), str(told["device"] or "")
    )
    return Verdict(found, findings, bool(told["ready"]))


def _refuseBad(findings: list[dict]) -> None:
    for finding in findings:
        if finding["topic"] in DECISIVE and finding["verdict"] == "bad":
            do = finding["do"]
            if isForTerminal(do):
                do = _("Put that right in this Python, or choose another.")
            raise Refusal(f"{forPanel(finding['say'])} {do}".strip())


def _answer(path: Path, python: str):
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refusal(_whyNot(python, "")) from None


def _whyNot(python: str, said: str) -> str:
    last = said.strip().splitlines()[-1:] or [_("see the details")]
    return _("{python} cannot run the backend ({reason}); choose another one.").format(python=python, reason=last[0])
