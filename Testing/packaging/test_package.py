"""What a user gets from Slicer's manager of extensions: every file that is needed, and none of the tests."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.packaging.conftest import PROJECT, configure, run_cmake
from Testing.packaging.list_files import COMMAND, listings, outdated, write

FROM_INSTALLED = """
import sys
sys.path.insert(0, sys.argv[1])
from HLFDSegmentationLib import Jobs
from HLFDSegmentationLib.BackendPlace import backendFolder, useBackend
useBackend()
import hlfd.jobs.client, hlfd.event_file
print(backendFolder().as_posix())
print(hlfd.__file__.replace("\\\\", "/"))
print("torch" in sys.modules)
"""


def test_the_lists_of_files_are_those_of_the_tree():
    wrong = outdated()
    assert not wrong, f"run `{COMMAND}`, for " + "; ".join(wrong)


def test_lists_are_in_order_and_have_the_line_ends_of_linux():
    for file in listings():
        content = file.read_bytes()
        assert b"\r" not in content
        names = [line.strip() for line in content.decode().splitlines() if line.startswith("  ") and line != "  )"]
        assert len(names) == len(set(names)), f"{file.name} lists a file twice"


def test_a_new_file_and_a_lost_one_are_told_and_written(tmp_path):
    for name in ("HLFDSegmentation/HLFDSegmentationLib/Old.py", "Backend/hlfd/cli.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).touch()
    assert {file.name for file in write(tmp_path)} == {"ModuleFiles.cmake", "BackendFiles.cmake"}
    assert outdated(tmp_path) == [] and write(tmp_path) == []
    library = tmp_path / "HLFDSegmentation" / "HLFDSegmentationLib"
    (library / "Old.py").rename(library / "New.py")
    assert outdated(tmp_path) == [
        "HLFDSegmentation/ModuleFiles.cmake lacks HLFDSegmentationLib/New.py",
        "HLFDSegmentation/ModuleFiles.cmake lists HLFDSegmentationLib/Old.py, which is gone",
    ]
    assert [file.name for file in write(tmp_path)] == ["ModuleFiles.cmake"]


def test_each_file_that_runs_is_installed_and_nothing_else(built):
    module, backend = PROJECT / "HLFDSegmentation", PROJECT / "Backend"
    wanted = {"HLFDSegmentation.py"}
    for folder, patterns, prefix in (
        (module, ("HLFDSegmentationLib/**/*.py", "Resources/**/*.*"), ""),
        (backend, ("hlfd/**/*.py", "hlfd/**/*.j2", "pyproject.toml", "constraints.txt"), "HLFDSegmentationBackend/"),
    ):
        found = (one.relative_to(folder).as_posix() for pattern in patterns for one in folder.glob(pattern))
        wanted |= {prefix + one for one in found if "__pycache__" not in one}
    installed = built.files(built.modules)
    assert installed == wanted
    assert not [one for one in built.files(built.installed) if "Testing" in one or "test_" in one]


def test_slicer_would_find_one_module_and_no_stray_script(built):
    assert [one.name for one in built.modules.glob("*.py")] == ["HLFDSegmentation.py"]


def test_the_build_tree_has_what_the_installed_one_has(built):
    assert built.files(built.build / "lib") == built.files(built.installed / "lib")


def test_the_installed_library_finds_the_backend_beside_it(built, tmp_path):
    inherited = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    command = [sys.executable, "-c", FROM_INSTALLED, str(built.modules)]
    done = subprocess.run(command, cwd=tmp_path, env=inherited, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    place, package, has_torch = done.stdout.split("\n")[:3]
    assert Path(place) == (built.modules / "HLFDSegmentationBackend").resolve()
    assert Path(package) == Path(place) / "hlfd" / "__init__.py"
    assert has_torch == "False"


def test_ctest_has_the_module_s_own_tests(built):
    done = run_cmake("--test-dir", str(built.build), "--show-only=json-v1", program="ctest")
    assert {one["name"] for one in json.loads(done.stdout)["tests"]} == {
        "py_HLFDSegmentation",
        "py_HLFDSegmentationInSlicerTest",
        "py_nomainwindow_qSlicerHLFDSegmentationModuleGenericTest",
    }


def test_what_the_manager_of_extensions_shows_is_there(built):
    lines = (built.installed / "share" / "Slicer-5.12" / "HLFDSegmentation.s4ext").read_text().splitlines()
    shown = dict(line.split(" ", 1) for line in lines)
    assert set(shown) == {"homepage", "contributors", "description", "iconurl", "screenshoturls", "depends"}
    assert 100 < len(shown["description"]) < 400
    for url in (shown["iconurl"], *shown["screenshoturls"].split()):
        place = re.fullmatch(r"https://raw\.githubusercontent\.com/SlicerHLFD/SlicerHLFD/main/(.+\.png)", url)
        assert place, f"{url} is no picture of this repository"
        assert (PROJECT / place[1]).read_bytes().startswith(b"\x89PNG"), f"{place[1]} is no PNG"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("slicerMacroBuildScriptedModule(NAMED X NAME X SCRIPTS X.py RESOURCES X.py)", "no such keyword"),
        ("slicerMacroBuildScriptedModule(NAME X SCRIPTS X.py RESURCES X.py)", "RESOURCES is missing"),
        ("slicerMacroBuildScriptedModule(NAME X SCRIPTS X.py Gone.py RESOURCES X.py)", "there is no file Gone.py"),
        ("slicerMacroBuildScriptedModule(NAME X SCRIPTS X.py X.py RESOURCES X.py)", "listed twice"),
        ("slicer_add_python_unittest(SCRIPT Gone.py)", "there is no file Gone.py"),
    ],
)
def test_the_stand_in_refuses_what_slicer_would_leave_out_or_refuse(tmp_path, wrong, told):
    lines = ("cmake_minimum_required(VERSION 3.20)", "project(X NONE)", "find_package(Slicer REQUIRED)")
    (tmp_path / "CMakeLists.txt").write_text("\n".join((*lines, "include(${Slicer_USE_FILE})", wrong)))
    (tmp_path / "X.py").touch()
    done = configure(tmp_path, tmp_path / "build")
    assert done.returncode != 0
    assert told in re.sub(r"\s+", " ", done.stderr)
