"""The whole examination, and how it is told: lines for people, one object for programs."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from hlfd.doctor import packages
from hlfd.doctor.finding import Finding, counted, listed, pip_command

STYLES = {"good": "green", "warning": "yellow", "bad": "bold red"}
WIDTHS = (9, 10)
"""Of the columns for verdict and topic, letters."""


def examine(folder: Path) -> Iterator[Finding]:
    """Look at one thing after the other; without psutil, only at Python and the packages.

    Args:
        folder: where runs will be written; it need not be there yet.
    """
    yield packages.judge_python(packages.read_python())
    needed = packages.read_packages()
    yield packages.judge_packages(needed)
    if packages.installed_version("psutil") is None:
        say = "psutil is not installed, and without it nothing further can be looked at."
        yield Finding("machine", "bad", say, f"Run: {pip_command('psutil')}")
        return
    from hlfd.doctor import driver, resources, torches, workers

    torch, wanted = torches.read_torch(), packages.wanted(needed, "torch")
    yield torches.judge_torch(torch, wanted)
    yield torches.judge_device(torch)
    yield driver.judge_driver(driver.read_driver(), torch, wanted)
    yield resources.judge_memory(resources.read_memory())
    yield resources.judge_disk(resources.read_disk(folder))
    yield resources.judge_cores(resources.read_cores())
    yield workers.judge_workers(workers.read_workers())


def is_ready(findings: Sequence[Finding]) -> bool:
    """Whether training can run: nothing is bad."""
    return all(finding.verdict != "bad" for finding in findings)


def conclusion(findings: Sequence[Finding]) -> str:
    """The sentence at the end: where training will run, or which findings stand in its way."""
    if not is_ready(findings):
        bad = [finding.topic for finding in findings if finding.verdict == "bad"]
        return f"Not ready: see what is said of {listed(bad)} above."
    device, threads = _facts(findings, "device"), _facts(findings, "cores")["threads"]
    where = f"the CPU, with {counted(threads, 'thread')}" if device["chosen"] == "cpu" else device["called"]
    return f"Ready: training will run on {where}."


def as_lines(finding: Finding) -> list[str]:
    """A finding in a line, and what to do about it in further ones, set in."""
    verdict, topic = finding.verdict.ljust(WIDTHS[0]), finding.topic.ljust(WIDTHS[1])
    return [verdict + topic + finding.say, *(" " * sum(WIDTHS) + step for step in finding.do.splitlines())]


def as_object(findings: Sequence[Finding]) -> dict[str, Any]:
    """All findings, whether training can run, and on which device (None: on none)."""
    told = [{name: getattr(finding, name) for name in Finding.__dataclass_fields__} for finding in findings]
    return {"ready": is_ready(findings), "device": _facts(findings, "device").get("chosen"), "findings": told}


def _facts(findings: Sequence[Finding], topic: str) -> dict[str, Any]:
    return next((finding.facts for finding in findings if finding.topic == topic), {})
