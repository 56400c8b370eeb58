"""The record of the backend's environment, and the variables for its processes."""

import json
import os
import subprocess
import sys

import pytest

from HLFDSegmentationLib.Backend.Environment import (
    CHOSEN,
    OWN,
    SLICER,
    Environment,
    forgetEnvironment,
    readEnvironment,
    recordPath,
    variablesFor,
    writeEnvironment,
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


def test_without_a_record_there_is_no_environment_and_asking_makes_no_folder(home):
    assert readEnvironment() is None
    assert list(home.iterdir()) == []


def test_what_was_written_is_read_again(home):
    written = Environment(CHOSEN, sys.executable, "", "2.13.0", "cpu")
    writeEnvironment(written)
    assert readEnvironment() == written
    assert readEnvironment().fault() == ""
    assert json.loads((home / ".hlfd" / "environment.json").read_text())["format"] == 1


def test_a_forgotten_one_is_none_and_can_be_forgotten_twice():
    writeEnvironment(Environment(CHOSEN, sys.executable))
    forgetEnvironment()
    forgetEnvironment()
    assert readEnvironment() is None


@pytest.mark.parametrize(
    "content",
    [
        *("", "{", "[]", "\udcff", '{"format": 1, "kind": "own", "python": 3}'),
        *('{"format": 2, "kind": "own", "python": "p"}', '{"format": 1, "kind": "new", "python": "p"}'),
    ],
)
def test_a_broken_record_is_an_environment_that_says_so(content):
    recordPath().parent.mkdir()
    recordPath().write_bytes(content.encode("utf-8", "surrogateescape"))
    assert "environment.json cannot be read; install the backend again" in readEnvironment().fault()


def test_what_is_not_there_any_more_is_named(tmp_path):
    assert str(tmp_path / "python") in Environment(OWN, str(tmp_path / "python")).fault()
    packages = str(tmp_path / "packages")
    assert packages in Environment(SLICER, sys.executable, packages).fault()
    (tmp_path / "packages").mkdir()
    assert Environment(SLICER, sys.executable, packages).fault() == ""


def test_another_python_gets_nothing_that_slicer_s_launcher_set_for_its_own(monkeypatch):
    monkeypatch.setenv("PYTHONHOME", "/nowhere")
    monkeypatch.setenv("PYTHONPATH", "/nowhere")
    with pytest.raises(subprocess.CalledProcessError):  # Slicer's variables would break it
        subprocess.run([sys.executable, "-c", ""], env={**os.environ}, check=True, capture_output=True)
    subprocess.run([sys.executable, "-c", ""], env=variablesFor(CHOSEN), check=True)


def test_what_a_user_sets_for_the_gpu_reaches_the_backend(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert variablesFor(OWN)["CUDA_VISIBLE_DEVICES"] == "1"


def test_slicer_s_own_python_keeps_its_variables_and_is_told_of_the_packages(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONHOME", "/slicer")
    variables = Environment(SLICER, sys.executable, str(tmp_path)).variables()
    assert variables["PYTHONHOME"] == "/slicer"
    assert variables["HLFD_PACKAGES"] == str(tmp_path)
    assert "HLFD_PACKAGES" not in variablesFor(SLICER)
