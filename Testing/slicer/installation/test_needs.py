"""What the backend needs, which Python it takes, and what pip says of them."""

import os
import sys
from pathlib import Path

import pytest

from HLFDSegmentationLib.Backend.Needs import builds, dependencies, nameOf, pinned, wheelsCommand
from HLFDSegmentationLib.Backend.PipWords import PipWords, whyPipFailed
from HLFDSegmentationLib.Backend.Pythons import Python, findPythons, requirePython
from HLFDSegmentationLib.BackendPlace import backendFolder
from HLFDSegmentationLib.Words import Refusal


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
