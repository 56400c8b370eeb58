"""The library as a whole: what it needs, and that all of it is installed."""

import re
import subprocess
import sys

THIRD_PARTY = [
    "torch",
    "SimpleITK",
    "scipy",
    "nibabel",
    "pydicom",
    "slicerio",
    "nrrd",
    "skimage",
    "PIL",
    "monai",
    "qt",
    "ctk",
]

IMPORT_ALL = """
import importlib, pkgutil, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1:]:
            raise ImportError(f"{name} is no part of Slicer's library")

sys.meta_path.insert(0, Blocked())
import HLFDSegmentationLib
for module in pkgutil.iter_modules(HLFDSegmentationLib.__path__):
    print(importlib.import_module(f"HLFDSegmentationLib.{module.name}").__name__)
"""


def test_every_file_imports_with_nothing_but_slicer_vtk_and_numpy(moduleFolder):
    command = [sys.executable, "-c", IMPORT_ALL, *THIRD_PARTY]
    done = subprocess.run(command, cwd=moduleFolder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) == len(list(moduleFolder.glob("HLFDSegmentationLib/[!_]*.py")))


def test_cmake_lists_every_file_of_the_library_and_no_other(moduleFolder):
    listed = re.findall(r"\$\{MODULE_NAME\}Lib/(\S+\.py)", (moduleFolder / "CMakeLists.txt").read_text())
    there = [path.relative_to(moduleFolder / "HLFDSegmentationLib") for path in moduleFolder.glob("*Lib/**/*.py")]
    assert sorted(listed) == sorted(path.as_posix() for path in there)
