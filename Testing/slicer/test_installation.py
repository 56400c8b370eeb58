"""Installing the backend's environment: offline, with real environments, real pip and the real doctor."""

import hashlib
import json
import os
import site
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest

from HLFDSegmentationLib.Backend import InstalledFolders
from HLFDSegmentationLib.Backend.Environment import (
    CHOSEN,
    OWN,
    PYTORCH,
    SLICER,
    Environment,
    readEnvironment,
    variablesFor,
    writeEnvironment,
)
from HLFDSegmentationLib.Backend.Installation import Installation, prepare, spaceFault
from HLFDSegmentationLib.Backend.InstallationPlans import Site, Wish, planOf
from HLFDSegmentationLib.Backend.Needs import Build, builds, dependencies, nameOf, pinned, wheelsCommand
from HLFDSegmentationLib.Backend.PipWords import PipWords, whyPipFailed
from HLFDSegmentationLib.Backend.Pythons import Python, findPythons, requirePython
from HLFDSegmentationLib.Backend.Steps import CANCELLED, DONE, FAILED, Step, Steps
from HLFDSegmentationLib.BackendPlace import backendFolder
from HLFDSegmentationLib.Words import Refusal

LITTLE = Build("cpu", "CPU", "", 0.001, 0.001)
PATIENCE_S = 120


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch) -> Path:
    """An empty home; gives the folder of ours in it, which is not there yet."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path / ".hlfd"


@pytest.fixture
def wheels(tmp_path) -> Path:
    """A folder with one wheel, which brings all that these tests have: by a line that names their folder."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    about = "all_that_is_needed-1.0.dist-info"
    files = {
        "all_that_is_needed.pth": "\n".join(site.getsitepackages()) + "\n",
        f"{about}/METADATA": "Metadata-Version: 2.1\nName: all-that-is-needed\nVersion: 1.0\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: a test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    records = [f"{name},sha256={_hash(text)},{len(text.encode())}" for name, text in files.items()]
    with zipfile.ZipFile(folder / "all_that_is_needed-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in files.items():
            wheel.writestr(name, text)
        wheel.writestr(f"{about}/RECORD", "\n".join([*records, f"{about}/RECORD,,"]) + "\n")
    return folder


@pytest.fixture
def backend(tmp_path) -> Path:
    """The real backend, beside a list of needs that has the one wheel alone."""
    folder = tmp_path / "backend"
    folder.mkdir()
    (folder / "hlfd").symlink_to(backendFolder() / "hlfd")
    (folder / "pyproject.toml").write_text('[project]\nname = "hlfd"\ndependencies = ["all-that-is-needed>=1,<2"]\n')
    (folder / "constraints.txt").write_text("all-that-is-needed==1.0\n")
    return folder


def _hash(text: str) -> str:
    import base64

    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()


def toItsEnd(installation, see=lambda: None):
    until = time.monotonic() + PATIENCE_S
    while installation.look() == "at work":
        see()
        assert time.monotonic() < until, installation.printed()
        time.sleep(0.02)
    return installation


def install(wish: Wish, backend: Path | None = None) -> Installation:
    """Begin, as a click does."""
    return Installation(wish, prepare(wish, variablesFor(OWN)), backend)


def livingIn(group: int) -> list[int]:
    """Processes of a group that have not ended."""
    return [
        one.pid
        for one in psutil.process_iter(["status"])
        if one.info["status"] != psutil.STATUS_ZOMBIE and _groupOf(one.pid) == group
    ]


def _groupOf(pid: int) -> int:
    try:
        return os.getpgid(pid)
    except ProcessLookupError:
        return 0


def inHome(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir())


def test_an_environment_of_its_own_is_installed_offline_and_the_doctor_finds_it_ready(wheels, backend, home):
    shares, sentences = [], []
    installation = install(Wish(OWN, LITTLE, sys.executable, str(wheels)), backend)
    toItsEnd(installation, lambda: (shares.append(installation.share), sentences.append(installation.say)))
    assert installation.state == DONE, installation.say + installation.printed()
    environment = readEnvironment()
    assert environment == installation.outcome.environment
    assert (environment.kind, environment.fault()) == (OWN, "")
    assert Path(environment.python).is_relative_to(home / "environment")
    assert environment.torch.startswith("2.")
    assert environment.device
    topics = {finding["topic"]: finding["verdict"] for finding in installation.outcome.findings}
    assert topics["packages"] == topics["torch"] == "good"
    assert shares == sorted(shares)
    assert sentences[0] == "Making the environment…"
    assert inHome(home) == ["environment", "environment.json", "installation"]
    assert [path.name for path in (home / "installation").iterdir()] == ["log.txt"]
    assert InstalledFolders.folderOf(environment) == home / "environment"
    assert InstalledFolders.leftovers() == []


@pytest.fixture
def slicersPython(tmp_path, monkeypatch) -> Path:
    """Starts this Python, by the name and the kind of launcher that Slicer has for its own."""
    launcher = tmp_path / "bin" / "PythonSlicer"
    launcher.parent.mkdir()
    launcher.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    launcher.chmod(0o755)
    monkeypatch.setenv("PATH", f"{launcher.parent}{os.pathsep}{os.environ['PATH']}")
    return launcher


def test_slicer_s_python_gets_its_packages_in_a_folder_of_their_own(wheels, backend, home, slicersPython):
    before = sorted(Path(site.getsitepackages()[0]).iterdir())
    installation = toItsEnd(install(Wish(SLICER, LITTLE, wheels=str(wheels)), backend))
    assert installation.state == DONE, installation.say + installation.printed()
    assert readEnvironment().python == str(slicersPython)
    assert readEnvironment().packages == str(home / "environment-packages")
    assert (home / "environment-packages" / "all_that_is_needed.pth").is_file()
    assert sorted(Path(site.getsitepackages()[0]).iterdir()) == before


def test_where_torch_is_slicer_s_only_what_is_missing_is_installed(wheels, backend, tmp_path):
    needs = '["torch>=2.6,<3", "numpy>=2", "all-that-is-needed>=1"]'
    (backend / "pyproject.toml").write_text(f'[project]\nname = "hlfd"\ndependencies = {needs}\n')
    target, work = tmp_path / "packages", tmp_path / "work"
    work.mkdir()
    plan = planOf(Wish(PYTORCH, LITTLE, wheels=str(wheels)), Site(sys.executable, target, work, backend))
    for step, says in zip(plan, ("Finding out what is missing…", "Collecting packages…"), strict=False):
        assert step.say == says
        subprocess.run(step.command, env=step.variables, check=True, capture_output=True)
    plan.close()
    assert sorted(path.name for path in target.iterdir()) == [
        "all_that_is_needed-1.0.dist-info",
        "all_that_is_needed.pth",
    ]


def test_without_the_wheel_it_fails_in_a_sentence_and_what_worked_before_stays(wheels, backend, home, slicersPython):
    folder = InstalledFolders.newFolder(SLICER)
    writeEnvironment(Environment(SLICER, str(slicersPython), str(folder)))
    before = readEnvironment()
    (backend / "pyproject.toml").write_text('[project]\nname = "hlfd"\ndependencies = ["what-nobody-has"]\n')
    installation = toItsEnd(install(Wish(SLICER, LITTLE, wheels=str(wheels)), backend))
    assert installation.state == FAILED
    assert "lacks some for this Python and this system (what-nobody-has, for one)" in installation.say
    assert "what-nobody-has" in installation.printed()
    assert readEnvironment() == before
    assert before.fault() == ""
    assert inHome(home) == ["environment-packages", "environment.json", "installation"]


def test_what_is_cancelled_ends_with_all_that_it_started_and_leaves_nothing(wheels, backend, home):
    installation = install(Wish(OWN, LITTLE, sys.executable, str(wheels)), backend)
    folder = home / "environment"
    while not (folder / "pyvenv.cfg").is_file():  # venv is at work, and pip below it soon
        installation.look()
        time.sleep(0.01)
    pid = InstalledFolders._note()["work"]
    installation.cancel()
    toItsEnd(installation)
    assert installation.state == CANCELLED
    assert livingIn(pid) == []
    assert readEnvironment() is None
    assert inHome(home) == ["installation"]


def test_as_slicer_closes_the_work_ends_at_once(wheels, backend, home):
    installation = install(Wish(OWN, LITTLE, sys.executable, str(wheels)), backend)
    pid = InstalledFolders._note()["work"]
    installation.abandon()
    toItsEnd(installation)
    assert livingIn(pid) == []
    assert readEnvironment() is None


def test_a_python_that_lacks_packages_is_refused_with_what_is_missing():
    bare = getattr(sys, "_base_executable", sys.executable)
    wish = Wish(CHOSEN, LITTLE, bare)
    installation = toItsEnd(install(wish))
    assert installation.state == FAILED
    assert "torch is not installed" in installation.say
    assert installation.say.endswith("Put that right in this Python, or choose another.")
    assert readEnvironment() is None


def test_without_slicer_its_python_is_not_promised(monkeypatch):
    monkeypatch.setenv("PATH", "")
    for kind in (SLICER, PYTORCH):
        with pytest.raises(Refusal, match="PythonSlicer was not found"):
            install(Wish(kind, LITTLE))


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        (Wish(OWN, LITTLE, "/no/python"), "is no Python that answers"),
        (Wish(CHOSEN, LITTLE, ""), "is no file; choose the Python of an environment"),
        (Wish(OWN, Build("cuda", "", "", 1, 1e9), sys.executable), r"GB free, and 1e\+09 GB are needed"),
        (Wish(OWN, LITTLE, sys.executable, "/no/wheels"), "has no packages"),
    ],
    ids=["no Python", "nothing chosen", "no space", "no wheels"],
)
def test_what_cannot_be_is_refused_and_nothing_is_made(wish, sentence, home):
    with pytest.raises(Refusal, match=sentence):
        install(wish)
    assert not home.exists()


