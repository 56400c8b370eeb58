"""Words for the tests: scenes, volumes and labels with known answers."""

import json
import sys
from pathlib import Path

import numpy as np
import pytest

MODULE_FOLDER = Path(__file__).parents[2] / "HLFDSegmentation"
sys.path[:0] = [str(MODULE_FOLDER), str(Path(__file__).parent)]


@pytest.fixture
def moduleFolder() -> Path:
    return MODULE_FOLDER


@pytest.fixture
def scene():
    from HLFDSegmentationLib.Headless import headlessScene

    with headlessScene() as scene:
        yield scene


@pytest.fixture
def aVolumeNode(scene):
    """Makes a CT node from an array (k, j, i), or of random values, and a 4 x 4 matrix from IJK to RAS."""
    from HLFDSegmentationLib.Grids import matrixFromArray
    from HLFDSegmentationLib.SegmentationNodes import orientedImageLike
    from slicer_phantoms import SHAPE_ZYX

    def make(ijkToRas=None, array_zyx=None, name="CT"):
        if array_zyx is None:
            array_zyx = np.random.default_rng(1).integers(-1000, 1000, SHAPE_ZYX, np.int16)
        node = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
        node.SetIJKToRASMatrix(matrixFromArray(np.eye(4) if ijkToRas is None else ijkToRas))
        image = orientedImageLike(node, array_zyx)
        image.SetOrigin(0, 0, 0)
        image.SetSpacing(1, 1, 1)
        image.SetDirections([[1, 0, 0], [0, 1, 0], [0, 0, 1]])
        node.SetAndObserveImageData(image)
        node.CreateDefaultDisplayNodes()
        return node

    return make


@pytest.fixture
def aTransformNode(scene):
    """Makes a linear transform node from a 4 x 4 matrix to its parent."""
    from HLFDSegmentationLib.Grids import matrixFromArray

    def make(toParent: np.ndarray):
        node = scene.AddNewNodeByClass("vtkMRMLLinearTransformNode", "moved")
        node.SetMatrixTransformToParent(matrixFromArray(toParent))
        return node

    return make


@pytest.fixture
def obliqueIjkToRas() -> np.ndarray:
    """A gantry tilt and a turn of the patient, with spacing and origin of a usual CT."""
    from slicer_phantoms import fourByFour

    tilt, turn = np.radians(20), np.radians(-33)
    aboutX = np.array([[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]])
    aboutZ = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]])
    return fourByFour(aboutX @ aboutZ * (0.8, 0.8, 3.0), origin=(-100.25, 33.5, 7.125))


@pytest.fixture
def segmentLabels():
    """tumour 7 comes before kidney 1, and no voxel is a cyst."""
    from HLFDSegmentationLib.Labels import SegmentLabel
    from slicer_phantoms import KIDNEY, TUMOUR

    return (
        SegmentLabel("tumour", 7, (1.0, 0.0, 1.0), TUMOUR),
        SegmentLabel("kidney", 1, (0.72, 0.44, 0.39), KIDNEY),
        SegmentLabel("cyst", 3, (0.1, 0.6, 0.9), KIDNEY),
    )


@pytest.fixture
def manifest(segmentLabels) -> dict:
    entries = [
        {"name": one.name, "value": one.value, "color_rgb": list(one.color), "terminology": one.terminology}
        for one in segmentLabels
    ]
    return json.loads(json.dumps({"labels": entries}))


@pytest.fixture
def nameToValue(segmentLabels) -> dict[str, int]:
    return {label.name: label.value for label in segmentLabels}
