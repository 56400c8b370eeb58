"""Several processes as one: normalisation, loss, score and decisions are those of the whole batch."""

import json
import socket
from pathlib import Path

import pytest
import torch
from monai.losses import DiceFocalLoss
from torch import multiprocessing, nn

from hlfd.attached import LAUNCHED, leave_word
from hlfd.cli import main
from hlfd.data.batches import windowed
from hlfd.data.store import Store
from hlfd.distillation.losses import pixel_divergence
from hlfd.together import (
    EverywhereBatchNorm2d,
    agreed,
    gathered,
    in_company,
    is_first,
    own_share,
    sum_everywhere,
    world,
)
from hlfd.training.objectives import FocalDice
from Testing.training.pairs import a_norm, average, be_one_of_two, look, lose, normalise, step
from Testing.training.tiny_runs import make_store


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    """A store whose three validation cases two processes cannot share evenly."""
    folder = make_store(tmp_path_factory.mktemp("together") / "store", "abcde")
    division = {"seed": 0, "training": ["a"], "validation": ["b", "c", "d"], "test": ["e"]}
    splits = json.loads((folder / "splits.json").read_text())
    (folder / "splits.json").write_text(json.dumps({**splits, **division}))
    return folder


@pytest.fixture(scope="module")
def two(store, tmp_path_factory):
    """What each of two processes has told."""
    out = tmp_path_factory.mktemp("two")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    multiprocessing.spawn(be_one_of_two, (port, store, out), nprocs=2)
    return [torch.load(out / f"{number}.pt") for number in (0, 1)]


def joined(two, part, name):
    return torch.cat([told[part][name] for told in two])


def test_batch_norm_over_two_processes_is_that_of_the_whole_batch(two):
    whole = normalise(a_norm(nn.BatchNorm2d))
    for seed in (1, 2):
        for name in (f"output {seed}", f"input {seed}"):
            torch.testing.assert_close(joined(two, "norm", name), whole[name], rtol=1e-4, atol=1e-5)
        for name in (f"weight {seed}", f"bias {seed}"):  # each process has the part of its crops
            torch.testing.assert_close(sum(told["norm"][name] for told in two), whole[name], rtol=1e-4, atol=1e-4)
    for name in ("running_mean", "running_var", "num_batches_tracked", "evaluation"):
        for told in two:
            torch.testing.assert_close(told["norm"][name], whole[name], rtol=1e-5, atol=1e-5)
        assert torch.equal(*(told["norm"][name] for told in two))


def test_the_segmentation_loss_over_two_processes_is_that_of_the_whole_batch(two):
    whole = lose(FocalDice())
    # Gradients of parameters are averaged over the processes, so those of logits are worth half.
    torch.testing.assert_close(sum(told["loss"]["loss"] for told in two) / 2, whole["loss"])
    torch.testing.assert_close(joined(two, "loss", "gradient") / 2, whole["gradient"])


def test_a_divergence_averaged_over_classes_is_that_of_the_whole_batch(two):
    whole = average(pixel_divergence)
    torch.testing.assert_close(sum(told["classes"]["loss"] for told in two) / 2, whole["loss"])
    torch.testing.assert_close(joined(two, "classes", "gradient") / 2, whole["gradient"])


@pytest.mark.parametrize(("parts", "order"), [(1, [0, 1, 2, 3]), (2, [0, 2, 1, 3])])
def test_a_step_of_two_processes_is_that_of_one(two, store, parts, order):
    # Part by part they see crops 0 and 2 together, then 1 and 3: the gradients travel once, with the last part.
    whole = step(store, order, parts)
    for told in (one["steps"][parts - 1] for one in two):
        torch.testing.assert_close(told["loss"], whole["loss"])
        for gradient, expected in zip(told["gradient"], whole["gradient"], strict=True):
            torch.testing.assert_close(gradient, expected, rtol=1e-4, atol=1e-7)


def test_the_segmentation_loss_is_monais():
    monai = DiceFocalLoss(include_background=False, to_onehot_y=True, softmax=True, batch=True)
    theirs = lose(lambda logits, labels: monai(logits, labels[:, None]))
    ours = lose(FocalDice())
    torch.testing.assert_close(ours["loss"], theirs["loss"])
    torch.testing.assert_close(ours["gradient"], theirs["gradient"])


