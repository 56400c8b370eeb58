"""What a segmentation found, kept with its node, and where each lesion is in the views."""

import json
from dataclasses import dataclass

import slicer
import vtk

from .SegmentationNodes import segmentsOf

REPORT = "HLFDSegmentation.report"
"""Attribute of a segmentation node; it is saved with the scene."""
SEGMENT = "segment"
"""Id of the segment that a label of the report became."""
KEPT_LESIONS = 200
"""The largest ones; noise of thousands of voxels would only swell the scene."""


@dataclass(frozen=True)
class Lesion:
    """A connected piece of a lesion's label."""

    label: str
    number: int
    """1 is the largest of its label."""
    volumeMl: float
    longestMm: float
    """Longest diameter on an axial slice."""
    centreRas: tuple[float, float, float]
    """A voxel within it, RAS in mm on the CT's own grid, without its parent transform."""


def keepReport(segmentationNode, report: dict) -> None:
    """Keep the report of a segmentation (docs/segment.md) with its node."""
    lesions = sorted(report.get("lesions", []), key=lambda one: -one["volume_ml"])
    ids = {segment.GetName(): segmentId for segmentId, segment in segmentsOf(segmentationNode)}
    kept = {
        "labels": [{**one, SEGMENT: ids.get(one.get("name"), "")} for one in report.get("labels", [])],
        "lesionCount": len(lesions),
        "lesions": lesions[:KEPT_LESIONS],
        "model": report.get("model", {}),
    }
    segmentationNode.SetAttribute(REPORT, json.dumps(kept))


def reportOf(segmentationNode) -> dict | None:
    """What is kept with a node; None if it has no report of ours."""
    try:
        report = json.loads(segmentationNode.GetAttribute(REPORT) or "")
    except ValueError:
        return None
    return report if isinstance(report, dict) and isinstance(report.get("lesions"), list) else None


def shownNames(report: dict, segmentationNode) -> dict[str, str]:
    """Label of a report -> name of its segment now; the label itself where that segment has gone."""
    names = {segmentId: segment.GetName() for segmentId, segment in segmentsOf(segmentationNode)}
    return {one["name"]: names.get(one.get(SEGMENT), one["name"]) for one in report["labels"]}


def lesionsOf(report: dict) -> list[Lesion]:
    """Lesions of a report, the largest first."""
    return [
        Lesion(one["label"], one["number"], one["volume_ml"], one["longest_axial_mm"], _rasOf(one["centre_lps_mm"]))
        for one in report["lesions"]
    ]


def latestSegmentationOf(volumeNode):
    """The segmentation with a report that was made of a CT last; None if there is none."""
    ours = resultsOf(volumeNode)
    return ours[-1] if ours else None


def resultsOf(volumeNode) -> list:
    """Every segmentation with a report that was made of a CT, the oldest first; none for None."""
    if volumeNode is None or volumeNode.GetScene() is None:
        return []
    role = slicer.vtkMRMLSegmentationNode.GetReferenceImageGeometryReferenceRole()
    nodes = volumeNode.GetScene().GetNodesByClass("vtkMRMLSegmentationNode")
    ours = [nodes.GetItemAsObject(index) for index in range(nodes.GetNumberOfItems())]
    return [one for one in ours if one.GetAttribute(REPORT) and one.GetNodeReference(role) is volumeNode]


def worldOf(lesion: Lesion, segmentationNode) -> tuple[float, float, float]:
    """Where the views show a lesion: through the parent transform of the segmentation, which is that of its CT."""
    transform = vtk.vtkGeneralTransform()
    parent = segmentationNode.GetParentTransformNode()
    slicer.vtkMRMLTransformNode.GetTransformBetweenNodes(parent, None, transform)
    return tuple(transform.TransformPoint(lesion.centreRas))


def jumpTo(scene, ras) -> None:
    """Let all slice views of a scene show a place, in their middle.

    Args:
        scene: whose views are meant.
        ras: of the world, in mm.
    """
    slicer.vtkMRMLSliceNode.JumpAllSlices(scene, *ras, slicer.vtkMRMLSliceNode.CenteredJumpSlice)


def _rasOf(lps) -> tuple[float, float, float]:
    return (-lps[0], -lps[1], lps[2])
