"""`hlfd distill`, from a store and a teacher to a student's bundle."""

import json

import pytest
import torch
from safetensors.torch import load_file

from hlfd.bundle import load_bundle
from hlfd.files import sha256
from Testing.training.tiny_runs import STUDENT, TEACHER, hlfd, make_store, steps_told


@pytest.fixture(scope="session")
def a_student_alone(a_store, tmp_path_factory):
    """A run of `hlfd distill --method none`; to be read only."""
    run = tmp_path_factory.mktemp("read-only") / "alone"
    assert hlfd("distill", a_store, run, "--method", "none", *STUDENT, "--deterministic") == 0
    return run


def distilled(store, run, teacher, *options):
    return hlfd("distill", store, run, "--teacher", teacher, *STUDENT, *options)


def test_every_term_is_told(a_distilled_run):
    first = steps_told(a_distilled_run)[0]
    assert first.keys() == {"event", "step", "loss", "seg", "UFD", "IFD", "UPD", "IPD"}
    weighted = first["seg"] + 0.9 * (first["UFD"] + first["IFD"]) + 0.1 * (first["UPD"] + first["IPD"])
    assert first["loss"] == pytest.approx(weighted, rel=1e-5)
    assert 0 < first["UFD"] <= 2
    assert 0 < first["IFD"] <= 6


def test_the_bundle_is_the_plain_student(a_distilled_run):
    manifest, network = load_bundle(a_distilled_run / "bundle")
    assert (manifest.role, manifest.method) == ("student", "hlfd")
    weights = load_file(a_distilled_run / "bundle" / "weights.safetensors")
    assert weights.keys() == network.state_dict().keys()
    assert not [name for name in weights if "adapter" in name or "distiller" in name]


def test_the_checkpoint_holds_student_and_adapters_and_no_teacher(a_distilled_run):
    objective = torch.load(a_distilled_run / "last.ckpt", weights_only=True)["objective"]
    assert {name.split(".")[0] for name in objective} == {"network", "distiller"}
    assert len([name for name in objective if name.startswith("distiller.adapters.")]) == 8


def test_the_bundle_tells_its_teacher_by_hash_and_not_by_name(a_distilled_run, a_taught_run):
    manifest, _ = load_bundle(a_distilled_run / "bundle")
    teacher = manifest.training["teacher"]
    assert teacher["weights_sha256"] == sha256(a_taught_run / "bundle" / "weights.safetensors")
    assert str(a_taught_run) not in (a_distilled_run / "bundle" / "manifest.json").read_text()


def test_the_teachers_files_are_not_touched(a_store, a_taught_run, tmp_path):
    before = {path: sha256(path) for path in a_taught_run.rglob("*") if path.is_file()}
    assert distilled(a_store, tmp_path / "run", a_taught_run) == 0
    assert before == {path: sha256(path) for path in a_taught_run.rglob("*") if path.is_file()}


def test_without_weight_distilling_is_training_alone(a_store, a_taught_run, a_student_alone, tmp_path):
    # Equal random starts and equal batches: the only difference that distilling makes is its loss.
    run = tmp_path / "run"
    assert distilled(a_store, run, a_taught_run, "--beta", 0, "--lambda", 0, "--deterministic") == 0
    assert (run / "best.safetensors").read_bytes() == (a_student_alone / "best.safetensors").read_bytes()
    seg = [[event["seg"] for event in steps_told(one) if "seg" in event] for one in (run, a_student_alone)]
    assert seg[0] == seg[1]


def test_student_alone_and_distilled_start_alike_and_part_ways(a_distilled_run, a_student_alone):
    distilled_steps, alone = steps_told(a_distilled_run), steps_told(a_student_alone)
    assert distilled_steps[0]["seg"] == alone[0]["seg"] == pytest.approx(alone[0]["loss"])
    ended = [torch.load(run / "last.ckpt", weights_only=True) for run in (a_distilled_run, a_student_alone)]
    assert not torch.equal(*(content["objective"]["network.head.weight"] for content in ended))


def test_a_student_alone_needs_no_teacher_and_says_what_it_is(a_student_alone):
    manifest, _ = load_bundle(a_student_alone / "bundle")
    assert (manifest.method, manifest.name) == ("none", "kidney tumor student, undistilled")
    assert "teacher" not in manifest.training


def test_the_teacher_may_be_given_as_a_run_or_as_a_bundle(a_store, a_taught_run, a_distilled_run, tmp_path):
    assert distilled(a_store, tmp_path / "run", a_taught_run / "bundle", "--deterministic") == 0
    assert steps_told(tmp_path / "run") == steps_told(a_distilled_run)


@pytest.mark.filterwarnings("error")
def test_bf16_distils_and_warns_of_nothing(a_store, a_taught_run, tmp_path):
    assert distilled(a_store, tmp_path / "run", a_taught_run, "--precision", "bf16") == 0
    told = steps_told(tmp_path / "run")
    assert all(value == value for event in told for value in event.values())


