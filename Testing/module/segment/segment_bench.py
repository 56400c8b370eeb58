"""A bench with the section Segment alone, a tiny model that the backend really runs, and CTs to segment."""

import json
import os
import sys
from pathlib import Path

import numpy as np
import slicer
import torch

from hlfd.bundle import save_bundle
from hlfd.models.registry import Architecture, build

MODULE = Path(__file__).parents[3] / "HLFDSegmentation"
TINY = {"widths": [2, 2, 2, 2], "blocks": [1, 1, 1, 1]}
OBLIQUE = np.array(
    [[0.9, 0.1, 0.0, -12.0], [-0.1, 0.85, -0.5, 7.5], [0.0, 0.3, 2.4, 33.0], [0, 0, 0, 1]],
)
SHAPE_ZYX = (6, 40, 36)


def writeEnvironment(home: Path, **changes) -> None:
    """Say that this Python, which has the backend, is the environment."""
    record = {"format": 1, "kind": "chosen", "python": sys.executable, "packages": "", "torch": "", "device": "cpu"}
    (home / ".hlfd").mkdir(exist_ok=True)
    (home / ".hlfd" / "environment.json").write_text(json.dumps(record | changes))


def addModel(home: Path, facts, name: str = "tiny", seed: int = 10, **changes) -> Path:
    """A model in the library: a network of a few weights, drawn with a seed."""
    torch.manual_seed(seed)
    network = build(Architecture(network="resnet", classes=3, settings=TINY))
    folder = home / ".hlfd" / "models" / name
    folder.parent.mkdir(parents=True, exist_ok=True)
    save_bundle(folder, network, {**facts("resnet", TINY), "synthetic": False, **changes})
    return folder


def aCt(seed: int = 0) -> np.ndarray:
    """HU (k, j, i): air, a body, and noise enough to make a network of drawn weights say different things."""
    array_zyx = np.full(SHAPE_ZYX, -1000, np.int16)
    noise = np.random.default_rng(seed).normal(60, 120, SHAPE_ZYX)
    array_zyx[:, 4:-4, 4:-4] = noise[:, 4:-4, 4:-4]
    return array_zyx


def addCt(name: str = "CT", array_zyx=None, ijkToRas=OBLIQUE):
    """A CT in the scene."""
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(node, aCt() if array_zyx is None else array_zyx)
    node.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijkToRas))
    node.CreateDefaultDisplayNodes()
    return node


class ActingBackend:
    """Plays the backend where nothing depends on a network: 100 HU and more is kidney, 200 HU and more is tumour.

    Attributes:
        state: that its jobs are in as soon as they were asked for; `done` ones have their result, and `written` ones
            have it and are running yet.
        jobs: those that were asked for.
    """

    def __init__(self, state: str = "done", say: str = ""):
        self.state, self.say, self.jobs = state, say, []

    def __call__(self, environment, command, settings, name="", after=()):
        from hlfd.jobs.folder import create, default_folder
        from HLFDSegmentationLib.NrrdFiles import readNrrd, writeNrrd

        job = create(default_folder(), command, settings, Path(settings["out"]).parent, name)
        if self.state in ("done", "written"):
            hu, ijkToRas = readNrrd(settings["ct"])
            writeNrrd(settings["out"], np.digitize(hu, (100, 200)).astype(np.uint8), ijkToRas)
            Path(settings["report"]).write_text(json.dumps(REPORT))
        self.become(job, "running" if self.state == "written" else self.state, self.say)
        self.jobs.append(job)  # last: this may be a thread, and a test goes on when the job is there
        return job

    def become(self, job, state: str, say: str = "", **facts) -> None:
        """Let a job be in a state; this process is the one at work."""
        from hlfd.jobs.folder import this_host

        job.write_status(state, say, **{"pid": os.getpid(), "mark": "", "host": this_host(), **facts})


REPORT = {
    "format": 1,
    "model": {},
    "labels": [{"name": "kidney", "value": 1, "volume_ml": 150.44}, {"name": "tumor", "value": 2, "volume_ml": 2.345}],
    "lesions": [
        {"label": "tumor", "number": 2, "volume_ml": 0.345, "longest_axial_mm": 8.04, "centre_lps_mm": [1, 2, 3]},
        {"label": "tumor", "number": 1, "volume_ml": 2.0, "longest_axial_mm": 21.96, "centre_lps_mm": [4, 5, 6]},
    ],
}
"""Of a segmentation, by hand."""


class SegmentBench:
    """The section in a window of its own.

    Attributes:
        panel: SegmentPanel.
        ui: its widgets by name.
        opened: sections that were asked for.
    """

    def __init__(self):
        import qt

        from HLFDSegmentationLib.Bench import Bench
        from HLFDSegmentationLib.Segment.SegmentPanel import SegmentPanel

        self.opened = []
        self.window = qt.QWidget()
        qt.QVBoxLayout(self.window)
        self.bench = Bench(lambda name: str(MODULE / "Resources" / name), self.opened.append)
        self.bench.useParameters(newParameters())
        self.panel = SegmentPanel(self.bench, self.window)
        self.bench.panels["segment"] = self.panel
        self.ui = self.panel.ui
        self.window.layout().addStretch(1)
        self.window.resize(420, 900)
        self.window.show()
        self.panel.refresh()

    def segment(self):
        """Click Segment as soon as a user can."""
        until(lambda: self.ui.segmentButton.enabled)
        click(self.ui.segmentButton)

    def close(self):
        self.panel.close()
        self.bench.useParameters(None)
        self.window.delete()


def newParameters():
    """A parameter node of the scene, as the module's logic would give it."""
    from HLFDSegmentationLib.ParameterNode import HLFDSegmentationParameterNode

    return HLFDSegmentationParameterNode(slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScriptedModuleNode"))


def isIdle(bench: SegmentBench):
    """The condition, to wait for, that nothing is being segmented."""
    return lambda: not bench.panel._run.isBusy


def segmentations() -> list:
    """Those of the scene."""
    return slicer.util.getNodesByClass("vtkMRMLSegmentationNode")


def leftovers(home: Path) -> list[str]:
    """Names of the folders of segmentations and jobs that are still there."""
    return [path.name for part in ("segmentations", "jobs") for path in (home / ".hlfd" / part).glob("*")]


# Words of `clicking`, which can be imported only while there is a desktop


def until(condition, timeout_s: float = 20.0):
    return _clicking().until(condition, timeout_s)


def letPass(seconds: float) -> None:
    _clicking().letPass(seconds)


def click(button) -> None:
    _clicking().click(button)


def choose(box, text: str) -> None:
    _clicking().choose(box, text)


def isSeen(widget) -> bool:
    return _clicking().isSeen(widget)


def _clicking():
    from Testing.module import clicking

    return clicking
