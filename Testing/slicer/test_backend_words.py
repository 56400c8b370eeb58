"""Sentences of the backend, as they come out in a panel."""

import ast
import re
from pathlib import Path

import pytest

from HLFDSegmentationLib.BackendWords import forPanel
from HLFDSegmentationLib.Jobs import startJob, viewOf
from HLFDSegmentationLib.Words import Refusal

BACKEND = Path(__file__).parents[2] / "Backend" / "hlfd"
OF_A_TERMINAL = re.compile(r"(?:^|\s)--[a-z]|`|\bhlfd (?:jobs|prepare|teach|distill|segment|arena)\b|pip install")


def textsOf(file: Path):
    """Every text of a file but docstrings, with a word where a value would stand."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    pieces = {id(one) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for one in node.values}
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if id(node) in pieces | docs:
            continue
        if isinstance(node, ast.JoinedStr):
            yield "".join(one.value if isinstance(one, ast.Constant) else "thing" for one in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_nothing_that_the_backend_can_say_brings_words_of_a_terminal_into_a_panel():
    texts = {text for file in BACKEND.rglob("*.py") for text in textsOf(file)}
    forATerminal = {text for text in texts if OF_A_TERMINAL.search(text)}
    assert len(forATerminal) > 60, "the search does not find what it is for"
    assert [text for text in texts if OF_A_TERMINAL.search(forPanel(text))] == []
    assert [text for text in forATerminal if len(forPanel(text)) < 2] == []


@pytest.mark.parametrize(
    "sentence",
    [
        "case 17: image is 512x512x40, label 512x512x41; export both from one volume",
        "/data/ct--venous/1.nii.gz: truncated; copy it again",
        "/home/me/.hlfd/jobs is full (see to it); free space",
        "hlfd needs Python 3.11",
        "",
    ],
)
def test_a_sentence_without_such_words_stays_as_it_is(sentence):
    assert forPanel(sentence) == sentence


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (
            "/out: was made by another model; choose another folder, or add --overwrite",
            "/out: was made by another model; choose another folder for the results.",
        ),
        (
            "it did not begin within 30 s (see /home/me/.hlfd/jobs/a/log.txt); `hlfd jobs resume a` goes on",
            "it did not begin within 30 s; what was done so far is kept, and Resume goes on.",
        ),
        (
            "/data/p1: 2 DICOM series; choose one with --series: 1.2.840.1, 1.2.840.2",
            "/data/p1: 2 DICOM series; keep only the series to be segmented in that folder.",
        ),
        (
            "memory is short: give twice the --accumulate, and go on with --resume",
            "memory is short; under Advanced, choose a smaller batch, a smaller crop or narrower networks.",
        ),
        (
            "the training has diverged: start a new run with a lower --learning-rate, or with --precision 32",
            "the training has diverged; start a new training with a lower learning rate.",
        ),
        (
            "student-1: there is a job of this name; choose another, or remove it (hlfd jobs remove)",
            "student-1: there is a job of this name; choose another name.",
        ),
        (
            "list.csv: entry 3 needs `image` and `label`; found 1",
            "list.csv: entry 3 needs “image” and “label”; found 1.",
        ),
        (
            "teach: monai is not installed; run: python -m pip install 'hlfd[slicer]'",
            "teach: monai is not installed; install the backend again under Backend.",
        ),
        ("--search needs Optuna", "The backend stopped; its log says why."),
    ],
)
def test_advice_for_a_terminal_becomes_advice_for_the_panel(told, shown):
    assert forPanel(told) == shown


@pytest.fixture
def failedJob(tmp_path, monkeypatch):
    from hlfd.jobs.folder import create
    from HLFDSegmentationLib.BackendPlace import jobsFolder

    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    job = create(jobsFolder(), "teach", {"run": "run"}, tmp_path, "kidney-teach")
    job.write_status("failed", "memory is short: give twice the --accumulate, and go on with --resume")
    return job


def test_a_job_is_seen_in_words_for_a_panel_and_its_files_stay_as_they_are(failedJob):
    assert viewOf(failedJob).say.startswith("memory is short; under Advanced, choose a smaller batch")
    assert "--accumulate" in failedJob.status()["say"]


def test_a_name_that_is_taken_is_refused_in_words_for_a_panel(failedJob):
    with pytest.raises(Refusal, match=r"kidney-teach: there is a job of this name; choose another name\.$"):
        startJob(None, "teach", {}, "kidney-teach")
