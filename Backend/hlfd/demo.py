"""The demo: every stage is a command that a user could type, run in order, timed, and told in one report."""

import importlib
import importlib.util
import json
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from rich.console import Console

from hlfd import __version__
from hlfd.data.store import Store
from hlfd.errors import InputError
from hlfd.files import refuse_existing, write_json
from hlfd.machine import cores
from hlfd.report.page import Entry, Picture, Story, write_report

RECORD, SEGMENTATION = "demo.json", "segmentation.seg.nrrd"
SIZE, SLICES, PIXEL_MM = 192, "28,40", 1.6
"""Pixels of a side, slices of the shortest and the longest CT, working pixel: what minutes on two cores allow."""
MODELS = {"teacher": "Teacher, UNet++", "none": "Student alone", "hlfd": "Student, HLFD"}
VIEWS = {"axial": "Axial", "coronal": "Coronal", "sagittal": "Sagittal", "3d": "3D"}
LIMITS = (
    "Synthetic anatomy: nothing here predicts how a model does on patients.",
    "One seed and a handful of test cases: a difference of a few points can be chance.",
    "Narrow networks and minutes of training: the published networks have 36 and 11 million parameters and train "
    "for many hours.",
)


@dataclass
class Stage:
    """One step of the demo."""

    title: str
    command: list[str]
    """Words behind `hlfd`."""
    seconds: float = 0.0


def run_demo(out: Path, cases: int, steps: int, seed: int, overwrite: bool) -> Path:
    """Go the whole way in `out` and give the path of the report.

    Raises:
        InputError: `out` exists, or the Slicer side is not installed.
    """
    module = slicer_module()
    _make_room(out, overwrite)
    write_json(out / RECORD, {"version": __version__, "finished": False})
    began = time.monotonic()
    stages = _training_stages(out, cases, steps, seed)
    for stage in stages:
        _run_stage(stage)
    case = _most_tumor(Store(out / "store"))
    segment = _segment_stage(out, case)
    _run_stage(segment)
    _make_scene(module, out, case)
    stages.append(segment)
    report = out / "report.html"
    write_report(report, _story(out, case, stages, seed, time.monotonic() - began))
    write_json(out / RECORD, {"version": __version__, "finished": True, "seconds": time.monotonic() - began})
    return report


def slicer_module() -> Path:
    """Find the folder of the Slicer module beside the backend, and make sure that its core can be imported.

    Raises:
        InputError: not a checkout of the project, or slicer-core is missing.
    """
    folder = Path(__file__).resolve().parents[2] / "HLFDSegmentation"
    if not (folder / "HLFDSegmentationLib").is_dir():
        raise InputError(f"{folder}: the demo needs a checkout of the project; clone it and run `python run.py demo`")
    if importlib.util.find_spec("slicer") is None:
        raise InputError("slicer-core is not installed; run `python run.py demo`, or pip install 'hlfd[slicer]'")
    return folder


def _make_room(out: Path, overwrite: bool) -> None:
    refuse_existing(out, overwrite)
    if out.exists() and any(out.iterdir()):
        if not (out / RECORD).is_file():
            raise InputError(f"{out}: is not a demo, so it is not replaced; choose another name")
        shutil.rmtree(out)
    out.mkdir(parents=True, exist_ok=True)


def _training_stages(out: Path, cases: int, steps: int, seed: int) -> list[Stage]:
    data, store, measured = _word(out / "phantoms"), _word(out / "store"), _word(out / "evaluation")
    run = {key: _word(out / key) for key in MODELS}
    shared = f"--steps {steps} --crop 128 --batch 8 --validate-every {max(steps // 6, 1)} --validation-slices 16"
    shared += f" --threads {cores()}"  # somebody is waiting
    student = f"{shared} --seed {seed} --widths 8,16,32,64 --no-stem-pool"
    return [
        _stage("Synthetic CTs", f"phantom {data} --count {cases} --size {SIZE} --slices {SLICES} --seed {seed}"),
        _stage(
            "Store of slices",
            f"prepare {data} {store} --task kidney --pixel-mm {PIXEL_MM} --validation 0.15 --test 0.25 --seed {seed}",
        ),
        _stage(
            "Teacher", f"teach {store} {run['teacher']} {shared} --seed {seed} --widths 8,16,32,64,128 --norm batch"
        ),
        _stage("Student alone", f"distill {store} {run['none']} --method none {student}"),
        _stage("Student, HLFD", f"distill {store} {run['hlfd']} --teacher {run['teacher']} {student}"),
        *(
            _stage(f"Measure: {title}", f"evaluate {store} {measured}/{key} --model {run[key]}/bundle --save nii.gz")
            for key, title in MODELS.items()
        ),
    ]


