"""What a plan is expected to take, before anything is started."""

import json

import pytest
import torch
from torch import nn

from hlfd.doctor import measuring, plan
from hlfd.doctor.measuring import Taken
from hlfd.doctor.plan import as_object, conclusion, expect, read_plan
from hlfd.doctor.trials import distilling, teaching
from Testing.training.tiny_runs import make_store

TEACH = {"widths": [2, 2, 3, 3, 4], "steps": 40, "crop": 64, "batch": 2, "device": "cpu", "threads": 1}
DISTILL = {**TEACH, "widths": [3, 4, 5, 6], "blocks": [1, 1, 1, 1], "crop": 32, "teacher": "not there yet"}


@pytest.fixture
def planned(tmp_path):
    """Writes a plan; gives its path."""

    def write(**content):
        file = tmp_path / "plan.json"
        file.write_text(json.dumps(content))
        return file

    return write


def settings_of(file, command="teach"):
    return read_plan(file)[command]


def test_a_chain_is_measured_without_a_store_and_nothing_is_left(planned, command, tmp_path):
    answer = command("doctor", "--json", "--plan", planned(teach=TEACH, distill=DISTILL))
    told = json.loads(answer.out)
    assert (answer.status, answer.error, told["device"], told["fits"]) == (0, "", "cpu", True)
    for name, crops, side in (("teach", 2, 64), ("distill", 2, 32)):
        one = told[name]
        assert (one["command"], one["steps"], one["with_validation"]) == (name, 40, False)
        assert (one["crops"], one["side"], one["measured_whole"]) == (crops, side, True)
        assert one["step_s"] > 0 and one["seconds"] == pytest.approx(40 * one["step_s"], abs=0.06)
        assert 0 < one["memory_bytes"] < one["memory_free_bytes"]
        assert one["say"].startswith(f"{name}: 40 steps of ")
    assert told["seconds"] == told["teach"]["seconds"] + told["distill"]["seconds"]
    assert told["memory_bytes"] == max(told["teach"]["memory_bytes"], told["distill"]["memory_bytes"])
    assert [path.name for path in tmp_path.iterdir()] == ["plan.json"]


def test_in_words_each_training_has_a_line_and_the_sum_comes_last(planned, command):
    lines = command("doctor", "--plan", planned(command="distill", **DISTILL)).out.splitlines()
    assert [line.partition(":")[0] for line in lines[:2]] == ["distill", ""]
    assert lines[0].endswith(" are free") and "without validation; needs " in lines[0]
    assert lines[-1].startswith("About ") and lines[-1].endswith(" on the CPU. Memory will do.")


def test_with_a_store_the_validations_count_and_a_budget_of_minutes_is_the_most(planned, tmp_path):
    store = make_store(tmp_path / "store")
    file = planned(teach={**TEACH, "store": str(store), "validate_every": 10, "validation_slices": 2})
    settings = settings_of(file)
    taken = Taken(step_s=0.5, look_s=100.0, memory_bytes=10, crops=2, side=64)
    one = plan._expected("teach", teaching(settings, 3), taken, "cpu", 9)
    looks = 4 * 2 * 48 * 48 / 1e6 * 100.0
    assert (one.seconds, one.with_validation, one.fits) == (round(40 * 0.5 + looks, 1), True, False)
    settings = settings.model_copy(update={"minutes": 0.25})
    assert plan._expected("teach", teaching(settings, 3), taken, "cpu", 9).seconds == 15.0


def test_memory_that_will_not_do_is_told_with_what_to_do(planned):
    settings = settings_of(planned(teach=TEACH))
    one = plan._expected("teach", teaching(settings, 3), Taken(60.0, 1.0, 2 * 10**9, 1, 64), "cpu", 10**9)
    assert conclusion([one]) == (
        "About 40 min on the CPU. Memory will not do for teach: give a smaller --batch or --crop, narrower --widths, "
        "or a larger --accumulate."
    )
    assert (
        "(worked out from 1 x 64 x 64 pixels)" in one.say() and "needs 2.0 GB of memory, 1.0 GB are free" in one.say()
    )
    assert as_object([one])["fits"] is False and as_object([one])["distill"] is None


def test_what_is_too_slow_for_its_share_of_time_is_worked_out_from_fewer_and_smaller_crops(planned):
    file = planned(teach={**TEACH, "crop": 128, "batch": 8, "accumulate": 2})
    trial = teaching(settings_of(file), 3)
    assert list(measuring._rungs(trial)) == [(1, 64), (1, 128), (2, 128), (4, 128)]
    assert measuring._share(trial, 1, 64) == 1 / 32 and measuring._share(trial, 4, 128) == 1 / 2
    taken = measuring.measure(trial, 0.0, 0, 10**12)
    assert (taken.crops, taken.side) == (1, 64)
    assert measuring.measure(trial, 1000.0, 0, 1).side == 64  # no memory for more either


def test_what_a_step_keeps_is_counted_once_and_without_the_weights():
    layer = nn.Linear(5, 3, bias=False)
    held = measuring._Kept({weight.untyped_storage().data_ptr() for weight in layer.parameters()})
    with torch.autograd.graph.saved_tensors_hooks(held.note, lambda tensor: tensor):
        images = torch.rand(7, 5, requires_grad=True)
        shown = layer(images).exp()
        (shown * shown[:, :1]).sum().backward()
    assert sum(held.pieces.values()) == 4 * (7 * 5 + 7 * 3)


@pytest.mark.parametrize("options", [{"targets": "live"}, {"method": "deep"}, {"method": "none"}, {"method": "skd"}])
def test_every_kind_of_distilling_makes_a_step(options, planned):
    both = read_plan(planned(teach=TEACH, distill={**DISTILL, **options}))
    trial = distilling(both["distill"], 3, both["teach"])
    batch = trial.batch(2, 32)
    assert batch.images.shape == (2, 1, 32, 32) and batch.labels.shape == (2, 32, 32)
    assert bool(batch.targets) is (options == {"method": "skd"})
    assert (trial.teacher is not None) is (options == {"targets": "live"})
    losses = trial.objective(batch.images, batch.labels, batch.targets)
    assert losses["loss"].isfinite()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ({"arena": {}}, "'arena' cannot be planned; there are teach, distill"),
        ({"teach": None}, "plans nothing; give the settings of teach or distill"),
        ({"teach": 7}, "the settings of teach are names and values, found a int"),
        ({"teach": {"steps": 0}}, "--steps: Input should be greater than 0, found 0; see `hlfd teach --help`"),
        ({"command": "teach", "stepz": 1}, "--stepz: Extra inputs are not permitted"),
    ],
)
def test_what_cannot_be_planned_is_refused_in_a_sentence(content, told, planned, refused):
    sentence = refused("doctor", "--plan", planned(**content))
    assert sentence.startswith(f"hlfd: {planned(**content)}: ") and told in sentence


def test_the_time_is_shared_between_the_trainings(planned, monkeypatch):
    shares = []

    def taken(trial, share_s, _base, _free):
        shares.append(share_s)
        return Taken(1.0, 1.0, 1, trial.crops, trial.settings.crop)

    monkeypatch.setattr(plan, "measure", taken)
    assert [one.seconds for one in expect(read_plan(planned(teach=TEACH, distill=DISTILL)), 1000.0)] == [40.0, 40.0]
    assert 400 < shares[0] <= 500 and 900 < shares[1] <= 1000
