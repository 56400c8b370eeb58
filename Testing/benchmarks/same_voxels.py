"""Whether the panel and `hlfd segment` give the same voxels of a CT, and how long the window stood still meanwhile.

    python Testing/benchmarks/same_voxels.py CT.nii.gz BUNDLE

The whole module, clicked in the stand-in for Slicer's window, against the command on the same file; the status is 1 if
a voxel differs.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path[:0] = [str(PROJECT), str(PROJECT / "HLFDSegmentation")]

from Testing.desktop import start  # noqa: E402

PATIENCE_S = 900


def main() -> int:
    """Segment twice, compare, and print."""
    asked = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asked.add_argument("ct", type=Path, help="NIfTI or NRRD")
    asked.add_argument("bundle", type=Path)
    options = asked.parse_args()
    ct, bundle = options.ct.resolve(), options.bundle.resolve()
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = os.environ["USERPROFILE"] = home
        desktop = start()
        try:
            return compared(desktop, Path(home), ct, bundle)
        finally:
            desktop.unloadModules()
            desktop.close()


def compared(desktop, home: Path, ct: Path, bundle: Path) -> int:
    """Print what the panel shows and how many voxels differ; gives the exit status."""
    import slicer

    widget = desktop.loadModule(PROJECT / "HLFDSegmentation" / "HLFDSegmentation.py")
    from HLFDSegmentationLib.SceneFiles import loadLabelArray, loadVolume
    from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation

    volume = loadVolume(slicer.mrmlScene, ct)
    model = with_model(widget.bench, home, bundle)
    gap_s = clicked(widget, volume, model.name)
    (segmentation,) = slicer.util.getNodesByClass("vtkMRMLSegmentationNode")
    values = {label.name: label.value for label in model.labels}
    clicked_zyx = labelArrayFromSegmentation(segmentation, volume, values)
    out = home / "commanded.nii.gz"
    words = ["segment", str(ct), "--model", str(bundle), "--out", str(out)]
    subprocess.run([sys.executable, "-m", "hlfd", *words], check=True)
    differ = int((clicked_zyx != loadLabelArray(slicer.mrmlScene, out, volume)).sum())
    print(f"{differ} of {clicked_zyx.size} voxels differ; the window stood still for {gap_s * 1000:.0f} ms at most")
    return 1 if differ else 0


def with_model(bench, home: Path, bundle: Path):
    """Give the panel this Python and the bundle; gives its `Model`."""
    from HLFDSegmentationLib.Bench import ENVIRONMENT, MODELS

    record = {"format": 1, "kind": "chosen", "python": sys.executable, "packages": "", "torch": "", "device": ""}
    (home / ".hlfd").mkdir()
    (home / ".hlfd" / "environment.json").write_text(json.dumps(record), encoding="utf-8")
    model = bench.models.read(bench.models.add(bundle))
    bench.tell(ENVIRONMENT)
    bench.tell(MODELS)
    return model


def clicked(widget, volume, model: str) -> float:
    """Click Segment and wait for the result; gives the longest gap in seconds."""
    from Testing.module.clicking import LongestGap, click, until

    widget.bench.useModel(model)
    ui = widget.panels["segment"].ui
    ui.volumeSelector.setCurrentNode(volume)
    until(lambda: ui.segmentButton.enabled, 60)
    print(f"before: {ui.scopeLabel.text or 'no warning'}")
    with LongestGap() as gap:
        click(ui.segmentButton)
        until(lambda: ui.outcomeLabel.text, PATIENCE_S)
    print(f"after: {ui.outcomeLabel.text} {ui.findingsLabel.text}")
    return gap.seconds


if __name__ == "__main__":
    sys.exit(main())