def _segment_stage(out: Path, case: str) -> Stage:
    ct, model = _word(out / "phantoms" / case / "imaging.nii.gz"), _word(out / "hlfd" / "bundle")
    return _stage("Segment a held-out CT", f"segment {ct} --model {model} --out {_word(out / SEGMENTATION)}")


def _stage(title: str, command: str) -> Stage:
    return Stage(title, shlex.split(command))


def _word(path: Path) -> str:
    """A path as one word of a command line, with forward slashes, which every system takes."""
    return shlex.quote(path.as_posix())


def _run_stage(stage: Stage) -> None:
    console = Console(stderr=True, highlight=False, soft_wrap=True)
    console.print(f"\n[bold]{stage.title}[/bold]  hlfd {shlex.join(stage.command)}")
    began = time.monotonic()
    command = importlib.import_module(f"hlfd.commands.{stage.command[0]}")
    command.run(command.CommandSettings.from_command_line(stage.command[1:], f"hlfd {stage.command[0]}"))
    stage.seconds = time.monotonic() - began


def _most_tumor(store: Store) -> str:
    """The test case with tumour on the most slices: the one that shows most in a picture, chosen before any result."""
    return max(store.cases("test"), key=lambda case: case.tumor_slices).name


def _make_scene(module: Path, out: Path, case: str) -> None:
    """Let the Slicer side make its scene in a process of its own: it never shares one with torch."""
    folder = out / "phantoms" / case
    named = {"Expert labels": folder / "segmentation.nii.gz"}
    named |= {title: out / "evaluation" / key / f"{case}.nii.gz" for key, title in MODELS.items()}
    named[MODELS["hlfd"]] = out / SEGMENTATION
    command = [
        sys.executable,
        "-m",
        "HLFDSegmentationLib.SceneFromFiles",
        "--volume",
        str(folder / "imaging.nii.gz"),
        "--manifest",
        str(out / "hlfd" / "bundle" / "manifest.json"),
        "--out",
        str(out / "scene"),
    ]
    for title, file in named.items():
        command += ["--labels", f"{title}={file}"]
    ended = subprocess.run(command, env={**os.environ, "PYTHONPATH": str(module)}, capture_output=True, text=True)
    if ended.returncode:
        raise InputError(f"the Slicer scene could not be made: {ended.stderr.strip() or f'status {ended.returncode}'}")


def _story(out: Path, case: str, stages: list[Stage], seed: int, seconds: float) -> Story:
    scene: dict[str, Any] = json.loads((out / "scene" / "scene.json").read_text(encoding="utf-8"))
    keys = ("truth", *MODELS)
    pictures = tuple(
        Picture(title, key, {VIEWS[view]: out / "scene" / file for view, file in files.items()})
        for key, (title, files) in zip(keys, scene["pictures"].items(), strict=True)
    )
    return Story(
        title="A student learns from its teacher",
        introduction="A large network (the teacher) learns to segment kidneys and their tumours on annotated CTs; a "
        "compact network (the student) learns the same alone, and once more with the teacher's help through "
        "Hierarchical Layer-selective Feedback Distillation (HLFD).",
        synthetic=True,
        entries=tuple(Entry(key, title, out / key, out / "evaluation" / key) for key, title in MODELS.items()),
        pictures=pictures,
        pictures_note=f"{case}, the test case with tumour on the most slices, drawn by 3D Slicer's own views. "
        "Kidney is reddish, tumour green. scene/scene.mrb opens in Slicer with all four segmentations.",
        stages=tuple(
            {"title": stage.title, "command": f"hlfd {shlex.join(stage.command)}", "seconds": stage.seconds}
            for stage in stages
        ),
        facts={
            "Whole demo": f"{seconds / 60:.1f} minutes, {_peak_memory()}",
            "Seed": str(seed),
            "Machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
            f"{'CUDA' if torch.cuda.is_available() else 'no CUDA'}",
            "Versions": f"hlfd {__version__}, torch {torch.__version__}, Python {platform.python_version()}, "
            f"slicer-core {scene['versions']['slicer-core']}",
        },
        limits=LIMITS,
    )


def _peak_memory() -> str:
    try:
        import resource
    except ImportError:  # Windows
        return "peak memory not measured"
    peak = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return f"largest process {peak * (1 if sys.platform == 'darwin' else 1024) / 1e9:.1f} GB"