def test_an_installation_that_a_crash_ended_is_found_told_and_removed(home):
    folder = InstalledFolders.newFolder(OWN)
    InstalledFolders.noteInstalling(None)
    assert InstalledFolders.isInstalling()
    assert InstalledFolders.leftovers() == []
    note = home / "installation" / "at-work.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "ownerMark": "of a process of before"}))
    assert InstalledFolders.wasInterrupted()
    assert InstalledFolders.leftovers() == [folder]
    InstalledFolders.removeLeftovers()
    assert not folder.exists()
    assert not InstalledFolders.wasInterrupted()


def test_what_a_crashed_slicer_left_at_work_is_ended_first(home):
    orphan = subprocess.Popen(["sleep", "600"], start_new_session=True)
    InstalledFolders.noteInstalling(orphan.pid)
    note = home / "installation" / "at-work.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "ownerMark": "of a process of before"}))
    InstalledFolders.removeLeftovers()
    assert orphan.wait(10) != 0


def test_two_installations_at_once_are_refused(home):
    InstalledFolders.noteInstalling(None)
    with pytest.raises(Refusal, match="is being installed already"):
        install(Wish(CHOSEN, LITTLE, sys.executable))


def test_a_folder_that_is_not_ours_is_never_removed(home):
    (home / "environment").mkdir(parents=True)
    (home / "environment" / "thesis.txt").write_text("years")
    assert InstalledFolders.leftovers() == []
    assert InstalledFolders.newFolder(OWN) == home / "environment-2"


