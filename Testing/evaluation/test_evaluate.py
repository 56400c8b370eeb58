"""`hlfd evaluate` on cases of known labels."""

import csv
import json

import numpy as np
import pytest
import SimpleITK as sitk

from hlfd.catalogue import make_labels
from hlfd.data.volumes import frame_of
from hlfd.evaluation.metrics import Score, Total, score_case
from hlfd.inference.output import write_segmentation

VOXEL_ML = 0.75 * 0.75 * 4 / 1000
VALUES = {"kidney": 1, "tumor": 2}


@pytest.fixture
def evaluated(command, store, tmp_path):
    """Run `hlfd evaluate` on the store; give what it printed, the scores and the summary that it wrote."""

    def run(*more):
        answer = command("evaluate", store, tmp_path / "out", *more)
        assert answer.status == 0, answer
        with (tmp_path / "out" / "cases.csv").open(newline="", encoding="utf-8") as stream:
            rows = [{name: value or None for name, value in row.items()} for row in csv.DictReader(stream)]
        return answer.out, [Score(**row) for row in rows], json.loads((tmp_path / "out" / "summary.json").read_text())

    return run


@pytest.fixture
def evaluate_refused(refused, store, tmp_path):
    """Run `hlfd evaluate`, which must refuse and write nothing; give the sentence."""

    def run(*more, out=None):
        before = sorted(tmp_path.rglob("*"))
        sentence = refused("evaluate", store, out or tmp_path / "out", *more)
        assert sorted(tmp_path.rglob("*")) == before
        return sentence

    return run


def test_perfect_predictions_have_dice_1_and_rvd_0(evaluated, predicted):
    _, scores, summary = evaluated("--predictions", predicted())
    assert len(scores) == 2 * 2 * 2
    for score in scores:
        assert (score.dice, score.rvd) == ((1, 0) if score.true_ml else (None, None))
    for found in summary["totals"]:
        assert (found["dice_mean"], found["dice_pooled"], found["rvd_mean"]) == (1, 1, 0)


def shifted(labels):
    return np.roll(labels, 1, axis=2)


def test_scores_are_those_of_the_maps_on_the_ct_s_own_grid(evaluated, predicted, truths):
    _, scores, _ = evaluated("--predictions", predicted(shifted))
    by_hand = [score_case(name, shifted(truths[name]), truths[name], VALUES, 2, VOXEL_ML) for name in ("a", "b")]
    assert scores == [*by_hand[0], *by_hand[1]]


@pytest.mark.parametrize("order", ["RAI", "SLP", "PIR"])
def test_predictions_in_another_axis_order_are_the_same(evaluated, predicted, truths, order):
    _, scores, _ = evaluated("--predictions", predicted(shifted, ".nrrd", order))
    wanted = score_case("a", shifted(truths["a"]), truths["a"], VALUES, 2, VOXEL_ML)
    assert [score.dice for score in scores[:4]] == [score.dice for score in wanted]


def test_a_slicer_segmentation_is_measured_by_its_names_and_not_its_values(evaluated, truths, store, tmp_path):
    """Slicer numbers segments as they were drawn: here the tumour first."""
    folder = tmp_path / "from slicer"
    folder.mkdir()
    for name in ("a", "b"):
        ct = sitk.ReadImage(str(tmp_path / "data" / f"{name}.nii.gz"))
        drawn = np.array([0, 2, 1], np.uint8)[truths[name]]
        write_segmentation(folder / f"{name}.seg.nrrd", drawn, frame_of(ct), make_labels(("tumor", "kidney"), "kidney"))
    _, scores, _ = evaluated("--predictions", folder)
    assert {score.dice for score in scores} == {1, None}


def test_a_bundle_is_run_on_every_case_of_the_part_in_the_ct_s_own_pixels(evaluated, threshold_bundle):
    """The store has pixels twice as large: there, nothing could be perfect."""
    _, scores, summary = evaluated("--model", threshold_bundle)
    assert [score.case for score in scores] == ["a"] * 4 + ["b"] * 4
    assert [score.dice for score in scores] == [1, 1, 1, 1, 1, None, None, None]
    assert summary["model"] == "kidney tumour student, by hand"
    assert summary["parameters"] == 6
    assert set(summary["weights"]) == {"weights.safetensors", "MODEL_CARD.md"}
    assert summary["tumor_threshold"] is None


