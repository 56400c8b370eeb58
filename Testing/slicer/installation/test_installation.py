"""Installing the backend's environment: offline, with real environments, real pip and the real doctor."""

import os
import site
import subprocess
import sys
import time
from pathlib import Path

import pytest

from HLFDSegmentationLib.Backend import InstalledFolders
from HLFDSegmentationLib.Backend.Environment import (
    CHOSEN,
    OWN,
    PYTORCH,
    SLICER,
    Environment,
    readEnvironment,
    writeEnvironment,
)
from HLFDSegmentationLib.Backend.Installation import spaceFault
from HLFDSegmentationLib.Backend.InstallationPlans import Site, Wish, planOf
from HLFDSegmentationLib.Backend.Needs import Build
from HLFDSegmentationLib.Backend.Steps import CANCELLED, DONE, FAILED, Step, Steps
from HLFDSegmentationLib.Words import Refusal
from Testing.slicer.installation.installing import LITTLE, install, livingIn, toItsEnd


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
