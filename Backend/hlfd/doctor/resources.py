"""Do memory, disk and processors suffice?"""

import tempfile
from pathlib import Path
from typing import Any

from hlfd import machine
from hlfd.doctor.finding import Finding, Verdict, counted
from hlfd.machine import in_words

MEMORY_BYTES: dict[Verdict, float] = {"bad": 2e9, "warning": 8e9}
DISK_BYTES: dict[Verdict, float] = {"bad": 1e9, "warning": 10e9}
"""Below these it is bad, or a warning."""
LESS_MEMORY = "Close other programs; a smaller --batch or --crop, and narrower networks, need less."


def read_memory() -> dict[str, Any]:
    """Memory of the machine, or of the container, bytes."""
    return {"available": machine.memory_available(), "total": machine.memory_total()}


def judge_memory(facts: dict[str, Any]) -> Finding:
    """Is enough memory free to train?"""
    verdict = _verdict(facts["available"], MEMORY_BYTES)
    say = f"{in_words(facts['available'])} of {in_words(facts['total'])} are free"
    if verdict == "good":
        return Finding("memory", verdict, f"{say}.", "", facts)
    end = "too little to train" if verdict == "bad" else "little for wide networks"
    return Finding("memory", verdict, f"{say}, {end}.", LESS_MEMORY, facts)


def read_disk(folder: Path) -> dict[str, Any]:
    """Free bytes where runs would be written, and why nothing can be written there, if so; nothing is left behind."""
    place = machine.existing(folder)
    facts = {"folder": str(folder.absolute()), "free": machine.disk_free(place), "error": None}
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        facts["error"] = error.strerror or str(error)
    return facts


def judge_disk(facts: dict[str, Any]) -> Finding:
    """Can runs be written, and is there room for them?"""
    if facts["error"] is not None:
        say = f"{facts['folder']}: nothing can be written there ({facts['error']})."
        return Finding("disk", "bad", say, "Change its permissions, or choose another folder for runs.", facts)
    verdict = _verdict(facts["free"], DISK_BYTES)
    say = f"{in_words(facts['free'])} are free at {facts['folder']}"
    if verdict == "good":
        return Finding("disk", verdict, f"{say}, which can be written to.", "", facts)
    end = "too little for a run" if verdict == "bad" else "little for a store and several runs"
    return Finding("disk", verdict, f"{say}, {end}.", "Make room there, or choose a folder on another disk.", facts)


def read_cores() -> dict[str, Any]:
    """Processors that may be used, threads that will compute, and what OMP_NUM_THREADS asks for (0: nothing)."""
    asked = machine.threads_of_environment()
    return {"cores": machine.cores(), "threads": machine.threads_to_use(), "asked": asked}


def judge_cores(facts: dict[str, Any]) -> Finding:
    """How many threads will compute?"""
    cores, threads = facts["cores"], facts["threads"]
    say = f"{counted(cores, 'core')}, {counted(threads, 'thread')} to compute"
    if threads > cores and facts["asked"]:
        do = "Remove OMP_NUM_THREADS from the environment: threads that take turns slow each other down."
        return Finding("cores", "warning", f"{say}, which is what OMP_NUM_THREADS asks for.", do, facts)
    if facts["asked"]:
        return Finding("cores", "good", f"{say}, as OMP_NUM_THREADS asks.", "", facts)
    if threads == cores:
        return Finding("cores", "good", f"{say}; other programs will be slow meanwhile.", "", facts)
    return Finding("cores", "good", f"{say}; the rest is for the desktop.", "", facts)


def _verdict(bytes_: int, below: dict[Verdict, float]) -> Verdict:
    return next((verdict for verdict, limit in below.items() if bytes_ < limit), "good")
