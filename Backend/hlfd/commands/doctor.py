"""`hlfd doctor`: what is there, what is missing, and what to do."""

import json
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from hlfd.doctor.finding import Finding
from hlfd.settings import Settings

EXIT_NOT_READY = 1


class CommandSettings(Settings):
    """Check whether training can run here, and on what; the status is 1 if it cannot, or not in the memory there is."""

    folder: CliPositionalArg[Path] = Path()
    """Folder where runs will be written; it need not be there yet."""
    plan: Path | None = None
    """JSON with the settings of `teach` and `distill` (or of one, and its `command`): measure some of their steps here,
    without data, and say what the whole would take, in place of the check. Nothing is started."""
    json_: bool = Field(False, alias="json")
    """Print one JSON object in place of sentences."""


def run(settings: CommandSettings) -> int:
    """Examine and print; give the exit status."""
    return _plan(settings.plan, settings.json_) if settings.plan else _examine(settings)


def _plan(file: Path, as_json: bool) -> int:
    from hlfd.doctor.plan import as_object, conclusion, expect, read_plan

    found = expect(read_plan(file))
    told = [one.say() for one in found]
    print(json.dumps(as_object(found), indent=2) if as_json else "\n".join([*told, "", conclusion(found)]))
    return 0 if all(one.fits for one in found) else EXIT_NOT_READY


def _examine(settings: CommandSettings) -> int:
    from hlfd.doctor.examine import as_object, conclusion, examine, is_ready

    findings = []
    for finding in examine(settings.folder):
        findings.append(finding)
        if not settings.json_:  # at once: torch takes its time
            _print(finding)
    print(json.dumps(as_object(findings), indent=2) if settings.json_ else f"\n{conclusion(findings)}")
    return 0 if is_ready(findings) else EXIT_NOT_READY


def _print(finding: Finding) -> None:
    from hlfd.doctor.examine import STYLES, as_lines

    first, *others = as_lines(finding)
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:  # which the finding tells
        print(first, *others, sep="\n", flush=True)
        return
    line = Text(first)
    line.stylize(STYLES[finding.verdict], 0, len(finding.verdict))
    Console(highlight=False).print(line, *others, sep="\n", soft_wrap=True, markup=False)
