"""Slicer's own test of the module: all that needs no installed backend, on a sample CT, in some seconds.

It clears no scene and writes nowhere but into a temporary folder, which it removes.
"""

import tempfile
import time
from pathlib import Path

import numpy as np
import slicer

from .Cases.CaseChecks import CaseChecks, guessedTask
from .Cases.CasePairing import findPairs
from .Cases.CasePlan import planOfScene
from .Cases.CaseRows import CaseList, rowOf
from .Grids import ijkToRasOf
from .Labels import SegmentLabel
from .Lesions import jumpTo, keepReport, latestSegmentationOf, lesionsOf, worldOf
from .NrrdFiles import readNrrd
from .SampleCts import CATEGORY, SAMPLES, loadSample
from .SegmentationNodes import labelArrayFromSegmentation, segmentationFromLabelArray, segmentsOf
from .Words import tr as _

SECTIONS = ("segment", "cases", "distil", "models", "backend")
EXPORT_S = 60.0
PAUSE_S = 0.002


def runSelfTest(say) -> None:
    """Go through it, telling each step.

    Args:
        say: takes a sentence, as `delayDisplay` of Slicer's tests does.

    Raises:
        AssertionError: what did not work, in a sentence.
    """
    say(_("Sample CTs are registered"))
    checkSamplesAreRegistered()
    say(_("A sample CT comes into the scene"))
    volumeNode, expertNode = loadSample(SAMPLES[0].name)
    labels_zyx = checkSample(volumeNode, expertNode)
    say(_("Cases finds the CT and its labels, and writes them as they are"))
    checkExport(volumeNode, expertNode, labels_zyx)
    say(_("Labels become a segmentation with names, colours and terminology"))
    segmentationNode = checkSegmentation(volumeNode, expertNode, labels_zyx)
    say(_("A lesion of the table is found in the views"))
    checkLesions(segmentationNode, volumeNode, labels_zyx)
    say(_("Every section opens"))
    checkSections()
    say(_("The self test has passed"))


def checkSamplesAreRegistered() -> None:
    """Slicer's Sample Data shows each sample, with its picture."""
    import SampleData

    sources = {one.sampleName: one for one in SampleData.SampleDataLogic.sampleDataSourcesByCategory(CATEGORY)}
    for sample in SAMPLES:
        _require(sample.name in sources, f"Sample Data does not show {sample.name}")
        picture = Path(sources[sample.name].thumbnailFileName)
        _require(picture.is_file(), f"the thumbnail {picture} is missing")


def checkSample(volumeNode, expertNode) -> np.ndarray:
    """The CT is in HU and the labels lie in it; gives them, (k, j, i)."""
    image = slicer.util.arrayFromVolume(volumeNode)
    names = {segment.GetName(): number for number, (_id, segment) in enumerate(segmentsOf(expertNode), start=1)}
    labels_zyx = labelArrayFromSegmentation(expertNode, volumeNode, names)
    _require(image.min() < -900 and image.max() > 300, "the sample has no air or no bone: it is not in HU")
    _require((labels_zyx == 2).any(), "the sample has no tumour")
    _require(image[labels_zyx > 0].mean() > 0, "the labels of the sample lie outside of its organs")
    return labels_zyx


def checkExport(volumeNode, expertNode, labels_zyx: np.ndarray) -> None:
    """The two are found as a pair, and written voxel for voxel."""
    pairs = [pair for pair in findPairs(slicer.mrmlScene).pairs if pair.ct is volumeNode]
    _require([pair.labels for pair in pairs] == [expertNode], "Cases did not pair the sample with its labels")
    with tempfile.TemporaryDirectory(prefix="hlfd-self-test-") as temporary:
        folder = _exported(rowOf(volumeNode, expertNode), Path(temporary) / "data")
        image, ijkToRas = readNrrd(folder / "case_0001" / "imaging.nrrd")
        labels, _matrix = readNrrd(folder / "case_0001" / "segmentation.nrrd")
        _require(np.array_equal(image, slicer.util.arrayFromVolume(volumeNode)), "the exported CT has other voxels")
        _require(np.array_equal(labels, labels_zyx), "the exported labels have other voxels")
        _require(np.allclose(ijkToRas, ijkToRasOf(volumeNode)), "the exported CT is at another place")


