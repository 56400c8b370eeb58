"""`hlfd doctor`: what is there, what is missing, and what to do."""

import json
from pathlib import Path

from pydantic import Field
from pydantic_settings import CliPositionalArg

from hlfd.doctor.finding import Finding
from hlfd.settings import Settings

EXIT_NOT_READY = 1


class CommandSettings(Settings):
    """Check whether training can run here, and on what; the status is 1 if it cannot."""

    folder: CliPositionalArg[Path] = Path()
    """Folder where runs will be written; it need not be there yet."""
    json_: bool = Field(False, alias="json")
    """Print one JSON object in place of sentences."""


def run(settings: CommandSettings) -> int:
    """Examine and print; give the exit status."""
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