@pytest.mark.parametrize(
    ("threshold", "called_tumour"),
    [
        (0.43, ()),
        (0.42, (2,)),
        (0.32, (2,)),
        (0.31, (1, 2)),
        (0.18, (1, 2)),
        (0.17, (0, 1, 2)),
    ],
)
def test_tumour_is_counted_from_the_probability_that_is_asked_for(
    evaluated, threshold_bundle, truths, threshold, called_tumour
):
    """The bundle gives tumour 0.424 at the HU of tumour, 0.315 at those of kidney, 0.177 at those of neither."""
    _, scores, summary = evaluated("--model", threshold_bundle, "--tumor-threshold", threshold)
    assert summary["tumor_threshold"] == threshold
    for name in ("a", "b"):
        truth = truths[name]
        predicted = np.where(np.isin(truth, called_tumour), 2, np.minimum(truth, 1))
        assert [score for score in scores if score.case == name] == score_case(
            name, predicted, truth, VALUES, 2, VOXEL_ML
        )


def test_saved_segmentations_are_what_was_measured(evaluated, threshold_bundle, command, store, tmp_path):
    evaluated("--model", threshold_bundle, "--save", "nii.gz")
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == [
        "a.nii.gz",
        "b.nii.gz",
        "cases.csv",
        "summary.json",
    ]
    ct, saved = (sitk.ReadImage(str(tmp_path / folder / "a.nii.gz")) for folder in ("data", "out"))
    assert (saved.GetSize(), saved.GetSpacing(), saved.GetOrigin()) == (ct.GetSize(), ct.GetSpacing(), ct.GetOrigin())
    answer = command("evaluate", store, tmp_path / "again", "--predictions", tmp_path / "out")
    assert answer.status == 0, answer
    assert (tmp_path / "again" / "cases.csv").read_bytes() == (tmp_path / "out" / "cases.csv").read_bytes()


def test_the_summary_has_what_its_documentation_names(evaluated, predicted):
    _, _, summary = evaluated("--predictions", predicted(shifted))
    assert set(summary) == {"predictions", "part", "cases", "synthetic", "totals"}
    assert (summary["part"], summary["cases"], summary["synthetic"]) == ("test", 2, False)
    totals = [Total(**found) for found in summary["totals"]]
    assert [(found.protocol, found.label, found.cases) for found in totals] == [
        ("volume", "kidney", 2),
        ("paper", "kidney", 1),
        ("volume", "tumor", 1),
        ("paper", "tumor", 1),
    ]
    assert totals[2].false_ml == 0


def test_another_part_can_be_measured(evaluated, threshold_bundle):
    _, scores, summary = evaluated("--model", threshold_bundle, "--part", "training")
    assert {score.case for score in scores} == {"c"}
    assert [score.slices for score in scores] == [5, 3, 5, 3]
    assert summary["part"] == "training"


def test_the_table_is_printed_and_explained(evaluated, predicted, tmp_path):
    out, _, _ = evaluated("--predictions", predicted())
    assert "volume    tumor   1      100.0" in out
    assert "paper: only slices on which the expert marked tumour" in out
    assert str(tmp_path / "out" / "cases.csv") in out
    assert "synthetic" not in out


def test_figures_of_synthetic_cts_are_said_to_be(command, store, predicted, tmp_path):
    manifest = json.loads((store / "store.json").read_text())
    (store / "store.json").write_text(json.dumps(manifest | {"synthetic": True}), encoding="utf-8")
    answer = command("evaluate", store, tmp_path / "out", "--predictions", predicted())
    assert "These CTs are synthetic" in answer.out
    assert json.loads((tmp_path / "out" / "summary.json").read_text())["synthetic"] is True


def test_a_missing_prediction_is_told_before_anything_is_read(evaluate_refused, predicted, tmp_path):
    folder = predicted()
    (folder / "b.nii.gz").unlink()
    (tmp_path / "data" / "a.nii.gz").write_text("damaged: an error of its own, if it were read")
    assert "no label map for case b; expected b.nii.gz or b.seg.nrrd" in evaluate_refused("--predictions", folder)


