"""`hlfd distill`, from a store and a teacher to a student's bundle."""

import json
import math

import pytest
import torch
from safetensors.torch import load_file

from hlfd.bundle import load_bundle, read_manifest
from hlfd.distillation.methods import METHODS
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
    assert {name.split(".")[0] for name in objective} == {"network", "distiller", "weighing"}
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
    assert "the teacher sees pixels of 1 mm, the store has pixels of 1.5 mm; prepare the store with --pixel-mm 1" in (
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


@pytest.mark.parametrize("method", ["kd", "at", "skd", "imf", "emkd", "hifd", "hlfd", "random"])
@pytest.mark.parametrize("network", [[], ["--no-stem-pool"], ["--decoder"]])
def test_every_method_trains_every_student(a_store, a_taught_run, tmp_path, method, network):
    options = ["--method", method, *STUDENT, *network, "--steps", 2, "--validate-every", 2]
    assert hlfd("distill", a_store, tmp_path / "run", "--teacher", a_taught_run, *options) == 0
    told = steps_told(tmp_path / "run")[0]
    terms = set(told) - {"event", "step", "loss", "seg"}
    assert terms == {route.term for route in METHODS[method].routes(1, 1)}
    assert all(math.isfinite(told[term]) for term in terms)


def test_answers_of_the_teacher_are_kept_in_the_store_and_asked_for_once(a_taught_run, tmp_path):
    store = make_store(tmp_path / "store")
    assert distilled(store, tmp_path / "one", a_taught_run) == 0
    files = {path: path.stat().st_mtime_ns for path in (store / "targets").rglob("*.npy")}
    assert len(files) == 2 * 4  # two training cases, four sources
    assert distilled(store, tmp_path / "two", a_taught_run) == 0
    assert {path: path.stat().st_mtime_ns for path in (store / "targets").rglob("*.npy")} == files


def test_a_live_teacher_leaves_nothing_in_the_store_and_gives_the_same_images(a_taught_run, tmp_path):
    store = make_store(tmp_path / "store")
    assert distilled(store, tmp_path / "live", a_taught_run, "--targets", "live") == 0
    assert not (store / "targets").exists()
    assert distilled(store, tmp_path / "cached", a_taught_run) == 0
    live, cached = (steps_told(tmp_path / name)[0] for name in ("live", "cached"))
    assert live["seg"] == pytest.approx(cached["seg"], rel=1e-5)  # the first step: same weights, same crops
    assert live["UPD"] == pytest.approx(cached["UPD"], rel=0.2) and live["UPD"] != cached["UPD"]


def test_deep_needs_no_teacher(a_store, tmp_path):
    assert hlfd("distill", a_store, tmp_path / "run", "--method", "deep", *STUDENT) == 0
    manifest, _ = load_bundle(tmp_path / "run" / "bundle")
    assert manifest.method == "deep" and "teacher" not in manifest.training


def test_adapters_of_random_stay_as_they_were_drawn(a_store, a_taught_run, tmp_path):
    drawn = []
    for steps in (1, 6):
        run = tmp_path / str(steps)
        options = ["--method", "random", *STUDENT, "--steps", steps]
        assert hlfd("distill", a_store, run, "--teacher", a_taught_run, *options) == 0
        objective = torch.load(run / "last.ckpt", weights_only=True)["objective"]
        drawn.append({name: value for name, value in objective.items() if ".adapters." in name})
    assert len(drawn[0]) == 8
    assert all(torch.equal(drawn[0][name], drawn[1][name]) for name in drawn[0])


def test_only_the_terms_asked_for_are_run(a_store, a_taught_run, tmp_path):
    options = ["--terms", "UFD,IPD", *STUDENT, "--steps", 1]
    assert hlfd("distill", a_store, tmp_path / "run", "--teacher", a_taught_run, *options) == 0
    told = steps_told(tmp_path / "run")[0]
    assert {"UFD", "IPD"} <= set(told) and not {"IFD", "UPD"} & set(told)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--method", "magic"], "method: there are none, kd, at, skd, imf, emkd, hifd, hlfd"),
        (["--terms", "UFD,ABC"], "terms: hlfd has no ABC; it has UFD, IFD, UPD, IPD"),
        (["--map-stride", "3"], "map-stride"),
    ],
)
def test_what_there_is_not_is_refused_in_a_sentence(a_store, a_taught_run, tmp_path, capsys, options, sentence):
    assert hlfd("distill", a_store, tmp_path / "run", "--teacher", a_taught_run, *STUDENT, *options) == 2
    told = capsys.readouterr().err
    assert sentence in told and told.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_a_student_starts_from_the_weights_of_another(a_store, a_distilled_run, tmp_path):
    options = ["--method", "none", *STUDENT, "--start-from", a_distilled_run, "--learning-rate", 1e-12, "--steps", 1]
    assert hlfd("distill", a_store, tmp_path / "run", *options) == 0
    one, other = (load_file(run / "bundle" / "weights.safetensors") for run in (a_distilled_run, tmp_path / "run"))
    assert all(
        torch.allclose(one[name], other[name], atol=1e-6)
        for name in one
        if "running" not in name and "num_" not in name
    )


def test_a_bundle_and_its_card_tell_what_a_run_started_from(a_store, a_distilled_run, tmp_path):
    options = ["--method", "none", *STUDENT, "--start-from", a_distilled_run, "--steps", 1]
    assert hlfd("distill", a_store, tmp_path / "run", *options) == 0
    earlier, manifest = (read_manifest(run / "bundle") for run in (a_distilled_run, tmp_path / "run"))
    told = manifest.training["started_from"]
    assert told["weights_sha256"] == earlier.files["weights.safetensors"]
    assert told["training_cases"] == earlier.training["training_cases"] and "started_from" not in earlier.training
    card = (tmp_path / "run" / "bundle" / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert f"| weights at the start | of a model of {told['training_cases']} " in card


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--no-stem-pool"], "holds resnet with 3 classes (widths [3, 4, 5, 6], blocks [1, 1, 1, 1], stem_pool True)"),
        (["--decoder"], "the run trains resnet-decoder with 3 classes"),
    ],
)
def test_a_student_does_not_start_from_another_network(a_store, a_distilled_run, tmp_path, capsys, options, sentence):
    options = ["--method", "none", *STUDENT, *options, "--start-from", a_distilled_run]
    assert hlfd("distill", a_store, tmp_path / "run", *options) == 2
    assert sentence in capsys.readouterr().err


def test_a_student_does_not_start_from_a_teacher(a_store, a_taught_run, tmp_path, capsys):
    assert hlfd("distill", a_store, tmp_path / "run", "--method", "none", *STUDENT, "--start-from", a_taught_run) == 2
    assert "is a teacher; a student comes from `hlfd distill`" in capsys.readouterr().err