def naive_score(store):
    """Mean over the cases of twice the overlap over the sum of both sizes."""
    scores = []
    for case in map(store.slices, store.cases("validation")):
        found, truth = windowed(case.hu, store.manifest.window_hu) > 0.7, case.labels == 2
        scores.append(2 * (found & truth).sum() / (found.sum() + truth.sum()))
    assert len(set(scores)) == 3
    return sum(scores) / 3


def test_the_score_is_that_of_one_process_bit_for_bit(two, store):
    assert two[0]["score"] == two[1]["score"] == look(store)
    assert look(store) == pytest.approx(naive_score(Store(store)))


def test_every_batch_norm_of_a_network_is_replaced_and_keeps_its_values(two):
    for told in two:
        assert told["kinds"] == ["Sequential", "Conv2d", "Sequential", "EverywhereBatchNorm2d"]
        assert told["kept"]


def test_a_decision_of_one_is_the_decision_of_all(two):
    for number, told in enumerate(one["decisions"] for one in two):
        assert told["world"] == (number, 2) and told["is_first"] == (number == 0)
        assert told["agreed"] == [(False, False), (True, False), (True, True)]
        assert told["gathered"] == [{"of": 0}, {"of": 1}]


def test_items_are_dealt_out_in_turn(two):
    assert two[0]["decisions"]["shares"] == [[], [0], [0, 2, 4]]
    assert two[1]["decisions"]["shares"] == [[], [], [1, 3]]


def test_a_sum_and_what_it_is_worth_reach_all(two):
    for told in (one["decisions"] for one in two):
        assert told["sum"].tolist() == [3, 30]
        assert told["worth"].tolist() == [3, 3]  # once for the first, and twice for the second process
        assert told["mean"].tolist() == [1.5, 15]


def test_whoever_is_left_alone_says_so_in_a_sentence(two):
    assert two[0]["alone"].startswith("another process of this training is gone (")
    assert two[0]["alone"].endswith("); go on with --resume") and "\n" not in two[0]["alone"]


def test_alone_everything_is_given_back_as_it_was():
    values = torch.ones(2, requires_grad=True)
    assert world() == (0, 1) and is_first()
    assert sum_everywhere(values) is values
    assert agreed(True, False) == (True, False)
    assert gathered("own") == ["own"]
    assert [*"abc"][own_share("abc")] == [*"abc"]
    one, other = (normalise(a_norm(kind)) for kind in (EverywhereBatchNorm2d, nn.BatchNorm2d))
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_alone_an_error_is_what_it_is():
    with pytest.raises(RuntimeError, match="gloo"), in_company():
        raise RuntimeError("gloo is not what this is about")


@pytest.fixture
def a_launched_process(tmp_path, monkeypatch):
    """Be the second of several that `hlfd` has started; gives where it leaves its words."""
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("TORCHELASTIC_ERROR_FILE", str(tmp_path / "error.json"))
    monkeypatch.setenv(LAUNCHED, "1")
    return tmp_path / "error.json"


def test_a_process_that_hlfd_has_started_leaves_its_sentence_to_be_said(a_launched_process, capsys):
    assert main(["teach", "nowhere", "run"]) == 2
    assert capsys.readouterr().err == ""
    told = json.loads(a_launched_process.read_text())
    assert told["message"].startswith(f"{Path('nowhere') / 'store.json'}: no such file; expected a store")


@pytest.mark.parametrize(("rank", "speaks"), [("0", True), ("1", False)])
def test_of_those_that_torchrun_has_started_the_first_speaks(a_launched_process, monkeypatch, capsys, rank, speaks):
    monkeypatch.delenv(LAUNCHED)
    monkeypatch.setenv("RANK", rank)
    assert main(["teach", "nowhere", "run"]) == 2
    assert bool(capsys.readouterr().err) == speaks
    assert "expected a store" in a_launched_process.read_text()


def test_a_process_of_its_own_has_nobody_to_leave_words_to(monkeypatch):
    monkeypatch.delenv("TORCHELASTIC_ERROR_FILE", raising=False)
    monkeypatch.setenv(LAUNCHED, "1")
    assert not leave_word("anything")
