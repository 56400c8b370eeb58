"""A Slicer of its own that opens a saved scene, then the module: `python reopened.py SCENE OUT`.

It writes what the panel shows into OUT, as seen.json, and the voxels of the segmentation that came as labels.npy.
"""

import json
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]


def main(scene: str, out: Path) -> None:
    sys.path[:0] = [str(PROJECT), str(PROJECT / "HLFDSegmentation")]
    from Testing.desktop import start

    desktop = start()
    try:
        import slicer

        slicer.util.loadScene(scene, {"clear": True})
        module = desktop.loadModule(PROJECT / "HLFDSegmentation" / "HLFDSegmentation.py")
        seen = look(module)
        saveVoxels(out / "labels.npy")
        desktop.unloadModules()
        (out / "seen.json").write_text(json.dumps(seen | complaints()))
    finally:
        desktop.close()


def look(module) -> dict:
    """What a user sees in every section, when all is checked and loaded."""
    from Testing.module.clicking import until
    from Testing.module.whole_way import rowsOf, unfold

    segment, cases, distil = (module.panels[name] for name in ("segment", "cases", "distil"))
    until(lambda: segment.ui.outcomeLabel.isVisible())
    isResearchOpen = not module.ui.researchSection.collapsed
    for name in ("research", "cases", "distil"):
        unfold(getattr(module.ui, f"{name}Section"))
    until(lambda: cases.checks.areDone and rowsOf(cases.scene.ui.caseTable)[0][-1] != "Checking")
    table = distil.trainings.ui.trainingsTable
    return {
        "isResearchOpen": isResearchOpen,
        "ct": segment.ui.volumeSelector.currentNode().GetName(),
        "model": segment.ui.modelSelector.currentText,
        "outcome": segment.ui.outcomeLabel.text,
        "lesions": segment.ui.lesionTable.rowCount,
        "isRunning": bool(module.bench.parameters.segmentation),
        "cases": rowsOf(cases.scene.ui.caseTable),
        "steps": distil.choices.ui.stepsSpin.value,
        "name": distil.choices.ui.nameEdit.text,
        "training": [row[:2] for row in rowsOf(table)][table.currentRow()],
        "stage": distil.trainings.view.ui.stageText.text,
    }


def saveVoxels(path: Path) -> None:
    import numpy as np
    import slicer

    from HLFDSegmentationLib.SegmentationNodes import labelArrayFromSegmentation

    node, volume = slicer.util.getNode("CT of today segmentation"), slicer.util.getNode("CT of today")
    np.save(path, labelArrayFromSegmentation(node, volume, {"kidney": 1, "tumor": 2}))


def complaints() -> dict:
    import qt

    return {"complaints": list(qt.complaints)}


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