def test_two_predictions_of_one_case_are_refused(evaluate_refused, predicted):
    folder = predicted()
    predicted(ending=".nrrd")
    assert "a.nii.gz and a.nrrd are for one case" in evaluate_refused("--predictions", folder)


def test_label_maps_have_no_probabilities_to_count_tumour_from(evaluate_refused, predicted):
    sentence = evaluate_refused("--predictions", predicted(), "--tumor-threshold", 0.4)
    assert "--tumor-threshold needs a bundle's probabilities" in sentence


@pytest.mark.parametrize("threshold", [0, 1, -0.4, 40])
def test_a_threshold_that_is_no_probability_is_refused(evaluate_refused, threshold_bundle, threshold):
    sentence = evaluate_refused("--model", threshold_bundle, f"--tumor-threshold={threshold}")
    assert "tumor-threshold" in sentence


def test_a_folder_of_predictions_that_is_not_there_is_told(evaluate_refused, tmp_path):
    assert "none: no such folder" in evaluate_refused("--predictions", tmp_path / "none")


def test_a_value_that_is_no_label_is_refused(evaluate_refused, predicted):
    folder = predicted(lambda labels: labels * 100)
    sentence = evaluate_refused("--predictions", folder)
    assert "a.nii.gz: found the value 100, known are kidney=1, tumor=2" in sentence


def test_a_segment_that_is_no_label_is_refused(evaluate_refused, truths, tmp_path):
    folder = tmp_path / "from slicer"
    folder.mkdir()
    for name in ("a", "b"):
        ct = sitk.ReadImage(str(tmp_path / "data" / f"{name}.nii.gz"))
        named = make_labels(("kidney", "Segment_2"), "kidney")
        write_segmentation(folder / f"{name}.seg.nrrd", truths[name], frame_of(ct), named)
    assert "a.seg.nrrd: found segment 'Segment_2', known are kidney=1" in evaluate_refused("--predictions", folder)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda labels: labels[:, :, :-1], "differs from its CT in shape"),
        (lambda labels: labels.astype(np.float32) / 2, "whole numbers 0..255"),
    ],
)
def test_a_prediction_that_does_not_fit_its_ct_is_refused(evaluate_refused, predicted, change, told):
    sentence = evaluate_refused("--predictions", predicted(change))
    assert told in sentence
    assert "--resample-labels" not in sentence


def test_a_ct_that_has_moved_is_told(evaluate_refused, predicted, tmp_path):
    folder = predicted()
    (tmp_path / "data" / "b.nii.gz").unlink()
    assert f"case b: {tmp_path / 'data' / 'b.nii.gz'} is no longer there" in evaluate_refused("--predictions", folder)


def test_a_part_without_cases_is_refused(evaluate_refused, predicted):
    assert "has no validation cases" in evaluate_refused("--predictions", predicted(), "--part", "validation")


def test_a_bundle_of_other_labels_is_refused(refused, store, threshold_bundle, tmp_path, command):
    answer = command(
        "prepare",
        tmp_path / "data" / "list.json",
        tmp_path / "other",
        "--splits",
        tmp_path / "data" / "splits.json",
        "--labels",
        "liver=1,tumor=2",
    )
    assert answer.status == 0, answer
    sentence = refused("evaluate", tmp_path / "other", tmp_path / "out", "--model", threshold_bundle)
    assert "knows kidney, tumor, the store has liver, tumor" in sentence


def test_no_store_is_told(refused, tmp_path, threshold_bundle):
    sentence = refused("evaluate", tmp_path / "none", tmp_path / "out", "--model", threshold_bundle)
    assert "no such file; expected a store that `hlfd prepare` wrote" in sentence


def test_an_evaluation_is_replaced_only_if_asked_and_only_if_it_is_one(
    evaluated, evaluate_refused, predicted, tmp_path
):
    folder = predicted()
    evaluated("--predictions", folder)
    assert "already exists" in evaluate_refused("--predictions", folder)
    evaluated("--predictions", folder, "--overwrite")
    for other in (folder, tmp_path / "data"):
        sentence = evaluate_refused("--predictions", folder, "--overwrite", out=other)
        assert "has no summary.json, so it is not replaced" in sentence
