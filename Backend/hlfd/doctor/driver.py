"""Is there an NVIDIA GPU, and does torch use it? If it does not: what to install."""

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

from hlfd.cgroups import PROC, text
from hlfd.doctor.finding import Finding, listed, pip_command

SECONDS = 30
FIELDS = ("name,driver_version,compute_cap", "name,driver_version")
"""What is asked of nvidia-smi; older ones don't know the compute capability."""
IN_WSL = "/usr/lib/wsl/lib"
INDEX = "https://download.pytorch.org/whl/"
# Which of PyTorch's builds runs where. CUDA 12.6 is the last one for GPUs before Turing (7.5) and for drivers before
# 580; it has no code for Blackwell (10.0).
CUDA_13_DRIVER, CUDA_12_DRIVER = 580, 525
TURING, BLACKWELL = 7.5, 10.0
NOTHING_VISIBLE = "No CUDA GPUs are available"
"""What torch says where CUDA works and shows it no device."""
ON_CPU = "Training runs on the CPU."
NARROW = "Narrow networks train on a CPU: teach --widths 8,16,32,64,128, distill --widths 8,16,32,64."


def read_driver(proc: Path = PROC) -> dict[str, Any]:
    """The NVIDIA GPUs, each with name and compute capability; the driver's version; what nvidia-smi complains of."""
    gpus, driver, problem = _ask_nvidia_smi()
    if not gpus:
        found = re.search(r"\b\d{3,}\.\d+(\.\d+)?\b", text(proc / "driver" / "nvidia" / "version"))
        driver = found[0] if found else None
        models = (text(file) for file in sorted((proc / "driver" / "nvidia" / "gpus").glob("*/information")))
        names = (re.search(r"^Model:\s*(.+)$", model, re.MULTILINE) for model in models)
        gpus = [{"name": name[1].strip(), "capability": None} for name in names if name]
    return {"gpus": gpus, "driver": driver, "problem": problem, "hidden": os.environ.get("CUDA_VISIBLE_DEVICES")}


def judge_driver(driver: dict[str, Any], torch: dict[str, Any], wanted: str = "torch") -> Finding:
    """Does torch use the GPU that is there?

    Args:
        driver: of `read_driver`.
        torch: of `read_torch`.
        wanted: torch with its range, for pip.
    """
    about, used = torch["torch"], [device for device in torch["devices"] if device["name"] != "cpu"]
    if any("error" not in device for device in used):
        return Finding("driver", "good", _in_use(driver, about, used[0]["name"]), "", driver)
    if driver["problem"] and not driver["gpus"]:
        say = f"nvidia-smi is there and fails: {driver['problem']}. {ON_CPU}"
        do = "Restart the machine; if that does not help, install the NVIDIA driver anew (nvidia.com/drivers)."
        return Finding("driver", "warning", say, do, driver)
    if not driver["gpus"] and driver["driver"] is None:
        say = "No GPU was found that torch could use, so training runs on the CPU."
        return Finding("driver", "warning", say, NARROW, driver)
    say, do = _unused(driver, about, used, wanted)
    return Finding("driver", "warning", f"{_gpu(driver)} is there, {say}", do, driver)


def build_for(driver: str | None, capability: float | None) -> str | None:
    """Which of PyTorch's CUDA builds runs with a driver on a GPU, such as "cu126"; None if the driver is too old.

    Args:
        driver: version, such as "550.54.15"; None if not known, and taken for a new one.
        capability: the GPU's compute capability, such as 8.6; None if not known.
    """
    number = re.match(r"\d+", driver or "")
    major = int(number[0]) if number else CUDA_13_DRIVER
    if major >= CUDA_13_DRIVER and (capability or TURING) >= TURING:
        return "cu130"
    return "cu126" if major >= CUDA_12_DRIVER and (capability or TURING) < BLACKWELL else None


def _in_use(driver: dict[str, Any], torch: dict[str, Any], device: str) -> str:
    if device == "mps":
        return "Apple's GPU needs none beyond macOS."
    if torch["build"].startswith("ROCm"):
        return f"AMD's driver and torch, built for {torch['build']}, work together."
    version = f" {driver['driver']}" if driver["driver"] else ""
    return f"NVIDIA driver{version} and torch, built for {torch['build']}, work together."


def _unused(driver: dict[str, Any], torch: dict[str, Any], used: list[dict[str, Any]], wanted: str) -> tuple[str, str]:
    """Why torch does not use the GPU, and what to do."""
    if "error" in torch:
        return "whether torch can use it will show once torch can be loaded.", ""
    if driver["hidden"] is not None and NOTHING_VISIBLE in torch.get("no_cuda", ""):
        say = f'but CUDA_VISIBLE_DEVICES is "{driver["hidden"]}" and hides it from torch. {ON_CPU}'
        return say, "Remove that variable from the environment, or set it to 0."
    do = _install(driver, wanted)
    if not torch["build"].startswith("CUDA"):
        kind = "a CPU build" if torch["build"] == "CPU" else f"built for {torch['build']}"
        return f"but this torch ({torch['version']}) is {kind} and cannot use it. {ON_CPU}", do
    why = used[0]["error"] if used else torch.get("no_cuda", "it finds no device")
    return f"but torch {torch['version']}, built for {torch['build']}, cannot use it: {why}.", do


def _install(driver: dict[str, Any], wanted: str) -> str:
    capability = min((gpu["capability"] for gpu in driver["gpus"] if gpu["capability"]), default=None)
    build = build_for(driver["driver"], capability)
    if build is None:
        return f"Update the NVIDIA driver to {CUDA_13_DRIVER} or newer (nvidia.com/drivers), then run this again."
    command = pip_command("--force-reinstall", wanted, "--index-url", INDEX + build)
    return f"Install a build for it: {command}"


def _gpu(driver: dict[str, Any]) -> str:
    names = listed(sorted({gpu["name"] for gpu in driver["gpus"]})) or "An NVIDIA GPU"
    return f"{names} with driver {driver['driver']}" if driver["driver"] else names


def _ask_nvidia_smi() -> tuple[list[dict[str, Any]], str | None, str | None]:
    """GPUs, version of the driver, and what is wrong; nothing at all where there is no nvidia-smi."""
    program = shutil.which("nvidia-smi") or shutil.which("nvidia-smi", path=IN_WSL)
    problem = None
    for fields in FIELDS if program else ():
        command = [str(program), f"--query-gpu={fields}", "--format=csv,noheader"]
        try:
            ran = subprocess.run(command, capture_output=True, timeout=SECONDS, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return [], None, str(error)
        said = ran.stdout.decode("utf-8", "replace").strip()
        rows = [[word.strip() for word in line.split(",")] for line in said.splitlines()]
        if ran.returncode == 0 and all(len(row) == len(fields.split(",")) for row in rows):
            return [_row(*row) for row in rows], rows[0][1] if rows else None, None
        problem = (said or ran.stderr.decode("utf-8", "replace").strip()).splitlines()[:1]
    return [], None, problem[0].rstrip(".") if problem else None


def _row(name: str, _driver: str, capability: str = "") -> dict[str, Any]:
    return {"name": name, "capability": float(capability) if re.fullmatch(r"\d+\.\d+", capability) else None}