def test_the_environment_is_not_removed_while_a_job_is_at_work():
    from hlfd.jobs.folder import create
    from HLFDSegmentationLib.BackendPlace import jobsFolder

    create(jobsFolder(), "segment", {"ct": "ct.nrrd"}, Path.home(), "a-long-one")
    with pytest.raises(Refusal, match="a-long-one is at work and needs the environment"):
        InstalledFolders.removeEnvironment()


def test_there_is_one_list_of_what_is_needed():
    needs = dependencies(backendFolder())
    assert "torch>=2.6,<3" in needs
    assert [nameOf(pin) for pin in pinned(backendFolder())] == [nameOf(need) for need in needs]
    assert all("==" in pin for pin in pinned(backendFolder()))


def test_the_command_for_wheels_can_be_typed_anywhere():
    cpu = builds("linux")[0]
    command = wheelsCommand(backendFolder(), cpu)
    assert command.startswith(
        "python -m pip download --dest hlfd-wheels --extra-index-url https://download.pytorch.org"
    )
    assert " torch==" in command
    assert not set("<>|&\"'\n") & set(command)


def test_macos_has_one_build_and_others_the_choice():
    assert [build.name for build in builds("darwin")] == ["apple"]
    assert [build.name for build in builds("win32")] == ["cpu", "cu126", "cu130"]


