"""run.py sets SlicerHLFD up; these are its decisions. Nothing here installs or downloads."""

import importlib.util
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import run

# Libraries that every Linux with Python has; and those that the packages asked for depend on.
EVERYWHERE = {f"lib{name}" for name in ("c.so.6", "dl.so.2", "m.so.6", "pthread.so.0", "rt.so.1", "z.so.1")}
EVERYWHERE |= {"libgcc_s.so.1", "libstdc++.so.6", "libzstd.so.1"}
BROUGHT_ALONG = {"libfreetype.so.6", "libgthread-2.0.so.0"}  # by libfontconfig1, by libglib2.0-0
APT_INSTALL = "apt-get install --yes --no-install-recommends"


@pytest.fixture
def requirements(tmp_path):
    """A pyproject.toml and a constraints.txt."""
    files = (tmp_path / "pyproject.toml", tmp_path / "constraints.txt")
    files[0].write_text('dependencies = ["torch>=2"]\n', encoding="utf-8")
    files[1].write_text("torch==2.13.0\n", encoding="utf-8")
    return files


@pytest.fixture
def an_environment(tmp_path):
    """A virtual environment as Python 3.11 makes it, reduced to what run.py looks at."""
    venv = tmp_path / ".venv"
    python = run.venv_python(venv)
    python.parent.mkdir(parents=True)
    python.touch()
    (venv / "pyvenv.cfg").write_text("home = somewhere\nversion = 3.11.7\n", encoding="utf-8")
    return venv


class Recorder:
    """Stands for running a command: keeps what it was given and answers with a status."""

    def __init__(self, status=0):
        self.status = status
        self.commands = []

    def __call__(self, command):
        self.commands.append(shlex.join(command))
        return self.status


# Python


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 12, 10), (3, 13, 1)])
def test_a_python_that_the_dependencies_have_wheels_for_is_accepted(version):
    run.check_python(version)


@pytest.mark.parametrize("version", [(3, 8, 18), (3, 10, 13), (3, 14, 0), (4, 0, 0)])
def test_another_python_is_refused_with_its_version_and_those_that_do(version):
    with pytest.raises(run.SetupError, match=rf"Python {version[0]}\.{version[1]}.*3\.11, 3\.12 and 3\.13"):
        run.check_python(version)


