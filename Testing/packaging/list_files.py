"""Writes the lists of files that CMake packages, from what is in the tree: `python Testing/packaging/list_files.py`.

What is not listed is not in the installed extension; so the lists are made, not kept by hand.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
COMMAND = "python Testing/packaging/list_files.py"
ICONS_AND_MORE = (".json", ".png", ".svg", ".ui")


def listings(project: Path = PROJECT) -> dict[Path, str]:
    """Each list file of CMake and what it has to hold."""
    module, backend = project / "HLFDSegmentation", project / "Backend"
    library = _below(module, "HLFDSegmentationLib/**/*.py")
    module_lists = {
        "MODULE_PYTHON_SCRIPTS": ["HLFDSegmentation.py", *library],
        "MODULE_RESOURCES": [one for one in _below(module, "Resources/**/*") if one.endswith(ICONS_AND_MORE)],
    }
    backend_lists = {
        "BACKEND_PYTHON_SCRIPTS": _below(backend, "hlfd/**/*.py"),
        "BACKEND_RESOURCES": ["constraints.txt", "pyproject.toml", *_below(backend, "hlfd/**/templates/*")],
    }
    return {
        module / "ModuleFiles.cmake": _as_cmake(module_lists),
        module / "BackendFiles.cmake": _as_cmake(backend_lists),
    }


def outdated(project: Path = PROJECT) -> list[str]:
    """What the list files lack or have too much, a sentence each; none if all are right."""
    return [
        sentence
        for file, wanted in listings(project).items()
        for sentence in _differences(file.relative_to(project), _lines(file), wanted.splitlines())
    ]


def write(project: Path = PROJECT) -> list[Path]:
    """Write the list files that are not right; gives those."""
    written = []
    for file, wanted in listings(project).items():
        if not file.is_file() or file.read_bytes() != wanted.encode():
            file.write_bytes(wanted.encode())  # bytes: CMake's files have LF on every system
            written.append(file)
    return written


def _below(folder: Path, pattern: str) -> list[str]:
    found = (file.relative_to(folder) for file in folder.glob(pattern) if file.is_file())
    return sorted(file.as_posix() for file in found if not _is_passing(file.parts))


def _is_passing(parts: tuple[str, ...]) -> bool:
    """Whether it is what a tool or a killed process left."""
    return any(part == "__pycache__" or part.startswith(".") for part in parts)


def _as_cmake(lists: dict[str, Iterable[str]]) -> str:
    lines = [f"# Made by `{COMMAND}`; run it again when a file was added or removed."]
    for name, files in lists.items():
        lines += ["", f"set({name}", *(f"  {file}" for file in files), "  )"]
    return "\n".join(lines) + "\n"


def _lines(file: Path) -> list[str]:
    return file.read_text(encoding="utf-8").splitlines() if file.is_file() else []


def _differences(name: Path, found: list[str], wanted: list[str]) -> Iterator[str]:
    yield from (f"{name.as_posix()} lacks {line.strip()}" for line in wanted if line not in found)
    yield from (f"{name.as_posix()} lists {line.strip()}, which is gone" for line in found if line not in wanted)
    if sorted(found) == sorted(wanted) and found != wanted:
        yield f"{name.as_posix()} is out of order"


if __name__ == "__main__":
    for written_file in write():
        print(f"wrote {written_file.relative_to(PROJECT)}")
    sys.exit(0)
