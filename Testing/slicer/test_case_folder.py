"""A dataset folder or list: found by the backend, divided, and trained with where it is."""

import json
import os
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from HLFDSegmentationLib.Cases.CaseFolder import finderOf, labelsText
from HLFDSegmentationLib.Cases.CasePlan import folderPlanSentences, planOfFolder
from HLFDSegmentationLib.Cases.CaseRows import FOLDER, CaseList, FolderRow
from HLFDSegmentationLib.NrrdFiles import writeNrrd
from HLFDSegmentationLib.Words import Refusal


def environment(python=sys.executable):
    return SimpleNamespace(python=python, variables=lambda: dict(os.environ))


@pytest.fixture
def folder(tmp_path):
    """Four cases in KiTS19's layout; the first two are of one patient, the last has no labels."""
    for number in range(4):
        place = tmp_path / "Kits ü" / f"case_{number:05d}"
        writeNrrd(place / "imaging.nrrd", np.zeros((2, 3, 4), np.int16), np.eye(4))
        if number < 3:
            writeNrrd(place / "segmentation.nrrd", np.zeros((2, 3, 4), np.uint8), np.eye(4))
    patients = "case,patient\ncase_00000,A\ncase_00001,A\ncase_00002,B\n"
    (tmp_path / "Kits ü" / "patients.csv").write_text(patients)
    return tmp_path / "Kits ü"


def listOf(folder, *parts: str) -> CaseList:
    rows = [FolderRow(f"case_{number}", f"p{number}", part) for number, part in enumerate(parts)]
    return CaseList(source=FOLDER, folder=str(folder), folderRows=rows)


def test_the_backend_finds_the_cases_and_their_patients(folder):
    rows = finderOf(environment(), folder)()
    assert rows == [FolderRow("case_00000", "A"), FolderRow("case_00001", "A"), FolderRow("case_00002", "B")]


def test_what_the_backend_refuses_is_told_in_its_words(tmp_path):
    with pytest.raises(Refusal, match="no cases found; expected case_"):
        finderOf(environment(), tmp_path)()


def test_an_interpreter_that_is_gone_or_has_no_packages_is_told(tmp_path, folder):
    with pytest.raises(Refusal, match=r"nowhere cannot be run .*; install the backend again under Backend"):
        finderOf(environment(str(tmp_path / "nowhere")), folder)()
    bare = SimpleNamespace(python=sys.executable, variables=lambda: {"PYTHONHOME": str(tmp_path)})
    with pytest.raises(Refusal, match=r"The backend does not run \(.*\); install it again under Backend"):
        finderOf(bare, folder)()


def test_a_folder_is_trained_with_where_it_is(tmp_path):
    plan = planOfFolder(listOf(tmp_path, "", "", "", ""))
    assert (plan.count, plan.organ) == (4, "kidney")
    assert plan.summary == "4 cases of 4 patients: 2 for training, 1 for validation, 1 for test"
    export = plan.beginExport(tmp_path / "run" / "data")
    assert (export.step(), export.total) == (True, 0)
    assert not (tmp_path / "run").exists()
    assert export.prepareSettings() == {
        **{"data": str(tmp_path), "task": "kidney", "labels": "kidney=1,tumor=2", "skip_unlabelled": True},
        **{"validation": 0.15, "test": 0.2, "seed": 0},
    }


def test_a_choice_by_hand_is_written_for_prepare(tmp_path):
    export = planOfFolder(listOf(tmp_path, "test", "validation", "")).beginExport(tmp_path / "run" / "data")
    export.step()
    settings = export.prepareSettings()
    parts = json.loads(Path(settings["splits"]).read_text(encoding="utf-8"))
    assert parts == {"training": ["case_2"], "validation": ["case_1"], "test": ["case_0"]}
    assert not {"validation", "test", "seed"} & set(settings)


@pytest.mark.parametrize(
    ("organ", "tumor", "text"),
    [
        ("1", "2", "liver=1,tumor=2"),
        ("1, 3", "2", "liver=1+3,tumor=2"),
        ("3+1", "2;4", "liver=1+3,tumor=2+4"),
    ],
)
def test_label_values_are_written_as_prepare_takes_them(organ, tumor, text):
    assert labelsText(CaseList(task="liver", organValues=organ, tumorValues=tumor)) == text


@pytest.mark.parametrize(
    ("organ", "tumor", "sentence"),
    [
        ("", "2", "Values of the organ are whole numbers from 1 to 255, such as 1 or 1, 3; found ''"),
        ("1", "two", "Values of the tumour are whole numbers"),
        ("0", "2", "Values of the organ are whole numbers"),
        ("1", "1, 2", "Value 1 is organ and tumour; give it one meaning"),
    ],
)
def test_label_values_that_cannot_be_are_refused(organ, tumor, sentence):
    with pytest.raises(Refusal, match=sentence):
        labelsText(CaseList(organValues=organ, tumorValues=tumor))


def test_a_plan_without_a_folder_or_its_cases_is_refused(tmp_path):
    with pytest.raises(Refusal, match="No dataset folder is chosen"):
        planOfFolder(CaseList())
    with pytest.raises(Refusal, match="nowhere is not there any more; choose the folder again"):
        planOfFolder(listOf(tmp_path / "nowhere", ""))
    with pytest.raises(Refusal, match=r"No cases of .* are known yet; click Find cases"):
        planOfFolder(listOf(tmp_path))
    with pytest.raises(Refusal, match="No case trains; let at least one train"):
        planOfFolder(listOf(tmp_path, "test"))


def test_what_is_wrong_with_a_folder_is_one_sentence_and_no_error(tmp_path):
    assert folderPlanSentences(listOf(tmp_path)) == ("", [], "")
    assert folderPlanSentences(listOf(tmp_path, "test")) == (
        "",
        [],
        "No case trains; let at least one train, under Cases.",
    )
    sentence, warnings, refusal = folderPlanSentences(listOf(tmp_path, "", "", ""))
    assert sentence.startswith("3 cases of 3 patients: 1 for training, 1 for validation, 1 for test, drawn when")
    assert (warnings, refusal) == ([], "")
