"""`hlfd report`: the figures are those of `hlfd evaluate`, and what they do not show is said."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd import attached
from hlfd.report.students import limits_of, verdict_on
from Testing.training.tiny_runs import HU, STUDENT, TEACHER, hlfd

SIDE = 32


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store of four CTs (two to train, one to validate, one to test), the same without a test case, and runs."""
    place = tmp_path_factory.mktemp("distilled")
    data = place / "data"
    for number in range(4):
        labels = np.zeros((3, SIDE, SIDE), np.uint8)
        labels[:, 4:28, 4 + number : 24] = 1
        labels[1:, 8:20, 8:18] = 2
        (data / f"case_{number}").mkdir(parents=True)
        noise = np.random.default_rng(number).normal(0, 15, labels.shape)
        for name, array in (("imaging", (np.array(HU)[labels] + noise).astype(np.int16)), ("segmentation", labels)):
            image = sitk.GetImageFromArray(array)
            image.SetSpacing((1, 1, 2.5))
            sitk.WriteImage(image, str(data / f"case_{number}" / f"{name}.nii.gz"))
    named = [f"case_{number}" for number in range(4)]
    for store, test in (("store", named[3:]), ("untested", [])):
        splits = {"training": [*named[:2], *([] if test else named[3:])], "validation": [named[2]], "test": test}
        (place / "splits.json").write_text(json.dumps(splits), encoding="utf-8")
        assert hlfd("prepare", data, place / store, "--splits", place / "splits.json", "--pixel-mm", 1) == 0
    quick = ["--steps", 2, "--validate-every", 2, "--no-preflight"]
    assert hlfd("teach", place / "store", place / "teacher", *TEACHER, *quick) == 0
    assert hlfd("distill", place / "store", place / "student", "--teacher", place / "teacher", *STUDENT, *quick) == 0
    return place


@pytest.fixture
def both(place):
    return ["--student", place / "student", "--teacher", place / "teacher", "--device", "cpu"]


def figures_in(folder):
    return json.loads((folder / "report.json").read_text(encoding="utf-8"))


def test_the_figures_are_those_that_evaluate_measures(place, both, command, tmp_path):
    answer = command("report", place / "store", tmp_path / "r", *both)
    assert answer.status == 0, answer
    told = figures_in(tmp_path / "r")
    assert (told["format"], told["test_cases"], told["synthetic"]) == (1, 1, False)
    for what in ("student", "teacher"):
        bundle, measured = place / what / "bundle", tmp_path / f"{what}-measured"
        assert command("evaluate", place / "store", measured, "--model", bundle, "--device", "cpu").status == 0
        with (measured / "cases.csv").open(encoding="utf-8", newline="") as stream:
            dice = {row["label"]: float(row["dice"]) for row in csv.DictReader(stream) if row["protocol"] == "volume"}
        assert (told[what]["tumor_dice"], told[what]["organ_dice"]) == (dice["tumor"], dice["kidney"])
        assert (tmp_path / "r" / what / "cases.csv").read_bytes() == (measured / "cases.csv").read_bytes()
    assert told["student"]["name"] == "kidney tumor student, hlfd"
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "1 test case only: a difference of a few points can be chance." in page
    assert "One training of each model (seed 0)" in page
    assert "over 1 test case with tumour (of 1)" in page
    assert "another store" not in page
    assert verdict_on(told) in answer.error


def test_a_student_alone_is_reported_alone(place, command, tmp_path):
    student = ["--student", place / "student", "--device", "cpu"]
    assert command("report", place / "store", tmp_path / "r", *student).status == 0
    assert figures_in(tmp_path / "r")["teacher"] is None
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["report.html", "report.json", "student"]


def test_a_teacher_that_is_reported_as_a_student_has_a_row_beside_its_teacher(place, command, tmp_path):
    twice = ["--student", place / "teacher", "--teacher", place / "teacher"]
    assert command("report", place / "untested", tmp_path / "r", *twice).status == 0
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert ">Student<" in page and ">Teacher<" in page


def test_without_a_test_case_there_is_a_page_without_a_figure_that_says_so(place, both, command, tmp_path):
    answer = command("report", place / "untested", tmp_path / "r", *both)
    assert answer.status == 0, answer
    told = figures_in(tmp_path / "r")
    assert (told["test_cases"], told["student"]["tumor_dice"], told["teacher"]["organ_dice"]) == (0, None, None)
    page = (tmp_path / "r" / "report.html").read_text(encoding="utf-8")
    assert "The store has no test case, so nothing was measured." in page
    assert "There was no test case to measure on." in page
    assert "kept from the training" not in page
    assert "A model was trained on another store" in page  # the runs are of the other one
    assert "The store has no test case" in answer.error
    assert "prepare a store with a larger share for the test" in answer.out


def test_a_report_is_replaced_only_if_asked_and_nothing_else_ever(place, both, refused, command, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("mine", encoding="utf-8")
    assert "mine: already exists" in refused("report", place / "untested", tmp_path / "mine", *both)
    sentence = refused("report", place / "untested", tmp_path / "mine", *both, "--overwrite")
    assert "mine: has no report.json, so it is not replaced" in sentence
    for more in ([], ["--overwrite"]):
        assert command("report", place / "untested", tmp_path / "r", *both, *more).status == 0


def test_a_run_that_is_not_there_or_not_finished_is_told(place, refused, tmp_path):
    def sentence(run):
        return refused("report", place / "store", tmp_path / "r", "--student", run)

    assert f"{tmp_path / 'none'}: no such run; name the folder that teach or distill wrote" in sentence(
        tmp_path / "none"
    )
    (tmp_path / "begun").mkdir()
    assert "result.json: no such file; expected the result of the student's run" in sentence(tmp_path / "begun")
    assert not (tmp_path / "r").exists()


def test_a_stop_leaves_nothing_half_written(place, both, command, tmp_path, monkeypatch):
    job = tmp_path / "job"
    job.mkdir()
    (job / attached.STOP).touch()
    monkeypatch.setenv(attached.JOB_VARIABLE, str(job))
    answer = command("report", place / "store", tmp_path / "r", *both)
    assert answer.status == 130
    assert answer.error.endswith("hlfd: stopped; nothing is half-written\n")
    assert [path.name for path in tmp_path.iterdir()] == ["job"]


def figures(cases, dice, teacher=None, synthetic=False):
    def model(tumor_dice, parameters):
        known = {"test_cases_with_tumor": cases if tumor_dice is not None else 0, "seed": 3}
        return {"tumor_dice": tumor_dice, "parameters": parameters, "trained_on_this_store": True, **known}

    told = {"test_cases": cases, "synthetic": synthetic, "student": model(dice, 1_000_000)}
    return {**told, "teacher": None if teacher is None else model(teacher, 3_500_000)}


def test_the_verdict_says_what_was_measured_and_claims_no_more():
    assert verdict_on(figures(4, 0.5)) == "The student's tumour Dice is 50.0 % (4 test cases with tumour)."
    assert verdict_on(figures(4, 0.5, 0.625)).endswith("; its teacher has 62.5 % and is 3.5 times larger.")
    assert "no tumour among them" in verdict_on(figures(4, None, None))


def test_many_cases_are_not_called_few_and_synthetic_ones_are_called_so():
    assert not any("chance" in limit for limit in limits_of(figures(30, 0.5)))
    assert any("29 test cases only" in limit for limit in limits_of(figures(29, 0.5)))
    assert any("Synthetic" in limit for limit in limits_of(figures(30, 0.5, synthetic=True)))
    assert not any("Synthetic" in limit for limit in limits_of(figures(30, 0.5)))
