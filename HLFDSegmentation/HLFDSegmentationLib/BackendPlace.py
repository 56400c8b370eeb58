"""Where the backend's files are, and where it keeps what belongs to a user.

Slicer's Python imports of the backend only what needs the standard library alone (docs/jobs.md lists it), such as
`hlfd.jobs.client`, and the drawing of phantoms, which needs numpy; inside of functions, after `useBackend()`.
"""

import sys
from pathlib import Path

from .Words import Refusal
from .Words import tr as _


def backendFolder() -> Path:
    """The folder that has the package `hlfd`: beside the module in a checkout, inside of it once installed.

    Raises:
        Refusal: it is in neither place.
    """
    module = Path(__file__).resolve().parents[1]
    places = (module.parent / "Backend", module / "HLFDSegmentationBackend")
    for place in places:
        if (place / "hlfd" / "__init__.py").is_file():
            return place
    raise Refusal(
        _("The backend is missing from {place}; install the extension again.").format(place=places[-1]),
    )


def useBackend() -> None:
    """Let `import hlfd...` find the backend. It comes last on the path, so that nothing of Slicer's is hidden by it."""
    place = str(backendFolder())
    if place not in sys.path:
        sys.path.append(place)


def homeFolder() -> Path:
    """Where the environment, the models and the trainings of a user are; the jobs lie there as well."""
    return Path("~/.hlfd").expanduser()


def jobsFolder() -> Path:
    """Where jobs are, for Slicer and terminals alike."""
    useBackend()
    from hlfd.jobs.folder import default_folder

    return default_folder()
