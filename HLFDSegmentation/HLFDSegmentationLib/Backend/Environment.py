"""The environment that the backend runs in: which Python, which packages. The panel Backend keeps a record of it.

The record is written last, when everything it names is there, so that what it names is whole.
"""

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ..BackendPlace import homeFolder, useBackend
from ..Words import Refusal
from ..Words import tr as _

RECORD_FORMAT = 1
OWN, SLICER, CHOSEN, PYTORCH = "own", "slicer", "chosen", "pytorch"
"""A virtual environment of ours; Slicer's Python with a folder of packages; a Python that has all; PyTorch's torch."""
KINDS = (OWN, SLICER, CHOSEN, PYTORCH)
PACKAGES_VARIABLE = "HLFD_PACKAGES"
"""Folder of packages that `hlfd` puts before all others."""
OF_ANOTHER_PYTHON = (
    *("PYTHONHOME", "PYTHONPATH", "PYTHONNOUSERSITE", "PYTHONUSERBASE", "PYTHONSTARTUP", "PYTHONPLATLIBDIR"),
    *("PYTHONEXECUTABLE", "__PYVENV_LAUNCHER__", "VIRTUAL_ENV"),
)
OF_COMPUTING = ("CUDA_", "NVIDIA_", "HIP_", "ROCR_", "OMP_", "MKL_", "PYTORCH_")
"""How names begin that a user may set for Slicer and means for the backend."""
BROKEN = "broken"


@dataclass(frozen=True)
class Environment:
    """Where the backend's processes run."""

    kind: str
    """One of `KINDS`; another one if the record is broken."""
    python: str
    """Path of the interpreter."""
    packages: str = ""
    """Folder of packages beside those of the interpreter; empty for none."""
    torch: str = ""
    """Version, as it was found when the record was written."""
    device: str = ""
    """That trainings compute on, such as `cuda` or `cpu`, as it was found then."""

    def variables(self) -> dict[str, str]:
        """Environment variables for a process of it."""
        return variablesFor(self.kind, self.packages)

    def fault(self) -> str:
        """Why it cannot be used, in a sentence; empty if its files are there."""
        if self.kind not in KINDS:
            sentence = _("{record} cannot be read; install the backend again under Backend.")
            return sentence.format(record=recordPath())
        if not Path(self.python).is_file():
            sentence = _("The Python of the backend, {python}, is not there any more; install again under Backend.")
            return sentence.format(python=self.python)
        if self.packages and not Path(self.packages).is_dir():
            sentence = _("The backend's packages, {folder}, are not there any more; install again under Backend.")
            return sentence.format(folder=self.packages)
        return ""


def recordPath() -> Path:
    """The file that says which environment there is."""
    return homeFolder() / "environment.json"


def readEnvironment() -> Environment | None:
    """The environment of the record; None if there is none. One that cannot be read has a `fault()`."""
    try:
        content = json.loads(recordPath().read_text(encoding="utf-8"))
        return _checked(content)
    except FileNotFoundError:
        return None
    except (OSError, ValueError):
        return Environment(BROKEN, "")


def writeEnvironment(environment: Environment) -> None:
    """Make this the environment.

    Raises:
        Refusal: the record cannot be written.
    """
    useBackend()
    from hlfd.files import write_json

    try:
        write_json(recordPath(), {"format": RECORD_FORMAT, **asdict(environment)})
    except OSError as error:
        sentence = _("{record} cannot be written ({reason}); free space there or correct its permissions.")
        raise Refusal(sentence.format(record=recordPath(), reason=error.strerror)) from None


def forgetEnvironment() -> None:
    """Let there be none; its files stay."""
    recordPath().unlink(missing_ok=True)


def variablesFor(kind: str, packages: str = "") -> dict[str, str]:
    """Environment variables for a process of a kind of environment.

    Slicer's own interpreter needs what Slicer's launcher has set; every other one would be broken by it.
    """
    if kind in (SLICER, PYTORCH):
        return {**os.environ, **({PACKAGES_VARIABLE: packages} if packages else {})}
    variables = {name: value for name, value in _beforeSlicer().items() if name not in OF_ANOTHER_PYTHON}
    computing = {name: value for name, value in os.environ.items() if name.startswith(OF_COMPUTING)}
    return {**variables, **computing}


def _beforeSlicer() -> Mapping[str, str]:
    """The variables as they were before Slicer's launcher; outside of the application, those that there are."""
    try:
        import slicer
    except ImportError:
        return os.environ
    if not hasattr(getattr(slicer, "app", None), "startupEnvironment"):
        return os.environ
    return slicer.util.startupEnvironment()


def _checked(content) -> Environment:
    if not isinstance(content, dict) or content.pop("format", None) != RECORD_FORMAT:
        raise ValueError("not a record of this format")
    texts = {name: content.get(name, "") for name in Environment.__dataclass_fields__}
    if texts["kind"] not in KINDS or not all(isinstance(text, str) for text in texts.values()):
        raise ValueError("not a record of this format")
    return Environment(**texts)
