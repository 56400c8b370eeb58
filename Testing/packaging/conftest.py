"""The extension, configured, built and installed by CMake, once for all tests."""

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
STAND_IN = Path(__file__).parent / "cmake"
MODULES = "lib/Slicer-5.12/qt-scripted-modules"


@dataclass(frozen=True)
class Built:
    """An extension and where it was put."""

    build: Path
    installed: Path
    """As Slicer's manager of extensions would unpack it."""

    @property
    def modules(self) -> Path:
        """Where Slicer finds the module."""
        return self.installed / MODULES

    def files(self, folder: Path) -> set[str]:
        """All files below a folder, relative to it."""
        return {one.relative_to(folder).as_posix() for one in folder.rglob("*") if one.is_file()}


def run_cmake(*arguments: str, program: str = "cmake") -> subprocess.CompletedProcess:
    """Run a program of the PyPI packages cmake and ninja, whatever the system has."""
    import cmake

    command = [str(Path(cmake.CMAKE_BIN_DIR) / program), *arguments]
    return subprocess.run(command, capture_output=True, text=True, encoding="utf-8", timeout=120)


def configure(source: Path, build: Path, *more: str) -> subprocess.CompletedProcess:
    """Configure an extension against the stand-in for a Slicer build."""
    import ninja

    return run_cmake(
        *("-S", str(source), "-B", str(build), "-G", "Ninja"),
        f"-DCMAKE_MAKE_PROGRAM={(Path(ninja.BIN_DIR) / 'ninja').as_posix()}",
        f"-DCMAKE_TOOLCHAIN_FILE={(STAND_IN / 'no_compiler.cmake').as_posix()}",
        f"-DSlicer_DIR={STAND_IN.as_posix()}",
        *more,
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory) -> Built:
    """This extension, installed."""
    folder = tmp_path_factory.mktemp("extension")
    build, installed = folder / "build", folder / "installed"
    for done in (
        configure(PROJECT, build, f"-DCMAKE_INSTALL_PREFIX={installed.as_posix()}"),
        run_cmake("--build", str(build)),
        run_cmake("--install", str(build)),
    ):
        assert done.returncode == 0, done.stdout + done.stderr
    return Built(build, installed)
