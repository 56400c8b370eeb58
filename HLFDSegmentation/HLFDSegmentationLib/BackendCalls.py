"""Questions that the backend answers in a process of its own: is the machine fit, how long will it take.

Each takes seconds and is asked in a thread. Files and processes only; no Qt, no MRML.
"""

import json
import os
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from .BackendPlace import backendFolder
from .BackendWords import forPanel, isForTerminal
from .Words import Refusal
from .Words import tr as _

PATIENCE_S = 300


@dataclass(frozen=True)
class PlainEnvironment:
    """What of an `Environment` a thread needs: its variables were read on the window's thread."""

    python: str
    itsVariables: dict

    def variables(self) -> dict:
        return dict(self.itsVariables)


def plain(environment) -> PlainEnvironment:
    """Read an environment, on the window's thread."""
    return PlainEnvironment(str(environment.python), dict(environment.variables()))


@dataclass(frozen=True)
class Verdict:
    """What `hlfd doctor` says of the machine."""

    isReady: bool
    say: str
    details: str
    """A line for each finding that is not good."""


def askDoctor(environment: PlainEnvironment, folder: Path) -> Verdict:
    """Whether training can run in an environment, with its runs in a folder that need not be there yet.

    Raises:
        Refusal: there was no answer.
    """
    answer = ask(environment, "doctor", str(folder), "--json")
    worse = [one for one in answer.get("findings", []) if one.get("verdict") != "good"]
    details = "\n".join(_told(one) for one in worse)
    isReady = bool(answer.get("ready"))
    if not isReady:
        return Verdict(False, _("Training cannot run here."), details)
    devices = {"cpu": _("the processor (no GPU was found)"), "cuda": _("the NVIDIA GPU"), "mps": _("Apple's GPU")}
    where = devices.get(answer.get("device"), str(answer.get("device")))
    return Verdict(True, _("Training will run on {where}.").format(where=where), details)


def _told(finding: dict) -> str:
    """What was found; what to do only where it must be done and a panel's user can do it."""
    do = finding.get("do", "")
    isSaid = finding.get("verdict") == "bad" and not isForTerminal(do)
    return " ".join(filter(None, (forPanel(finding.get("say", "")), do if isSaid else "")))


def ask(environment: PlainEnvironment, *words: str) -> dict:
    """Run `hlfd` with words that make it print one JSON object; gives the object.

    Raises:
        Refusal: it cannot be run, takes too long, or prints something else.
    """
    command = [environment.python, "-m", "hlfd", *words]
    variables = environment.variables()
    places = filter(None, (str(backendFolder()), variables.get("PYTHONPATH", "")))
    variables |= {"PYTHONPATH": os.pathsep.join(places), "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}
    try:
        ended = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            env=variables,
            cwd=Path.home(),
            timeout=PATIENCE_S,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise Refusal(_("The backend did not answer within {seconds} s.").format(seconds=PATIENCE_S)) from None
    except OSError as error:
        sentence = _("{python} cannot be run ({reason}); install the backend again under Backend.")
        raise Refusal(sentence.format(python=environment.python, reason=error.strerror)) from None
    return _answer(ended)


def askForTime(environment: PlainEnvironment, plan: dict) -> dict:
    """What a plan of `hlfd doctor --plan` takes: {"teach": settings or None, "distill": settings}.

    Raises:
        Refusal: there was no answer.
    """
    with tempfile.TemporaryDirectory(prefix="hlfd-plan-") as folder:
        file = Path(folder) / "plan.json"
        file.write_text(json.dumps(plan), encoding="utf-8")
        return ask(environment, "doctor", "--plan", str(file), "--json")


def _answer(ended) -> dict:
    said = ended.stdout.decode("utf-8", errors="replace")
    try:
        found = json.loads(said[said.index("{") :])
    except ValueError:
        found = None
    if isinstance(found, dict):
        return found
    lines = ended.stderr.decode("utf-8", errors="replace").strip().splitlines() or [_("it printed nothing")]
    why = forPanel(lines[-1].removeprefix("hlfd: ")).rstrip(".")
    raise Refusal(_("The backend gave no answer ({why}); see Backend.").format(why=why))
