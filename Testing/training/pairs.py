"""What two processes compute that train together, to be held against one that has the whole batch."""

import os

import torch
from torch import nn

from hlfd.data.batches import Batch
from hlfd.data.store import Store
from hlfd.distillation.losses import pixel_divergence
from hlfd.errors import LeftAloneError
from hlfd.together import (
    EverywhereBatchNorm2d,
    agreed,
    gathered,
    in_company,
    is_first,
    mean_everywhere,
    own_share,
    sum_everywhere,
    wait_for_all,
    with_common_statistics,
    world,
)
from hlfd.training.checkpoint import Progress
from hlfd.training.objectives import FocalDice
from hlfd.training.validation import validate
from Testing.training.bare_loop import Watched, begin, settings_for

CROPS, COUNT = 6, 2


def a_norm(kind):
    """A batch norm of three channels whose weights and running statistics are none of the usual."""
    norm = kind(3, eps=1e-3, momentum=0.2)
    with torch.no_grad():
        norm.weight[:] = torch.tensor([0.5, -1.0, 2.0])
        norm.bias[:] = torch.tensor([0.1, 0.0, -0.3])
        norm.running_mean[:] = torch.tensor([1.0, -2.0, 3.0])
        norm.running_var[:] = torch.tensor([4.0, 1.0, 0.5])
    return norm


def crops(seed):
    """A whole batch b c h w, whose crops differ in mean and spread, and what its output is worth."""
    generator = torch.Generator().manual_seed(seed)
    values, worth = (torch.randn(CROPS, 3, 4, 5, generator=generator) for _ in range(2))
    return values * torch.arange(1.0, 1 + CROPS)[:, None, None, None] + seed, worth


def maps():
    """Logits b k h w of a whole batch and their labels; the first half has no tumour at all."""
    generator = torch.Generator().manual_seed(5)
    labels = torch.randint(0, 3, (CROPS, 8, 8), generator=generator)
    labels[: CROPS // 2][labels[: CROPS // 2] == 2] = 0
    return 2 * torch.randn(CROPS, 3, 8, 8, generator=generator), labels


def normalise(norm, number=0, count=1):
    """Two steps of training with a share of the batches, then a look without training."""
    told = {}
    own = slice(number * CROPS // count, (number + 1) * CROPS // count)
    for seed in (1, 2):
        values, worth = (tensor[own].clone() for tensor in crops(seed))
        values.requires_grad_()
        norm.zero_grad()
        (norm(values) * worth).sum().backward()
        told |= {f"input {seed}": values.grad, f"weight {seed}": norm.weight.grad.clone()}
        told |= {f"bias {seed}": norm.bias.grad.clone(), f"output {seed}": norm(values).detach()}
    told |= {name: buffer.clone() for name, buffer in norm.named_buffers()}
    told["evaluation"] = norm.eval()(crops(3)[0]).detach()
    return told


def average(divergence, number=0, count=1):
    """Divergence of a share of the crops from what a teacher says of them, and its gradient."""
    teacher = 3 * torch.nn.functional.one_hot(maps()[1], 3).permute(0, 3, 1, 2).float()
    own = slice(number * CROPS // count, (number + 1) * CROPS // count)
    return lose(lambda logits, _labels: divergence(logits, teacher[own], average_over="classes"), number, count)


def lose(loss, number=0, count=1):
    """The segmentation loss of a share of the crops, and its gradient."""
    logits, labels = (tensor[number * CROPS // count : (number + 1) * CROPS // count] for tensor in maps())
    logits = logits.clone().requires_grad_()
    value = loss(logits, labels)
    value.backward()
    return {"loss": value.detach(), "gradient": logits.grad}


class Bright(nn.Module):
    """Calls tumour whatever is brighter than a share of the window."""

    stride = 16

    def forward(self, images):
        tumor = (images > 0.7).float()
        return torch.cat([0.5 - 0 * tumor, 0 * tumor, tumor], dim=1)


def look(store):
    """The validation score of the share of the cases, as all processes tell it."""
    return validate(Bright(), Store(store), 0, torch.device("cpu"))


def crops_of_a_step(chosen):
    """Some of the four crops of a step."""
    generator = torch.Generator().manual_seed(4)
    labels = torch.randint(0, 3, (4, 32, 32), generator=generator)
    return Batch(torch.rand(4, 1, 32, 32, generator=generator)[chosen], labels[chosen], {})


def step(store, chosen, parts, **settings):
    """Loss and gradient of a step with some of the crops, in parts."""
    objective = Watched(lambda _images: None)
    *_, stepper = begin(objective, settings_for(store, "run", batch=4, threads=1, **settings))
    losses = stepper.step(crops_of_a_step(chosen), Progress(parts=parts), print)
    return {"loss": mean_everywhere(losses["loss"]), "gradient": [value.grad for value in objective.parameters()]}


def decide(number):
    """What is agreed, gathered, shared out and summed."""
    values = torch.tensor([1.0, 10.0]) * (number + 1)
    values.requires_grad_()
    summed = sum_everywhere(values)
    (summed * (number + 1)).sum().backward()
    return {
        "world": world(),
        "is_first": is_first(),
        "agreed": [agreed(False, False), agreed(number == 1, False), agreed(True, number == 0)],
        "gathered": gathered({"of": number}),
        "shares": [[*range(items)][own_share(range(items))] for items in (0, 1, 5)],
        "sum": summed.detach(),
        "worth": values.grad,
        "mean": mean_everywhere(values),
    }


def be_one_of_two(number, port, store, out):
    """Be one process: meet the other as torchrun would have it, compute everything, and tell it in a file."""
    meeting = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "WORLD_SIZE": COUNT, "TORCHELASTIC_RUN_ID": "pair"}
    own = {"RANK": number, "LOCAL_RANK": number, "GROUP_RANK": 0}
    os.environ.update({name: str(value) for name, value in {**meeting, **own}.items()})
    in_parts = [step(store, [2 * number, 2 * number + 1], parts, devices=COUNT) for parts in (1, 2)]
    network = nn.Sequential(nn.Conv2d(1, 3, 1), nn.Sequential(a_norm(nn.BatchNorm2d)))
    before = {name: value.clone() for name, value in network.state_dict().items()}
    common = with_common_statistics(network)
    told = {
        "steps": in_parts,
        "norm": normalise(a_norm(EverywhereBatchNorm2d), number, COUNT),
        "loss": lose(FocalDice(), number, COUNT),
        "classes": average(pixel_divergence, number, COUNT),
        "score": look(store),
        "decisions": decide(number),
        "kinds": [type(module).__name__ for module in common.modules()],
        "kept": all(torch.equal(value, before[name]) for name, value in common.state_dict().items()),
    }
    wait_for_all()
    if number == 0:  # the other ends now
        told["alone"] = be_left_alone()
    torch.save(told, out / f"{number}.pt")


def be_left_alone():
    """Wait for a process that has ended; gives what is said then."""
    try:
        with in_company():
            while True:
                sum_everywhere(torch.ones(1))
    except LeftAloneError as error:
        return str(error)
