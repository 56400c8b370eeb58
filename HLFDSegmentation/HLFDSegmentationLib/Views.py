"""Pictures of a CT and its segmentation, drawn off screen as Slicer's own views draw them."""

from pathlib import Path

from .Labels import isAbnormalTerminology
from .SegmentationNodes import segmentsOf
from .SliceView import SLICE_VIEWS, renderSlice
from .SurfaceView import renderSurfaces
from .ViewGeometry import bodyPoints, centreOfInterest

FILL_OPACITY = 0.4
ORGAN_OPACITY_3D = 0.45


def renderViews(
    volumeNode,
    segmentationNode,
    outFolder,
    size=(1000, 800),
    centreRas=None,
    window_hu=400.0,
    level_hu=40.0,
    frameNode=None,
) -> dict[str, Path]:
    """axial, coronal, sagittal and 3d PNG in an existing folder; size is width and height in pixels.

    The slices go through centreRas, or else through the largest tumour. The point and the camera are chosen by
    the segmentation frameNode where one is given, so that several can be compared from one place.
    Works in a headlessScene(). The slice, 3D view and camera nodes stay in the scene, so that a scene saved
    afterwards opens in Slicer on what the pictures show.
    """
    frameNode = frameNode or segmentationNode
    if centreRas is None:
        centreRas = centreOfInterest(frameNode, volumeNode)
    setWindow(volumeNode, window_hu, level_hu)
    styleSegmentation(segmentationNode)
    bodyRas = bodyPoints(volumeNode)
    pictures = {}
    for orientation in SLICE_VIEWS:
        path = Path(outFolder) / f"{orientation}.png"
        pictures[orientation] = renderSlice(volumeNode, orientation, centreRas, bodyRas, size, path)
    pictures["3d"] = renderSurfaces(frameNode, centreRas, size, Path(outFolder) / "3d.png")
    return pictures


def setWindow(volumeNode, window_hu: float, level_hu: float) -> None:
    display = volumeNode.GetDisplayNode()
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window_hu, level_hu)
    display.SetInterpolate(True)


def styleSegmentation(segmentationNode) -> None:
    """Light fill and clear outline in slices; in 3D translucent organs around opaque tumours."""
    display = segmentationNode.GetDisplayNode()
    segmentationNode.CreateClosedSurfaceRepresentation()
    display.SetPreferredDisplayRepresentationName3D("Closed surface")
    display.SetOpacity2DFill(FILL_OPACITY)
    display.SetOpacity2DOutline(1.0)
    display.SetSliceIntersectionThickness(2)
    for segmentId, segment in segmentsOf(segmentationNode):
        isOpaque = isAbnormalTerminology(segment.GetTerminology())
        display.SetSegmentOpacity3D(segmentId, 1.0 if isOpaque else ORGAN_OPACITY_3D)
