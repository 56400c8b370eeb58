"""Synthetic CTs with their expert segmentation among Slicer's Sample Data: made here, offline, when a user asks.

Slicer's Sample Data calls `customDownloader` as a thumbnail is clicked; its `downloadSample(name)` knows files of the
network only. Scripts call `loadSample` of this file.
"""

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import slicer

from .BackendPlace import useBackend
from .Grids import matrixFromArray
from .Labels import labelsFromManifest
from .SegmentationNodes import segmentationFromLabelArray
from .Words import tr as _

CATEGORY = "HLFD Segmentation"
LABELS = Path(__file__).resolve().parents[1] / "Resources" / "SampleCts.json"
"""Names, colours and terminology of the segments, as a model's manifest has them."""
NO_NETWORK = "hlfd:{name}"
"""Sample Data wants an address; none of this kind can be fetched."""
SEED = 2024
AGAIN_MS = 100
WINDOW_HU, LEVEL_HU = 400, 40
EXPERT = "Simulation"
"""Who drew the labels: not a model of ours, so that Cases takes them for training."""


@dataclass(frozen=True)
class Sample:
    """One thumbnail."""

    name: str
    organ: str
    """kidney or liver."""
    number: int
    """Of the phantom in its seed."""


SAMPLES = (Sample("SyntheticKidneyTumour", "kidney", 3), Sample("SyntheticLiverTumour", "liver", 5))


@dataclass(frozen=True)
class MadeSample:
    """A CT and its labels, apart from any scene."""

    image_zyx: np.ndarray
    """HU, int16, (k, j, i)."""
    labels_zyx: np.ndarray
    """0 background, 1 organ, 2 tumour."""
    ijkToRas: np.ndarray
    """4 x 4."""


def registerSampleCts(moduleFolder) -> None:
    """Let Slicer's Sample Data show the samples, once however often this is called; nothing is made yet.

    Args:
        moduleFolder: of the module, which has the thumbnails in its Resources.
    """
    import SampleData

    logic = SampleData.SampleDataLogic
    known = {source.sampleName for source in logic.sampleDataSourcesByCategory(CATEGORY)}
    for sample in (one for one in SAMPLES if one.name not in known):
        logic.registerCustomSampleDataSource(
            category=CATEGORY,
            sampleName=sample.name,
            uris=NO_NETWORK.format(name=sample.name),
            fileNames=f"{sample.name}.nrrd",
            nodeNames=sample.name,
            thumbnailFileName=str(Path(moduleFolder) / "Resources" / "Icons" / f"{sample.name}.png"),
            customDownloader=lambda _source, sample=sample: bringSample(sample),
        )


def loadSample(name: str) -> tuple:
    """Make a sample and put it into the scene, in about a second; gives its volume and its segmentation node.

    Raises:
        LookupError: there is no sample of that name.
        Refusal: the backend, which draws it, is missing.
    """
    sample = next((one for one in SAMPLES if one.name == name), None)
    if sample is None:
        raise LookupError(f"no sample {name}; there are {', '.join(one.name for one in SAMPLES)}")
    return addSample(sample, makeSample(sample))


def makeSample(sample: Sample) -> MadeSample:
    """Draw the CT and its labels: no Qt, no MRML, so that a thread can do it; the same each time.

    Raises:
        Refusal: the backend, which draws it, is missing.
    """
    useBackend()
    from hlfd.data.phantom.make import make_phantom
    from hlfd.data.phantom.settings import PhantomSettings

    settings = PhantomSettings(
        organ=sample.organ,
        size=192,
        slices=(44, 52),
        slice_mm=(4.0, 5.0),
        tumor_free_share=0.0,
        orientation="LPS",
    )
    phantom = make_phantom(settings, SEED, sample.number)
    ijkToLps = np.diag((*phantom.spacing_mm, 1.0))
    ijkToLps[:3, 3] = phantom.origin
    return MadeSample(phantom.image_hu, phantom.labels, np.diag((-1.0, -1.0, 1.0, 1.0)) @ ijkToLps)


def addSample(sample: Sample, made: MadeSample) -> tuple:
    """Put a sample into the scene; gives its volume and its segmentation node."""
    matrix = matrixFromArray(made.ijkToRas)
    volumeNode = slicer.util.addVolumeFromArray(made.image_zyx, ijkToRAS=matrix, name=sample.name)
    volumeNode.SetDescription(_("A synthetic CT: no patient."))
    display = volumeNode.GetDisplayNode()
    display.AutoWindowLevelOff()
    display.SetWindowLevel(WINDOW_HU, LEVEL_HU)
    labels = labelsFromManifest(json.loads(LABELS.read_text(encoding="utf-8"))[sample.organ])
    name = f"{sample.name}-expert"
    return volumeNode, segmentationFromLabelArray(volumeNode, made.labels_zyx, labels, name, EXPERT)


_underWay: dict = {}


def bringSample(sample: Sample) -> None:
    """Make a sample beside the window and show it; a second click meanwhile does nothing."""
    from .InBackground import InBackground

    if sample.name in _underWay:
        return
    slicer.util.showStatusMessage(_("Drawing a synthetic CT…"))
    _underWay[sample.name] = InBackground(
        lambda: makeSample(sample),
        lambda made: _bring(sample, made),
        lambda error: _tellFailure(sample, error),
    )


def _bring(sample: Sample, made: MadeSample) -> None:
    if slicer.mrmlScene.IsClosing() or slicer.mrmlScene.IsImporting():  # it would go with the old scene
        import qt

        qt.QTimer.singleShot(AGAIN_MS, lambda: _bring(sample, made))
        return
    del _underWay[sample.name]
    volumeNode, _segmentationNode = addSample(sample, made)
    slicer.util.showStatusMessage("")
    if slicer.app.layoutManager() is not None:
        slicer.util.setSliceViewerLayers(background=volumeNode, fit=True)


def _tellFailure(sample: Sample, error: Exception) -> None:
    del _underWay[sample.name]
    logging.error("%s: %s", sample.name, error)
    slicer.util.showStatusMessage(str(error))
