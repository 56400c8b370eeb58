"""Tiny stores, runs of seconds, the `hlfd` command as a user calls it, and what it means that two runs are the same."""

import json

import numpy as np
import torch

from hlfd.catalogue import TASKS, make_labels
from hlfd.cli import main
from hlfd.data.splits import Splits
from hlfd.data.store import StoredCase, StoreManifest, save_manifest, save_slices
from hlfd.event_file import read_events

SMALL = ["--steps", "12", "--crop", "32", "--batch", "2", "--validate-every", "4", "--device", "cpu"]
TEACHER = [*SMALL, "--widths", "2,2,3,3,4"]
STUDENT = [*SMALL, "--widths", "3,4,5,6", "--blocks", "1,1,1,1"]
SIDE = 48
HU = (-80, 60, 160)


def make_store(
    folder,
    names=("a", "b", "c", "d"),
    patients=None,
    organ="kidney",
    window_hu=None,
    label_names=None,
    pixel_mm=1,
    synthetic=True,
):
    """Write a store of square kidneys with square tumours: the last case tests, the one before validates."""
    labels = make_labels(label_names or (organ, "tumor"), organ)
    cases = [_case(folder, name, number, (patients or names)[number]) for number, name in enumerate(names)]
    manifest = StoreManifest(
        organ=organ,
        labels=labels,
        source_values={"kidney": (1,), "tumor": (2,)},
        window_hu=window_hu or TASKS[organ].window_hu,
        pixel_mm=pixel_mm,
        synthetic=synthetic,
        cases=tuple(cases),
    )
    splits = Splits(seed=0, training=tuple(names[:-2]), validation=(names[-2],), test=(names[-1],))
    save_manifest(folder, manifest, splits)
    return folder


def _case(folder, name, number, patient):
    generator = np.random.default_rng(number)
    labels = np.zeros((3, SIDE, SIDE), np.uint8)
    row, column = generator.integers(4, 16, size=2)
    labels[:, row : row + 24, column : column + 24] = 1
    labels[1:, row + 4 : row + 16, column + 4 : column + 16] = 2
    hu = np.array(HU)[labels] + generator.normal(0, 15, labels.shape)
    save_slices(folder, name, hu.astype(np.int16), labels, classes=3)
    return StoredCase(
        name=name,
        patient=patient,
        image=folder / f"{name}.nii.gz",
        labels=folder / f"{name}_labels.nii.gz",
        resampled_labels=False,
        spacing_mm=(1, 1, 2.5),
        shape=labels.shape,
        tumor_slices=2,
    )


def hlfd(*arguments):
    """Call the command line in this process; gives its exit status."""
    return main([str(argument) for argument in arguments])


def steps_told(run):
    """The events of steps and validations, without their time."""
    told = [event for event in read_events(run / "events.jsonl") if event["event"] in ("step", "validated")]
    return [{name: value for name, value in event.items() if name != "time"} for event in told]


TAKEN = ("seconds", "expected", "actual")


def same(one, other):
    """Whether two checkpoints are equal bit for bit; only what they took and were to take may differ."""
    if isinstance(one, torch.Tensor):
        return torch.equal(one, other)
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one if key not in TAKEN)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    return one == other


def assert_same_run(run, other):
    """Weights, checkpoint, events and bundle of two runs are equal bit for bit."""
    assert (run / "best.safetensors").read_bytes() == (other / "best.safetensors").read_bytes()
    weights = "bundle/weights.safetensors"
    assert (run / weights).read_bytes() == (other / weights).read_bytes()
    assert same(*(torch.load(folder / "last.ckpt", weights_only=True) for folder in (run, other)))
    assert steps_told(run) == steps_told(other)
    results = [json.loads((folder / "result.json").read_text()) for folder in (run, other)]
    assert same(*results)
