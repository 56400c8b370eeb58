"""Small CTs that an expert has drawn on, one of them oblique."""

import numpy as np
import slicer

SHAPE_ZYX = (4, 32, 32)
STRAIGHT = np.diag((-1.0, -1.0, 3.0, 1.0))
TILT, TURN = np.radians(20), np.radians(-12)
HU = np.array([-80, 60, 160])
"""Around, kidney, tumour."""


def oblique() -> np.ndarray:
    """A gantry tilt, a turn of the patient, and an origin: 4 x 4, IJK to RAS."""
    aboutX = np.array([[1, 0, 0], [0, np.cos(TILT), -np.sin(TILT)], [0, np.sin(TILT), np.cos(TILT)]])
    aboutZ = np.array([[np.cos(TURN), -np.sin(TURN), 0], [np.sin(TURN), np.cos(TURN), 0], [0, 0, 1]])
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = aboutX @ aboutZ * (-1.0, -1.0, 3.0), (20.5, -7.25, 100.0)
    return matrix


def addAnnotated(name: str, number: int, ijkToRas=STRAIGHT):
    """A CT with a square kidney and in it a square tumour, and what an expert drew; gives the CT."""
    kidney, tumour = np.zeros(SHAPE_ZYX, bool), np.zeros(SHAPE_ZYX, bool)
    kidney[:, 4:28, 4:28], tumour[1:3, 8:20, 8 + number : 20 + number] = True, True
    hu = HU[np.where(tumour, 2, kidney)] + np.random.default_rng(number).normal(0, 15, SHAPE_ZYX)
    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    slicer.util.updateVolumeFromArray(volume, hu.astype(np.int16))
    volume.SetIJKToRASMatrix(slicer.util.vtkMatrixFromArray(ijkToRas))
    volume.CreateDefaultDisplayNodes()
    _draw(volume, {"Kidney": kidney, "Tumour": tumour}, f"{name} drawn")
    return volume


def _draw(volume, masks: dict, name: str) -> None:
    """Segments that overlap, as they do where the tumour is drawn over the kidney."""
    from HLFDSegmentationLib.SegmentationNodes import LABELMAP, orientedImageLike

    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", name)
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.GetSegmentation().SetSourceRepresentationName(LABELMAP)
    for segmentName, mask in masks.items():
        segment = slicer.vtkSegment()
        segment.SetName(segmentName)
        segment.SetLabelValue(1)
        segment.AddRepresentation(LABELMAP, orientedImageLike(volume, mask.astype(np.uint8)))
        node.GetSegmentation().AddSegment(segment)


def addFour() -> list:
    """Four CTs, each with a segmentation; the last CT is oblique. Gives the CTs."""
    return [addAnnotated(f"CT {n + 1}", n, oblique() if n == 3 else STRAIGHT) for n in range(4)]
