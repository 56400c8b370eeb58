"""Does torch load, and does it compute on the devices that it finds?"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from hlfd.doctor.finding import Finding, pip_command
from hlfd.doctor.packages import installed_version
from hlfd.doctor.probe import UNANSWERED
from hlfd.machine import in_words

SECONDS = 180
"""Longest wait for torch; the first load from a slow disk takes a minute."""
LITTLE_BYTES = 2e9
PROBE = (sys.executable, "-m", "hlfd.doctor.probe")
REDISTRIBUTABLE = "On Windows, torch needs Microsoft's Visual C++ Redistributable as well (aka.ms/vs/17/release)."


def read_torch(command: Sequence[str] = PROBE, seconds: float = SECONDS) -> dict[str, Any]:
    """Ask torch in a process of its own: `torch` about itself, and `devices` in the order of preference."""
    told, ended = _ask(command, seconds)
    facts: dict[str, Any] = {"torch": {"error": ended}, "devices": []}
    devices: dict[str, dict[str, Any]] = {}
    for line in told:
        if "torch" in line:
            facts["torch"] = line["torch"]
        else:
            devices[line["name"]] = line
    for device in devices.values():
        if device.get("error") == UNANSWERED:
            device["error"] = ended
    facts["torch"]["installed"] = installed_version("torch")
    return {**facts, "devices": list(devices.values())}


def judge_torch(facts: dict[str, Any], wanted: str = "torch") -> Finding:
    """Is torch there, and can it be loaded?

    Args:
        facts: of `read_torch`.
        wanted: torch with its range, for pip.
    """
    torch = facts["torch"]
    if "error" not in torch:
        built = "the CPU alone" if torch["build"] == "CPU" else torch["build"]
        return Finding("torch", "good", f"{torch['version']}, built for {built}.", "", torch)
    if torch["installed"] is None:
        return Finding("torch", "bad", "torch is not installed.", f"Run: {pip_command(wanted)}", torch)
    say = f"torch {torch['installed']} is installed and cannot be loaded: {torch['error']}."
    do = f"Install it anew: {pip_command('--force-reinstall', wanted)}"
    return Finding("torch", "bad", say, f"{do}\n{REDISTRIBUTABLE}" if os.name == "nt" else do, torch)


def judge_device(facts: dict[str, Any]) -> Finding:
    """Does the device compute that `--device auto` takes, and do the others?"""
    devices = facts["devices"]
    if not devices:
        return Finding("device", "bad", "None can be tried while torch cannot be loaded.", "", {"devices": []})
    chosen = devices[0]
    about = {"chosen": None if "error" in chosen else chosen["name"], "called": called(chosen), "devices": devices}
    if "error" in chosen:
        say = f"{called(chosen)} is there, and does not compute: {chosen['error']}."
        return Finding("device", "bad", say, _instead(chosen["name"]), about)
    say = f"{called(chosen)}{_room(chosen)} computes as it should."
    if broken := next((device for device in devices if "error" in device), None):
        do = f"Training on {chosen['name']} does not need it."
        return Finding("device", "warning", f"{say} {called(broken)} does not: {broken['error']}.", do, about)
    if chosen.get("memory_free", LITTLE_BYTES) < LITTLE_BYTES:
        do = "Another program holds its memory; `nvidia-smi` lists who does. End it, or wait for it."
        return Finding("device", "warning", say, do, about)
    return Finding("device", "good", say, "", about)


def called(device: dict[str, Any]) -> str:
    """Such as "cuda:0 (NVIDIA A100)"."""
    return f"{device['name']} ({device['model']})" if device.get("model") else device["name"]


def _room(device: dict[str, Any]) -> str:
    if "memory_free" not in device:
        return ""
    return f", with {in_words(device['memory_free'])} of {in_words(device['memory_total'])} free,"


def _instead(name: str) -> str:
    if name == "cpu":
        return "Install torch anew, in the build for this kind of processor (pytorch.org lists them)."
    cure = "see what is said of its driver below" if name.startswith("cuda") else "update macOS and torch"
    return f"To mend it, {cure}; until then, give --device cpu to each command."


def _ask(command: Sequence[str], seconds: float) -> tuple[list[dict[str, Any]], str]:
    """Run the probe; give the lines that it told, and how it ended."""
    try:
        ran = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=seconds, check=False)
        out, ended = ran.stdout, _ending(ran)
    except subprocess.TimeoutExpired as late:
        out, ended = late.stdout or b"", f"no answer came within {seconds:g} s"
    lines = out.decode("utf-8", "replace").splitlines()
    return [json.loads(line) for line in lines if line.startswith("{")], ended


def _ending(ran: "subprocess.CompletedProcess[bytes]") -> str:
    if ran.returncode < 0:
        return f"its process was ended by the system ({signal.strsignal(-ran.returncode)})"
    last = ran.stderr.decode("utf-8", "replace").strip().splitlines()[-1:]
    return ": ".join([f"its process ended with status {ran.returncode}", *last])
