"""Takes the pictures of the tutorial: `python Testing/pictures/take.py OUT --bundle FOLDER`, with .venv's Python.

They show the real panel, scene and backend in the stand-in for Slicer's window (Testing/desktop). The model is that of
`--bundle`, such as hlfd-demo/hlfd/bundle of the demo. It takes some minutes, because it segments and begins a training.
"""

import argparse
import contextlib
import json
import os
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SIZE = (1500, 950)
FOUR_UP = 3
"""Slicer's number for the layout of three slice views and a 3D view."""
LEARNT = 400
"""Of a thousand of the whole training: by then its curves have a shape."""
WAIT_S = 300.0


class Photographer:
    """The module in a window, and words for what a user does there.

    Args:
        out: folder of the pictures.
    """

    def __init__(self, out: Path):
        from Testing.desktop import start

        self.out, self.desktop = out, start()
        self.widget = self.desktop.loadModule(PROJECT / "HLFDSegmentation" / "HLFDSegmentation.py")
        self.bench, self.ui = self.widget.bench, self.widget.ui

    def take(self, name: str) -> None:
        """Save the window as it is."""
        from Testing.module.clicking import letPass

        letPass(0.5)
        print(f"wrote {self.desktop.savePicture(self.out / f'{name}.png', SIZE)}")

    def show(self, section: str) -> None:
        """Open this section alone."""
        from HLFDSegmentationLib.SelfTest import SECTIONS

        for name in SECTIONS:
            getattr(self.ui, f"{name}Section").collapsed = name != section
        self.ui.researchSection.collapsed = section == "segment"
        self.widget.showSection(section)

    def until(self, condition) -> None:
        """Let the window live until something is so."""
        from Testing.module.clicking import until

        until(condition, WAIT_S)


def main() -> None:
    """Take all of them."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("out", type=Path)
    arguments.add_argument("--bundle", type=Path, required=True)
    arguments = arguments.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    sys.path[:0] = [str(PROJECT), str(PROJECT / "HLFDSegmentation")]
    with _home():
        photographer = Photographer(arguments.out.resolve())
        try:
            _take_all(photographer, arguments.bundle.resolve())
        finally:
            photographer.desktop.close()


def _take_all(photographer: Photographer, bundle: Path) -> None:
    from HLFDSegmentationLib.Bench import ENVIRONMENT, MODELS

    photographer.show("backend")
    photographer.until(lambda: photographer.widget.panels["backend"].ui.installButton.enabled)
    photographer.take("backend")
    _use_this_python()
    photographer.bench.tell(ENVIRONMENT)
    name = photographer.bench.models.add(bundle)
    photographer.bench.tell(MODELS)
    _take_segment(photographer, name)
    photographer.show("models")
    photographer.take("models")
    _take_cases(photographer)
    _take_distil(photographer)


def _take_segment(photographer: Photographer, model: str) -> None:
    import slicer

    from HLFDSegmentationLib.SampleCts import loadSample

    slicer.app.layoutManager().setLayout(FOUR_UP)
    volume, expert = loadSample("SyntheticKidneyTumour")
    expert.GetDisplayNode().SetVisibility(False)
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    photographer.show("segment")
    photographer.bench.useModel(model)
    ui = photographer.widget.panels["segment"].ui
    ui.volumeSelector.setCurrentNode(volume)
    photographer.until(lambda: ui.segmentButton.enabled)
    photographer.take("segment")
    ui.segmentButton.click()
    photographer.until(lambda: ui.outcomeLabel.text)
    if ui.lesionTable.rowCount:
        ui.lesionTable.setCurrentCell(0, 0)
    photographer.take("result")


def _take_cases(photographer: Photographer) -> None:
    """Six patients, and a segmentation without a tumour, which the panel finds."""
    import slicer

    from HLFDSegmentationLib.SampleCts import Sample, addSample, makeSample

    slicer.mrmlScene.Clear(0)
    for number in range(6):
        sample = Sample(f"Kidney {number + 1}", "kidney", number)
        volume, expert = addSample(sample, makeSample(sample))
        expert.GetDisplayNode().SetVisibility(False)
    expert.GetSegmentation().RemoveSegment(expert.GetSegmentation().GetNthSegmentID(1))
    slicer.util.setSliceViewerLayers(background=volume, fit=True)
    photographer.show("cases")
    cases = photographer.widget.panels["cases"]
    cases.scene.ui.findButton.click()
    photographer.until(lambda: cases.cases.rows and cases.checks.areDone)
    photographer.take("cases")


def _take_distil(photographer: Photographer) -> None:
    from HLFDSegmentationLib.Distil.DistilSettings import Choices

    photographer.show("distil")
    panel = photographer.widget.panels["distil"]
    panel.choices.write(Choices(name="kidney-tumours", steps=200, validateEvery=20))
    panel.refresh()
    photographer.until(lambda: panel.startUi.startButton.enabled)
    photographer.take("distil")
    panel.startUi.startButton.click()
    view = panel.trainings.view.ui
    photographer.until(lambda: view.curvesButton.visible and view.curvesButton.enabled)
    view.curvesButton.click()
    photographer.until(lambda: view.previewPicture.visible and view.stageBar.value > LEARNT)
    photographer.take("training")
    view.stopButton.click()
    photographer.until(lambda: view.resumeButton.visible)


def _use_this_python() -> None:
    record = {"format": 1, "kind": "chosen", "python": sys.executable, "packages": "", "torch": "", "device": "cpu"}
    folder = Path.home() / ".hlfd"
    folder.mkdir(exist_ok=True)
    (folder / "environment.json").write_text(json.dumps(record), encoding="utf-8")


@contextlib.contextmanager
def _home():
    """An empty home folder for as long as it lasts."""
    before = {name: os.environ.get(name) for name in ("HOME", "USERPROFILE")}
    with tempfile.TemporaryDirectory(prefix="hlfd-pictures-", ignore_cleanup_errors=True) as folder:
        os.environ.update(dict.fromkeys(before, folder))
        try:
            yield Path(folder)
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})


if __name__ == "__main__":
    main()
