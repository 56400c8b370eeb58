"""Gradient accumulation: a step in parts is one step, with the gradient of all its crops."""

import copy
import math

import pytest
import torch

from hlfd.data.batches import Batch
from hlfd.distillation.distiller import Distiller
from hlfd.distillation.recipes import make_recipe
from hlfd.distillation.targets import targets_of_truth
from hlfd.event_file import read_events
from hlfd.models.resnet import ResNetSettings, ResNetStudent
from hlfd.training.checkpoint import Progress
from hlfd.training.objectives import Distilled, Supervised
from Testing.training.bare_loop import Watched, a_network, begin, checkpoint, settings_for
from Testing.training.tiny_runs import STUDENT, TEACHER, hlfd

CUTS = [(4, 1, [4]), (4, 2, [2, 2]), (4, 4, [1, 1, 1, 1]), (5, 2, [3, 2]), (5, 4, [2, 2, 1]), (6, 4, [2, 2, 2])]


def a_batch(crops):
    generator = torch.Generator().manual_seed(crops)
    labels = torch.randint(0, 3, (crops, 32, 32), generator=generator)
    return Batch(torch.rand(crops, 1, 32, 32, generator=generator), labels, {})


def naive_gradient(network, batch, sizes):
    """The mean of the parts' gradients, each computed alone and weighted by its crops; and the mean loss."""
    total, loss, first = [torch.zeros_like(value) for value in network.parameters()], 0.0, 0
    for size in sizes:
        alone = copy.deepcopy(network)
        part = slice(first, first + size)
        lost = Supervised(alone)(batch.images[part], batch.labels[part])["loss"]
        lost.backward()
        for sum_, value in zip(total, alone.parameters(), strict=True):
            sum_ += value.grad * size / len(batch.images)
        loss, first = loss + lost.item() * size / len(batch.images), first + size
    return total, loss


@pytest.mark.parametrize(("crops", "parts", "sizes"), CUTS)
def test_a_step_in_parts_has_the_mean_gradient_of_its_parts(crops, parts, sizes):
    network, batch, seen = a_network(), a_batch(crops), []
    objective = Watched(seen.append)
    _, _, stepper = begin(objective, settings_for("store", "run"))
    losses = stepper.step(batch, Progress(parts=parts), print)
    expected, loss = naive_gradient(network, batch, sizes)
    for value, gradient in zip(objective.network.parameters(), expected, strict=True):
        torch.testing.assert_close(value.grad, gradient, rtol=1e-4, atol=1e-7)
    assert losses["loss"].item() == pytest.approx(loss, rel=1e-5)
    assert [len(images) for images in seen] == sizes
    assert torch.equal(torch.cat(seen), batch.images)


def test_one_part_is_bit_for_bit_the_step_without_accumulation():
    network, batch = a_network(), a_batch(4)
    objective = Watched(lambda _images: None)
    _, _, stepper = begin(objective, settings_for("store", "run"))
    stepper.step(batch, Progress(parts=1), print)
    Supervised(network)(batch.images, batch.labels)["loss"].backward()
    pairs = zip(objective.network.parameters(), network.parameters(), strict=True)
    assert all(torch.equal(one.grad, other.grad) for one, other in pairs)


def a_scheduled_student(steps):
    """HLFD of the truth, whose weights grow from 0 over the run."""
    torch.manual_seed(1)
    student = ResNetStudent(3, ResNetSettings(widths=(3, 4, 5, 6), blocks=(1, 1, 1, 1), stem_pool=False))
    recipe = make_recipe("deep", "", "truth", None, 0.5, schedule="rise")
    distiller = Distiller(recipe, student.channels, student.strides, classes=3)
    return Distilled(
        student, distiller, steps, lambda _, labels: targets_of_truth(labels, distiller.sources, 3, recipe.temperature)
    )


@pytest.mark.parametrize("parts", [1, 2, 4])
def test_schedules_go_on_once_a_step_and_not_once_a_part(parts):
    settings = settings_for("store", "run", steps=10)
    objective = a_scheduled_student(10)
    _, training, stepper = begin(objective, settings)
    for done in range(1, 4):
        told = stepper.step(a_batch(4), Progress(parts=parts), print)
        assert objective.weighing.step == done
        weight = (told["loss"] - told["seg"]).item()
        assert weight == 0 if done == 1 else weight > 0  # the first step still has weight 0, in all of its parts
        rate = 1e-6 + (1e-3 - 1e-6) * (1 + math.cos(math.pi * done / 10)) / 2
        assert training.optimizer.param_groups[0]["lr"] == pytest.approx(rate)


def test_a_run_in_parts_says_so_and_ends_with_its_schedules_at_their_ends(a_store, tmp_path):
    run = tmp_path / "run"
    options = [*STUDENT, "--method", "deep", "--schedule", "rise", "--batch", 4, "--accumulate", 2]
    assert hlfd("distill", a_store, run, *options) == 0
    (started,) = [event for event in read_events(run / "events.jsonl") if event["event"] == "started"]
    content = checkpoint(run)
    assert started["parts"] == content["progress"]["parts"] == 2
    assert content["objective"]["weighing.step"] == 12
    assert content["optimizer"]["param_groups"][0]["lr"] == pytest.approx(1e-6)


def test_more_parts_than_crops_are_refused(a_store, tmp_path, capsys):
    assert hlfd("teach", a_store, tmp_path / "run", *TEACHER, "--accumulate", 3) == 2
    assert "--accumulate asks for more parts than each device has crops" in capsys.readouterr().err
    assert not (tmp_path / "run").exists()
