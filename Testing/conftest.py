"""Words for the tests: a command and what it said, and a bundle whose answers can be worked out by hand."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

if "PYTEST_XDIST_WORKER" in os.environ:  # two processes share the cores; threads of both would only wait for each other
    os.environ.setdefault("OMP_NUM_THREADS", "1")

import numpy as np
import pytest
import torch
from pydantic import BaseModel
from torch import nn

from hlfd.bundle import save_bundle
from hlfd.catalogue import make_labels
from hlfd.cli import main
from hlfd.models.contract import Taps
from hlfd.models.registry import NETWORKS, Architecture

WINDOW_HU = (0.0, 300.0)
KIDNEY_FROM_HU, TUMOR_FROM_HU = 100, 200
LONGEST = (
    *("jobs/test_cluster.py", "module/test_whole_way.py", "test_demo.py", "jobs/test_stops.py"),
    *("training/test_two_processes_ended.py", "arena/test_arena.py", "training/test_two_processes.py"),
)
"""Files that take longest: they begin first, so that no process is left alone with one of them at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; the order within a file stays."""
    here = Path(__file__).parent
    first = {here / name: place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: first.get(item.path, len(LONGEST)))


@dataclass(frozen=True)
class Answer:
    """What a command gave back."""

    status: int
    out: str
    error: str


@pytest.fixture
def command(capfd) -> Callable[..., Answer]:
    """Run `hlfd` with arguments, in this process."""

    def run(*arguments: object) -> Answer:
        capfd.readouterr()
        status = main([str(argument) for argument in arguments])
        said = capfd.readouterr()
        return Answer(status, said.out, said.err)

    return run


@pytest.fixture
def refused(command) -> Callable[..., str]:
    """Run `hlfd` with arguments that it must refuse in one sentence; give the sentence."""

    def run(*arguments: object) -> str:
        answer = command(*arguments)
        assert answer.status == 2, answer
        assert answer.out == ""
        assert answer.error.startswith("hlfd: ")
        assert answer.error.endswith("\n")
        assert answer.error.count("\n") == 1, answer.error
        return answer.error

    return run


class ThresholdSettings(BaseModel):
    stride: int = 8


class Threshold(nn.Module):
    """Calls 100 HU and more kidney, 200 HU and more tumour; its logits rise with steps of one in their slopes."""

    def __init__(self, classes: int, settings: ThresholdSettings) -> None:
        super().__init__()
        self.channels = {"early": 1, "late": 1}
        self.strides = {"early": 1, "late": 1}
        self.stride = settings.stride
        self.classify = nn.Conv2d(1, classes, kernel_size=1)
        self.batches: list[tuple[int, ...]] = []
        low, high = ((hu - 0.5) / WINDOW_HU[1] for hu in (KIDNEY_FROM_HU, TUMOR_FROM_HU))
        with torch.no_grad():
            self.classify.weight[:] = torch.tensor([0.0, 1.0, 2.0]).reshape(3, 1, 1, 1)
            self.classify.bias[:] = torch.tensor([0.0, -low, -low - high])

    def forward(self, images):
        self.batches.append(tuple(images.shape))
        assert all(side % self.stride == 0 for side in images.shape[2:])
        return self.classify(images)

    def taps(self, images):
        return Taps(features={"early": images, "late": images}, maps={"late": self.forward(images)})


def by_threshold(hu: np.ndarray) -> np.ndarray:
    """What the network of `threshold_bundle` answers: 0, 1 (kidney) or 2 (tumour)."""
    return np.digitize(hu, (KIDNEY_FROM_HU, TUMOR_FROM_HU)).astype(np.uint8)


@pytest.fixture
def threshold_bundle(tmp_path, monkeypatch) -> Path:
    """A bundle whose network calls 100 HU and more kidney, 200 HU and more tumour, at pixels of 0.75 mm."""
    monkeypatch.setitem(NETWORKS, "threshold", (Threshold, ThresholdSettings))
    folder = tmp_path / "threshold bundle"
    save_bundle(folder, Threshold(3, ThresholdSettings()), bundle_facts("threshold", {"stride": 8}))
    return folder


def bundle_facts(network: str, settings: dict) -> dict:
    return {
        "name": "kidney tumour student, by hand",
        "role": "student",
        "method": "none",
        "organ": "kidney",
        "labels": make_labels(("kidney", "tumor"), "kidney"),
        "window_hu": WINDOW_HU,
        "pixel_mm": 0.75,
        "architecture": Architecture(network=network, classes=3, settings=settings),
        "synthetic": True,
        "training": {
            "training_cases": 2,
            "training_cases_with_tumor": 2,
            "validation_cases": 1,
            "slice_mm": [2.5, 2.5],
            "in_plane_mm": [0.75, 0.75],
            "settings": {"steps": 0, "batch": 1, "crop": 32, "seed": 0},
            "best_step": 0,
            "validation_tumor_dice": None,
        },
    }


@pytest.fixture
def answer_by_threshold() -> Callable[[np.ndarray], np.ndarray]:
    return by_threshold


@pytest.fixture
def facts_of_a_bundle() -> Callable[[str, dict], dict]:
    return bundle_facts