def test_a_refusal_is_one_sentence_on_stderr_and_exit_status_1(monkeypatch, capsys):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2, "final", 0))
    assert run.main(["test"]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("run.py: this is Python 3.9") and captured.err.count("\n") == 1


# The system's libraries


@pytest.mark.parametrize("task", ["demo", "test"])
def test_a_system_with_every_library_lacks_nothing(task):
    assert run.find_missing(task, loadable=lambda library: True, importable=lambda module: True) == {}


def test_each_missing_library_is_named_with_its_debian_package():
    missing = run.find_missing("demo", loadable={"libX11.so.6"}.__contains__, importable=lambda module: True)
    assert missing == {"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"}


def test_the_tests_alone_want_the_libraries_of_qt():
    for_rendering = {"libX11.so.6", "libEGL.so.1", "libGL.so.1"}
    missing = run.find_missing("test", loadable=for_rendering.__contains__, importable=lambda module: True)
    assert missing == {
        "libxkbcommon.so.0": "libxkbcommon0",
        "libfontconfig.so.1": "libfontconfig1",
        "libdbus-1.so.3": "libdbus-1-3",
        "libglib-2.0.so.0": "libglib2.0-0",
    }
    assert run.find_missing("demo", loadable=for_rendering.__contains__, importable=lambda module: True) == {}


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Qt brings all it needs for the other systems")
def test_every_library_that_qt_needs_comes_with_it_or_with_a_package_that_is_asked_for():
    home = Path(importlib.util.find_spec("PySide6").origin).parent
    files = [home / f"Qt{room}.abi3.so" for room in ("Core", "Gui", "Widgets", "UiTools", "Svg")]
    files += [
        home / "Qt" / "lib" / f"libQt6{room}.so.6" for room in ("Core", "Gui", "Widgets", "UiTools", "Svg", "DBus")
    ]
    files.append(home / "Qt" / "plugins" / "platforms" / "libqoffscreen.so")
    needed = set().union(*(re.findall(rb"\0(lib[\w.+-]+\.so\.\d+)(?=\0)", file.read_bytes()) for file in files))
    outside = {name.decode() for name in needed if not name.startswith((b"libQt6", b"libicu"))}
    assert outside - EVERYWHERE - BROUGHT_ALONG == set(run.PACKAGES["test"])


def test_a_python_without_ensurepip_wants_debians_venv_package():
    missing = run.find_missing("demo", loadable=lambda library: True, importable=lambda module: module != "ensurepip")
    assert list(missing.values()) == [f"python3.{sys.version_info[1]}-venv"]


def test_a_library_that_does_not_exist_is_not_loadable():
    assert not run.is_loadable("libNoSuchThingAnywhere.so.99")


def test_root_on_debian_gets_what_is_missing_installed():
    recorder = Recorder()
    run.provide({"libEGL.so.1": "libegl1", "libGL.so.1": "libgl1"}, may_install=True, run=recorder)
    assert recorder.commands == ["apt-get update", f"{APT_INSTALL} libegl1 libgl1"]


def test_nothing_is_run_where_nothing_is_missing():
    recorder = Recorder()
    run.provide({}, may_install=True, run=recorder)
    assert recorder.commands == []


def test_other_users_are_told_what_is_missing_and_the_command_and_nothing_is_run():
    recorder = Recorder()
    with pytest.raises(run.SetupError) as refusal:
        run.provide({"libEGL.so.1": "libegl1"}, may_install=False, run=recorder)
    assert "lacks libEGL.so.1;" in str(refusal.value)
    assert f"sudo apt-get update && sudo {APT_INSTALL} libegl1" in str(refusal.value)
    assert recorder.commands == []


def test_a_failing_apt_get_stops_the_set_up():
    with pytest.raises(run.SetupError, match=r"lacks libEGL\.so\.1"):
        run.provide({"libEGL.so.1": "libegl1"}, may_install=True, run=Recorder(status=100))


# The environment


@pytest.mark.parametrize(
    ("windows", "expected"), [(False, Path("e", "bin", "python")), (True, Path("e", "Scripts", "python.exe"))]
)
def test_the_interpreter_is_where_each_system_keeps_it(windows, expected):
    assert run.venv_python(Path("e"), windows) == expected


def test_an_environment_of_this_python_whose_pip_answers_is_kept(an_environment):
    assert run.is_usable(an_environment, (3, 11, 9), Recorder())


def test_an_environment_of_another_python_is_made_anew(an_environment):
    assert not run.is_usable(an_environment, (3, 12, 7), Recorder())


def test_an_environment_that_was_broken_off_is_made_anew(an_environment):
    assert not run.is_usable(an_environment, (3, 11, 7), Recorder(status=1))


def test_an_environment_whose_interpreter_is_gone_is_made_anew(an_environment):
    run.venv_python(an_environment).unlink()
    assert not run.is_usable(an_environment, (3, 11, 7), Recorder())


def test_a_folder_that_is_no_environment_is_made_one(tmp_path):
    assert not run.is_usable(tmp_path / ".venv", (3, 11, 7), Recorder())


# When to install


def test_equal_requirements_have_equal_fingerprints(requirements):
    assert run.fingerprint(requirements, (3, 11, 2)) == run.fingerprint(requirements, (3, 11, 7))


@pytest.mark.parametrize("changed", [0, 1])
def test_a_changed_requirement_changes_the_fingerprint(requirements, changed):
    before = run.fingerprint(requirements, (3, 11))
    requirements[changed].write_text("torch==2.14.0\n", encoding="utf-8")
    assert run.fingerprint(requirements, (3, 11)) != before


def test_another_python_changes_the_fingerprint(requirements):
    assert run.fingerprint(requirements, (3, 11)) != run.fingerprint(requirements, (3, 12))


def test_a_moved_project_changes_the_fingerprint(requirements, tmp_path):
    before = run.fingerprint(requirements, (3, 11))
    (tmp_path / "moved").mkdir()
    moved = [path.rename(tmp_path / "moved" / path.name) for path in requirements]
    assert run.fingerprint(moved, (3, 11)) != before


def test_an_extra_counts_as_installed_once_its_own_stamp_matches(an_environment):
    assert not run.is_installed(an_environment, "demo", "fingerprint")
    run.stamp_path(an_environment, "demo").write_text("fingerprint", encoding="utf-8")
    assert run.is_installed(an_environment, "demo", "fingerprint")
    assert not run.is_installed(an_environment, "demo", "another")
    assert not run.is_installed(an_environment, "test", "fingerprint")


def test_a_stamp_without_an_interpreter_does_not_count(an_environment):
    run.stamp_path(an_environment, "demo").write_text("fingerprint", encoding="utf-8")
    run.venv_python(an_environment).unlink()
    assert not run.is_installed(an_environment, "demo", "fingerprint")


# What is run


def test_the_demo_passes_its_arguments_on():
    assert run.demo_commands(Path("python"), ["--seed", "3"]) == [["python", "-m", "hlfd", "demo", "--seed", "3"]]


def test_the_checks_are_ruff_then_mypy_then_pytest():
    assert [" ".join(command) for command in run.check_commands(Path("python"), [])] == [
        "python -m ruff check .",
        "python -m ruff format --check .",
        "python -m mypy",
        "python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder",
    ]


def test_arguments_to_test_run_pytest_alone():
    assert run.check_commands(Path("python"), ["-k", "attention"]) == [["python", "-m", "pytest", "-k", "attention"]]


def test_commands_stop_at_the_first_failure_and_its_status_is_kept(capfd):
    says = [[sys.executable, "-c", f"print({n}); raise SystemExit({n})"] for n in (0, 7, 5)]
    assert run.run_until_failure(says, None) == 7
    printed = capfd.readouterr().out.splitlines()
    assert [line for line in printed if not line.startswith("$ ")] == ["0", "7"]
    assert sum(line.startswith("$ ") for line in printed) == 2


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["--help"], 0), (["tset"], 2)])
def test_anything_but_demo_and_test_shows_the_usage(arguments, status, capsys):
    assert run.main(arguments) == status
    assert capsys.readouterr().out.startswith("usage: python run.py demo")


def test_run_imports_the_standard_library_alone():
    code = (
        "import sys; before = set(sys.modules); import run; "
        "new = {name.partition('.')[0] for name in set(sys.modules) - before} - {'run'}; "
        "print(sorted(new - sys.stdlib_module_names))"
    )
    listed = subprocess.run(
        [sys.executable, "-I", "-c", f"import sys; sys.path.append({str(run.PROJECT)!r}); {code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert listed.stdout.strip() == "[]"
