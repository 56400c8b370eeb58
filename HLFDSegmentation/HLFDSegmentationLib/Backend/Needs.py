"""What the backend needs: its packages, the build of torch for this computer, space, and wheels where no network is.

The list of packages is the backend's own (`Backend/pyproject.toml`), their tested versions too (`constraints.txt`).
"""

import re
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

from ..BackendPlace import useBackend
from ..Words import tr as _

INDEX = "https://download.pytorch.org/whl/"
CPU, CUDA_12, CUDA_13, APPLE = "cpu", "cu126", "cu130", "apple"
WHEELS_FOLDER = "hlfd-wheels"


@dataclass(frozen=True)
class Build:
    """A build of torch that one can choose. Sizes are of torch and all else that the backend needs, roughly."""

    name: str
    title: str
    index: str
    """Where pip finds it, beside the Python Package Index; empty for there."""
    downloadGb: float
    diskGb: float
    """While it is installed: what is downloaded, and what comes of it."""


def builds(system: str = sys.platform) -> list[Build]:
    """The builds of torch for a system."""
    if system == "darwin":
        return [Build(APPLE, _("Processor and Apple's GPU"), "", 0.4, 2.5)]
    return [
        Build(CPU, _("Processor"), INDEX + CPU, 0.5, 2.5),
        Build(CUDA_12, _("NVIDIA GPU, CUDA 12.6"), INDEX + CUDA_12, 3.0, 12),
        Build(CUDA_13, _("NVIDIA GPU, CUDA 13.0"), INDEX + CUDA_13, 3.0, 12),
    ]


def buildForHere() -> str:
    """The name of the build that fits this computer's GPU, if it has one. Asking nvidia-smi may take seconds."""
    if sys.platform == "darwin":
        return APPLE
    useBackend()
    from hlfd.doctor.driver import build_for, read_driver

    driver = read_driver()
    if not driver["gpus"]:
        return CPU
    capability = min((gpu["capability"] for gpu in driver["gpus"] if gpu["capability"]), default=None)
    return build_for(driver["driver"], capability) or CPU


def dependencies(backend: Path) -> list[str]:
    """The packages that the backend needs, with their ranges, such as `torch>=2.6,<3`."""
    with (backend / "pyproject.toml").open("rb") as file:
        return tomllib.load(file)["project"]["dependencies"]


def constraints(backend: Path) -> Path:
    """The file of tested versions, for `pip install -c`."""
    return backend / "constraints.txt"


def pinned(backend: Path) -> list[str]:
    """The packages that the backend needs, in the versions that it was tested with."""
    lines = constraints(backend).read_text(encoding="utf-8").splitlines()
    pins = {nameOf(line): line.strip() for line in lines if re.match(r"[A-Za-z]", line)}
    return [pins.get(nameOf(need), need) for need in dependencies(backend)]


def nameOf(requirement: str) -> str:
    """The package of a requirement, in the one way of writing it that compares."""
    found = re.match(r"\s*([\w.-]+)", requirement)
    return re.sub(r"[-_.]+", "-", found[1]).lower() if found else ""


def wheelsCommand(backend: Path, build: Build) -> str:
    """What to type on another computer, of the same system and with the same Python, to get a folder of wheels."""
    index = f" --extra-index-url {build.index}" if build.index else ""
    packages = " ".join(word if re.fullmatch(r"[\w.=-]+", word) else f'"{word}"' for word in pinned(backend))
    return f"python -m pip download --dest {WHEELS_FOLDER}{index} {packages}"