def test_no_teacher_is_refused(a_store, tmp_path, capsys):
    assert hlfd("distill", a_store, tmp_path / "run", *STUDENT) == 2
    assert "give --teacher RUN, or --method none for a student alone" in capsys.readouterr().err


def test_a_teacher_that_is_not_there_is_refused(a_store, tmp_path, capsys):
    assert distilled(a_store, tmp_path / "run", tmp_path / "nothing") == 2
    assert "no such bundle; name the folder that teach or distill exported" in capsys.readouterr().err


def test_a_student_is_no_teacher(a_store, a_distilled_run, tmp_path, capsys):
    assert distilled(a_store, tmp_path / "run", a_distilled_run) == 2
    assert f"{a_distilled_run}: is a student; a teacher comes from `hlfd teach`" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_teacher_of_other_labels_is_refused(a_taught_run, tmp_path, capsys):
    store = make_store(tmp_path / "store", label_names=("cyst", "tumor"))
    assert distilled(store, tmp_path / "run", a_taught_run) == 2
    said = capsys.readouterr().err
    assert "the teacher knows kidney, tumor, the store has cyst, tumor; use a teacher of the same labels" in said
    assert not (tmp_path / "run").exists()


def test_a_teacher_of_another_window_is_refused(a_taught_run, tmp_path, capsys):
    store = make_store(tmp_path / "store", window_hu=(-100, 200))
    assert distilled(store, tmp_path / "run", a_taught_run) == 2
    assert "the teacher's window is (-200.0, 300.0) HU, the store's (-100.0, 200.0)" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()


def test_a_teacher_of_other_pixels_is_refused(a_taught_run, tmp_path, capsys):
    store = make_store(tmp_path / "store", pixel_mm=1.5)
    assert distilled(store, tmp_path / "run", a_taught_run) == 2
    assert "the teacher sees pixels of 1 mm, the store has 1.5 mm; prepare the store with --pixel-mm 1" in (
        capsys.readouterr().err
    )


def test_a_student_of_a_synthetic_teacher_is_said_to_be_synthetic(a_taught_run, tmp_path):
    store = make_store(tmp_path / "store", synthetic=False)
    assert distilled(store, tmp_path / "run", a_taught_run) == 0
    assert load_bundle(tmp_path / "run" / "bundle")[0].synthetic


@pytest.mark.parametrize("what", ["teacher", "store"])
def test_a_run_is_not_gone_on_with_from_another_teacher_or_store(what, a_store, a_taught_run, tmp_path, capsys):
    assert distilled(a_store, tmp_path / "run", a_taught_run) == 0
    others = {"teacher": a_taught_run, "store": a_store}
    if what == "store":
        others["store"] = make_store(tmp_path / "other", patients=("p", "q", "r", "s"))
    else:
        others["teacher"] = tmp_path / "other"
        assert hlfd("teach", a_store, others["teacher"], *TEACHER, "--seed", 1) == 0
    assert distilled(others["store"], tmp_path / "run", others["teacher"], "--resume") == 2
    assert f"was started with another {what}" in capsys.readouterr().err


def test_a_run_is_gone_on_with_after_its_store_was_moved(a_store, a_taught_run, a_copy, tmp_path):
    assert distilled(a_store, tmp_path / "run", a_taught_run) == 0
    assert distilled(a_copy(a_store, "moved"), tmp_path / "run", a_taught_run, "--resume") == 0


def test_a_run_is_not_replaced_while_it_holds_the_teacher(a_store, a_taught_run, a_copy, capsys):
    teacher = a_copy(a_taught_run, "teacher")
    assert distilled(a_store, teacher, teacher, "--overwrite") == 2
    assert "holds the teacher" in capsys.readouterr().err
    assert load_bundle(teacher / "bundle")[0].role == "teacher"


def test_one_crop_of_32_is_refused_before_batch_norm_fails(a_store, tmp_path, capsys):
    assert hlfd("distill", a_store, tmp_path / "run", "--method", "none", *STUDENT, "--batch", 1) == 2
    assert "use a larger --batch or --crop" in capsys.readouterr().err
    options = [*STUDENT, "--batch", 1, "--no-stem-pool", "--steps", 1]
    assert hlfd("distill", a_store, tmp_path / "run", "--method", "none", *options) == 0


def test_beta_and_lambda_are_recorded_by_the_papers_names(a_store, a_taught_run, tmp_path):
    assert distilled(a_store, tmp_path / "run", a_taught_run, "--beta", 1.8, "--lambda", 0.2) == 0
    recorded = json.loads((tmp_path / "run" / "settings.json").read_text())
    assert (recorded["beta"], recorded["lambda"]) == (1.8, 0.2)
    first = steps_told(tmp_path / "run")[0]
    weighted = first["seg"] + 1.8 * (first["UFD"] + first["IFD"]) + 0.2 * (first["UPD"] + first["IPD"])
    assert first["loss"] == pytest.approx(weighted, rel=1e-5)