def test_this_python_is_found_and_one_that_is_too_old_is_not_offered(tmp_path):
    binaries = Path(sys.executable).parent
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\necho '[\"/old\", [3, 8, 1], true, true]'\n")
    old.chmod(0o755)
    variables = {"PATH": f"{tmp_path}{os.pathsep}{binaries}", "HOME": os.environ["HOME"]}
    found = findPythons(variables)
    assert sys.version_info[:3] in [python.version for python in found]
    assert "/old" not in [python.path for python in found]
    with pytest.raises(Refusal, match=r"is Python 3\.8\.1; choose a 64-bit Python 3\.11, 3\.12 or 3\.13"):
        requirePython(str(old), variables)


def test_a_python_without_venv_is_told_with_its_package():
    assert "python3.12-venv" in Python("/usr/bin/python3", (3, 12, 3), isWhole=False).fault()


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "disk is full"),
        ("WARNING: Retrying ... NewConnectionError('...Temporary failure in name resolution')", "check network"),
        ("ERROR: No matching distribution found for torch<3,>=2.6", "No torch was found that fits this Python"),
        ("SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED]", "certificate"),
        ("PermissionError: [Errno 13] Permission denied: '/x'", "could not be written"),
        ("ERROR: Something else.\n", "pip failed: Something else."),
        ("", "see the details"),
    ],
)
def test_what_pip_complains_of_becomes_a_sentence(said, sentence):
    assert sentence in whyPipFailed(said, isOffline=False)


def test_what_pip_prints_becomes_a_sentence_and_a_share(tmp_path):
    (tmp_path / "temporary").mkdir()
    words = PipWords(400e6, tmp_path / "temporary", tmp_path / "target")
    said = "Collecting torch<3,>=2.6 (from ...)\n  Downloading torch-2.13.0-cp312-none-any.whl (200.0 MB)\n"
    with (tmp_path / "temporary" / "torch.whl").open("wb") as growing:
        growing.truncate(50_000_000)
    assert words.read("") == ("Collecting packages…", 0.0)
    assert words.read(said) == ("Downloading torch (50 of 200 MB)…", pytest.approx(0.75 / 8))
    said += "Collecting monai<2,>=1.4\n  Downloading monai-1.6.1-py3-none-any.whl.metadata (13 kB)\n"
    say, share = words.read(said)
    assert say == "Collecting packages (monai)…"
    assert share == pytest.approx(0.75 / 2, abs=1e-3)
    (tmp_path / "target/lib/site-packages/torch-2.13.0.dist-info").mkdir(parents=True)
    say, share = words.read(said + "Installing collected packages: torch, monai\n")
    assert say.startswith("Unpacking 2 packages")
    assert share == pytest.approx(0.75 + 0.25 / 2)


def test_steps_go_on_one_after_the_other_and_stop_at_the_first_that_fails(tmp_path):
    def plan():
        for number in (0, 3, 0):
            command = [sys.executable, "-I", "-S", "-c", f"print({number}); raise SystemExit({number})"]
            yield Step(f"step {number}", command, dict(os.environ), (0, 1), lambda said: f"it said {said.strip()}")

    steps = toItsEnd(Steps(plan(), tmp_path / "log.txt"))
    assert (steps.state, steps.say) == (FAILED, "it said 3")
    assert steps.printed().split() == ["0", "3"]


def test_a_wish_for_a_python_that_is_there_already_needs_no_space():
    assert spaceFault(Wish(CHOSEN, Build("cuda", "", "", 1, 1e9), sys.executable)) == ""
