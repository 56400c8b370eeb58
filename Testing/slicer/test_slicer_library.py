"""The library as a whole: what it needs, and what of it needs Slicer's window."""

import ast
import subprocess
import sys
from pathlib import Path

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
LOGIC = {
    *("SegmentationNodes", "Segment.SegmentResult", "Segment.Scope", "Cases.CaseExport", "Cases.CaseChecks"),
    *("Distil.Distillation", "Distil.Curves", "Models.ModelLibrary", "Backend.Installation", "SelfTest"),
}
"""Some that must need no window, lest the rest of this test become empty."""

IMPORT_EACH = """
import importlib, sys

class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in sys.argv[1].split():
            raise ImportError(f"{name} is no part of Slicer's library")

sys.meta_path.insert(0, Blocked())
for name in sys.argv[2:]:
    importlib.import_module(name)
    print(name)
"""


def files(moduleFolder: Path) -> dict[str, Path]:
    """Name of each module of the library -> its file."""
    found = moduleFolder.glob("HLFDSegmentationLib/**/*.py")
    return {
        ".".join(one.relative_to(moduleFolder).with_suffix("").parts).removesuffix(".__init__"): one for one in found
    }


def importsOf(name: str, file: Path) -> set[str]:
    """What a module imports as it is loaded, in full names."""
    package = name.split(".") if file.stem == "__init__" else name.split(".")[:-1]
    named = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            source = ".".join([*above, *([node.module] if node.module else [])])
            named |= {source, *(f"{source}.{alias.name}" for alias in node.names)}
    return named


def needsWindow(names: dict[str, Path]) -> set[str]:
    """The modules that import qt, or one that does."""
    imports = {name: importsOf(name, file) for name, file in names.items()}
    found = {name for name, named in imports.items() if named & {"qt", "ctk", "slicer.parameterNodeWrapper"}}
    while more := {name for name in imports.keys() - found if imports[name] & found}:
        found |= more
    return found


def test_every_file_that_needs_no_window_imports_with_nothing_but_slicer_vtk_and_numpy(moduleFolder):
    names = files(moduleFolder)
    headless = sorted(names.keys() - needsWindow(names))
    assert {f"HLFDSegmentationLib.{name}" for name in LOGIC} <= set(headless)
    command = [sys.executable, "-c", IMPORT_EACH, " ".join(THIRD_PARTY), *headless]
    done = subprocess.run(command, cwd=moduleFolder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == headless
