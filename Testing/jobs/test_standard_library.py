"""What Slicer imports needs nothing but Python, of any version that Slicer has; and looking at jobs loads no torch."""

import ast
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest

import hlfd

BACKEND = Path(hlfd.__file__).parents[1]
FOR_SLICER = (
    *(
        "hlfd.jobs.chain",
        "hlfd.jobs.client",
        "hlfd.jobs.folder",
        "hlfd.jobs.pace",
        "hlfd.jobs.process",
        "hlfd.jobs.states",
    ),
    *("hlfd.event_file", "hlfd.endings", "hlfd.files", "hlfd.quantities", "hlfd.doctor.driver"),
)
VERSIONS = ((3, 11), (3, 12), (3, 13))
GONE_SOON = {
    *("asynchat", "asyncore", "distutils", "imp", "smtpd"),  # not in 3.12
    *("aifc", "audioop", "cgi", "cgitb", "chunk", "crypt", "imghdr", "lib2to3", "mailcap", "msilib", "nis", "nntplib"),
    *("ossaudiodev", "pipes", "sndhdr", "spwd", "sunau", "telnetlib", "uu", "xdrlib"),  # not in 3.13
}

ALONE = f"""
import sys
from importlib import import_module
class Refuser:
    def find_spec(self, name, *_):
        if name.partition(".")[0] not in {{*sys.stdlib_module_names, "hlfd"}}:
            raise ImportError(name + " is not of the standard library")
sys.meta_path.insert(0, Refuser())
sys.path.append({str(BACKEND)!r})
for name in {FOR_SLICER!r}:
    import_module(name)
"""
A_LIFE = """
from pathlib import Path
from hlfd.event_file import JsonLines, Tail
from hlfd.jobs import client, states
from hlfd.jobs.folder import create, find
from hlfd.jobs.process import is_alive, start_mark
import os
assert is_alive(os.getpid(), start_mark(os.getpid()))
jobs = Path(sys.argv[1])
job = create(jobs, "segment", {"ct": "ct.nrrd", "out": "out.nrrd"}, jobs.parent, "mine")
tail = Tail(job.events)
assert client.look(find(jobs, "last")).state == states.QUEUED and tail.read() == []
lines = JsonLines(job.events)
lines.hear({"event": "step", "step": 1, "time": 1.0})
assert [event["step"] for event in tail.read()] == [1]
client.ask_stop(job)
job.write_status(states.CANCELLED, "stopped before it began")
client.remove(job)
print([view.name for view in client.look_at_all(jobs)], "." .join(map(str, sys.version_info[:2])))
"""
print_loaded = "print(*sorted(name for name in sys.modules if name.partition('.')[0] == 'hlfd'))"


def run_alone(python, program, *arguments):
    """Run a program in a Python that sees no installed package."""
    command = [python, "-I", "-S", "-W", "error", "-c", program, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def is_new_enough(python):
    """Whether this Python starts, and is one that the backend is written for."""
    try:
        return run_alone(python, "import sys; sys.exit(sys.version_info < (3, 11))").returncode == 0
    except OSError:
        return False


def pythons():
    """The Python that these tests run in, bare, and others that are there."""
    others = (shutil.which(f"python3.{minor}") for _, minor in VERSIONS)
    return [python for python in (sys._base_executable, *filter(None, others)) if is_new_enough(python)]


@pytest.fixture(scope="module")
def files():
    """The files that Slicer loads."""
    ran = run_alone(sys._base_executable, f"{ALONE}\n{print_loaded}")
    assert ran.returncode == 0, ran.stderr
    loaded = [BACKEND / Path(*name.split(".")) for name in ran.stdout.split()]
    return [path / "__init__.py" if path.is_dir() else path.with_suffix(".py") for path in loaded]


@pytest.mark.parametrize("python", pythons())
def test_slicer_s_side_lives_through_a_job_without_any_package(python, tmp_path):
    ran = run_alone(python, ALONE + A_LIFE, tmp_path / "jobs")
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.startswith("[] 3.")


def test_it_is_a_handful_of_files(files):
    names = {file.stem for file in files}
    assert {"client", "folder", "pace", "process", "states", "event_file", "endings", "quantities"} <= names
    assert not names & {"runner", "worker", "show", "machine", "settings", "cli"}


@pytest.mark.parametrize("version", VERSIONS, ids=str)
def test_it_is_written_in_the_grammar_of_every_python_that_slicer_has(version, files):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for file in files:
            ast.parse(file.read_text(encoding="utf-8"), str(file), feature_version=version)
            compile(file.read_text(encoding="utf-8"), str(file), "exec")


def test_it_imports_no_module_that_a_later_python_lacks(files):
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            named += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {name.partition(".")[0] for name in named} & GONE_SOON, file


LOOKED_AT = [["jobs", "list"], ["jobs", "start", "teach", "--help"], ["jobs", "start", "segment", "--help"]]


@pytest.mark.parametrize("asked", LOOKED_AT, ids=" ".join)
def test_looking_and_asking_load_neither_torch_nor_its_like(asked, tmp_path):
    code = (
        "import sys, contextlib\nfrom hlfd.cli import main\n"
        f"with contextlib.suppress(SystemExit): main({[*asked[:2], '--folder', str(tmp_path), *asked[2:]]!r})\n"
        "sys.exit(', '.join({'torch', 'monai', 'SimpleITK', 'scipy', 'matplotlib'} & set(sys.modules)) or 0)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout
