"""`hlfd teach`, from a store to a teacher's bundle."""

import json

import pytest
import torch
from safetensors.torch import load_file
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hlfd.bundle import load_bundle
from hlfd.event_file import read_events
from Testing.training.tiny_runs import SMALL, TEACHER, assert_same_run, hlfd, make_store, steps_told


def test_a_run_leaves_settings_events_curves_checkpoint_best_weights_bundle_and_result(a_taught_run):
    assert sorted(path.name for path in a_taught_run.iterdir()) == [
        ".lock",
        "best.safetensors",
        "bundle",
        "events.jsonl",
        "last.ckpt",
        "origin.json",
        "preview.png",
        "result.json",
        "settings.json",
        "tensorboard",
    ]


def test_the_bundle_is_the_teacher_with_the_best_weights(a_taught_run):
    manifest, network = load_bundle(a_taught_run / "bundle")
    assert (manifest.role, manifest.method, manifest.organ) == ("teacher", "supervised", "kidney")
    assert manifest.label_values() == {"kidney": 1, "tumor": 2}
    best = load_file(a_taught_run / "best.safetensors")
    assert best.keys() == network.state_dict().keys()
    assert all(torch.equal(best[name], value) for name, value in network.state_dict().items())


def test_the_best_step_is_the_last_of_those_with_the_highest_score(a_taught_run):
    told = [event for event in steps_told(a_taught_run) if event["event"] == "validated"]
    assert [event["step"] for event in told] == [4, 8, 12]
    best = max(event["tumor_dice"] for event in told)
    step = max(event["step"] for event in told if event["tumor_dice"] == best)
    result = json.loads((a_taught_run / "result.json").read_text())
    assert (result["validation_tumor_dice"], result["best_step"], result["steps"]) == (best, step, 12)


def test_the_learning_rate_follows_a_cosine_to_its_end(a_taught_run):
    content = torch.load(a_taught_run / "last.ckpt", weights_only=True)
    assert content["optimizer"]["param_groups"][0]["lr"] == pytest.approx(1e-6)
    assert content["optimizer"]["param_groups"][0]["betas"] == (0.9, 0.999)
    assert content["progress"]["step"] == 12


def test_the_loss_falls(a_store, tmp_path):
    run = tmp_path / "run"
    options = ["--crop", 32, "--batch", 4, "--widths", "4,4,6,6,8", "--device", "cpu"]
    assert hlfd("teach", a_store, run, *options, "--steps", 60, "--learning-rate", 0.01) == 0
    losses = [event["loss"] for event in steps_told(run) if event["event"] == "step"]
    assert min(losses[-3:]) < 0.8 * losses[0]
    assert json.loads((run / "result.json").read_text())["validation_tumor_dice"] > 0.3


def test_tensorboard_has_the_curves_that_the_events_tell(a_taught_run):
    curves = EventAccumulator(str(a_taught_run / "tensorboard")).Reload()
    told = read_events(a_taught_run / "events.jsonl")
    losses = {event["step"]: event["loss"] for event in told if event["event"] == "step"}
    assert {scalar.step: scalar.value for scalar in curves.Scalars("step/loss")} == pytest.approx(losses)
    scores = {event["step"]: event["tumor_dice"] for event in told if event["event"] == "validated"}
    assert {scalar.step: scalar.value for scalar in curves.Scalars("validated/tumor_dice")} == pytest.approx(scores)


def test_two_runs_of_one_seed_are_equal_and_of_another_are_not(a_store, a_taught_run, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "again", *TEACHER, "--deterministic") == 0
    assert_same_run(tmp_path / "again", a_taught_run)
    assert hlfd("teach", a_store, tmp_path / "other", *TEACHER, "--deterministic", "--seed", 1) == 0
    assert steps_told(tmp_path / "other")[0]["loss"] != steps_told(a_taught_run)[0]["loss"]


def test_crops_cut_by_another_process_give_the_same_run(a_store, a_taught_run, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--deterministic", "--workers", 1) == 0
    assert_same_results(tmp_path / "run", a_taught_run)


def test_deterministic_leaves_torch_as_it_was(a_taught_run):
    assert not torch.are_deterministic_algorithms_enabled()


def test_selection_needs_no_test_case(a_store, a_taught_run, a_copy, tmp_path):
    store = a_copy(a_store, "store-without-test-case")
    for file in (store / "cases" / "d").iterdir():
        file.unlink()
    assert hlfd("teach", store, tmp_path / "run", *TEACHER, "--deterministic") == 0
    assert_same_results(tmp_path / "run", a_taught_run)


def test_a_store_without_validation_cases_keeps_the_last_weights_and_says_so(a_store, a_copy, tmp_path, capsys):
    store = a_copy(a_store, "store")
    splits = json.loads((store / "splits.json").read_text())
    (store / "splits.json").write_text(json.dumps({**splits, "validation": [], "test": ["c", "d"]}))
    run = tmp_path / "run"
    assert hlfd("teach", store, run, *TEACHER) == 0
    assert "kept the weights of step 12: no tumour on validation slices to choose by" in capsys.readouterr().err
    result = json.loads((run / "result.json").read_text())
    assert (result["validation_tumor_dice"], result["best_step"]) == (None, 12)
    assert "unjudged" in (run / "bundle" / "MODEL_CARD.md").read_text()


def test_bf16_trains_and_exports_weights_of_32_bits(a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--precision", "bf16") == 0
    _, network = load_bundle(tmp_path / "run" / "bundle")
    assert {value.dtype for value in network.state_dict().values()} == {torch.float32}
    assert all(value.isfinite().all() for value in network.state_dict().values())


@pytest.mark.filterwarnings("error")
def test_a_run_warns_of_nothing(a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--deterministic") == 0


def test_progress_goes_to_stderr_and_the_result_to_stdout(a_store, tmp_path, capsys):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER) == 0
    said = capsys.readouterr()
    assert said.out == f"{tmp_path / 'run' / 'bundle'}: kidney tumor teacher, 0.00 million parameters\n"
    assert "step 4 of 12: validation tumour Dice" in said.err
    assert "kept the weights of step" in said.err


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--widths", "0,2,2,2,2"], "widths"),
        (["--widths", "2,2,2"], "widths"),
        (["--crop", "40"], "crop: Input should be a multiple of 32"),
        (["--tumor-share", "1.5"], "tumor-share: Input should be less than or equal to 1"),
        (["--precision", "16"], "precision 16: a CPU has no fast fp16; use --precision bf16 or 32"),
        (["--resume", "--overwrite"], "--resume goes on with a run and --overwrite replaces it; give one of them"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_anything_is_written(a_store, tmp_path, capsys, options, sentence):
    assert hlfd("teach", a_store, tmp_path / "run", *SMALL, *options) == 2
    assert sentence in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_device_that_is_not_there_is_refused(a_store, tmp_path, capsys):
    device = "cuda" if torch.backends.mps.is_available() else "mps"  # no machine has both
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--device", device) == 2
    assert f"device {device}: this machine has none that torch can use; use --device auto" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_no_store_is_refused(tmp_path, capsys):
    assert hlfd("teach", tmp_path / "nothing", tmp_path / "run", *TEACHER) == 2
    assert "expected a store that `hlfd prepare` wrote" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_no_name_or_path_of_the_hospital_is_in_any_file_of_the_bundle(tmp_path):
    secret = tmp_path / "Muller_Anna_19700101"
    names = ("case_Muller1", "case_Muller2", "case_Weber", "case_Rossi")
    patients = ("patient_Anna", "patient_Anna", "patient_Bela", "patient_Carla")
    store = make_store(secret / "store", names, patients)
    run = secret / "run_Muller"
    assert hlfd("teach", store, run, *TEACHER) == 0
    telltale = [text.encode() for text in (*names, *patients, "Muller", "Anna", "19700101", str(tmp_path), "store")]
    for file in (run / "bundle").rglob("*"):
        content = file.read_bytes()
        assert not [text for text in telltale if text.lower() in content.lower()], file.name


def assert_same_results(run, other):
    """Two runs told the same and kept the same weights; their settings may differ."""
    assert (run / "best.safetensors").read_bytes() == (other / "best.safetensors").read_bytes()
    assert steps_told(run) == steps_told(other)
