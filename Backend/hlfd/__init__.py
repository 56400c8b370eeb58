"""SlicerHLFD's backend: distils a CT tumour-segmentation teacher into a compact student, and runs the student.

`HLFD_PACKAGES` in the environment may name folders (separated as those of `PATH`) with the packages that this one
needs. They come before all others, whatever PYTHONPATH says: the Python of 3D Slicer puts its own packages before that.
"""

import os
import sys
from pathlib import Path

__version__ = "0.1.0"
PACKAGES_VARIABLE = "HLFD_PACKAGES"

if _folders := [
    str(Path(place).absolute()) for place in os.environ.get(PACKAGES_VARIABLE, "").split(os.pathsep) if place
]:
    sys.path[:] = [*_folders, *(place for place in sys.path if place not in _folders)]