def checkSegmentation(volumeNode, expertNode, labels_zyx: np.ndarray):
    """A label array becomes segments like the expert's; gives the node."""
    labels = _labelsOf(expertNode)
    node = segmentationFromLabelArray(volumeNode, labels_zyx, labels, "HLFD self test")
    for (_id, segment), label in zip(segmentsOf(node), labels, strict=True):
        _require(segment.GetName() == label.name, f"the segment {label.name} has the name {segment.GetName()}")
        _require(segment.GetTerminology() == label.terminology, f"the segment {label.name} means something else")
    back = labelArrayFromSegmentation(node, volumeNode, {label.name: label.value for label in labels})
    _require(np.array_equal(back, labels_zyx), "the segmentation has other voxels than the labels")
    return node


def checkLesions(segmentationNode, volumeNode, labels_zyx: np.ndarray) -> None:
    """A lesion of a report is kept with its node, and the slice views jump to it."""
    k, j, i = np.argwhere(labels_zyx == 2)[0]
    ras = ijkToRasOf(volumeNode) @ (i, j, k, 1)
    found = {"label": "tumor", "number": 1, "volume_ml": 1.0, "longest_axial_mm": 10.0}
    found["centre_lps_mm"] = [-ras[0], -ras[1], ras[2]]
    keepReport(segmentationNode, {"lesions": [found], "labels": [], "model": {}})
    _require(latestSegmentationOf(volumeNode) is segmentationNode, "the report was not found with its CT")
    (lesion,) = lesionsOf({"lesions": [found]})
    world = worldOf(lesion, segmentationNode)
    _require(np.allclose(world, ras[:3]), "the lesion is shown at another place")
    jumpTo(slicer.mrmlScene, world)
    for node in slicer.util.getNodesByClass("vtkMRMLSliceNode"):
        toRas = slicer.util.arrayFromVTKMatrix(node.GetSliceToRAS())
        away_mm = abs(float(toRas[:3, 2] @ (toRas[:3, 3] - ras[:3])))
        _require(away_mm < 0.01, f"the view {node.GetName()} is {away_mm:.1f} mm off the lesion")


def checkSections() -> None:
    """The panel opens, and each of its sections."""
    widget = slicer.util.getModuleWidget("HLFDSegmentation")
    _require(set(widget.panels) == set(SECTIONS), f"the panel has the sections {', '.join(widget.panels)}")
    for name in SECTIONS:
        widget.showSection(name)
        _require(not getattr(widget.ui, f"{name}Section").collapsed, f"the section {name} did not open")


def _exported(row, folder: Path) -> Path:
    cases, scene, checks = CaseList(rows=[row]), slicer.mrmlScene, CaseChecks()
    cases.task, cases.validation, cases.test = guessedTask(cases, scene), 0.0, 0.0
    checks.update(cases, scene)
    while not checks.areDone:
        checks.step()
    export, end = planOfScene(cases, scene, checks.of).beginExport(folder), time.monotonic() + EXPORT_S
    while not export.step():
        _require(time.monotonic() < end, f"the export took longer than {EXPORT_S:g} s")
        time.sleep(PAUSE_S)
    return folder


def _labelsOf(segmentationNode) -> tuple:
    segments = [segment for _id, segment in segmentsOf(segmentationNode)]
    return tuple(
        SegmentLabel(segment.GetName(), value, tuple(segment.GetColor()), segment.GetTerminology())
        for value, segment in enumerate(segments, start=1)
    )


def _require(isTrue: bool, otherwise: str) -> None:
    if not isTrue:
        raise AssertionError(otherwise)
