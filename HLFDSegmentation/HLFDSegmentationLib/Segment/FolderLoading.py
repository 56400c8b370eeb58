"""Brings a CT of a folder and its segmentation into the scene."""

import json
from pathlib import Path

import slicer

from ..Lesions import keepReport
from ..Words import Refusal
from ..Words import tr as _
from .FolderResults import FolderRow, ctOf, reportOf, resultOf


def loadResult(folder: Path, results: Path, row: FolderRow) -> tuple:
    """Load both, as Slicer loads any file; gives the volume node and the segmentation node.

    Raises:
        Refusal: it was not segmented, a file is missing, or Slicer cannot read it.
    """
    if not row.isDone:
        raise Refusal(_("{name}: {reason}").format(name=row.name, reason=row.say))
    ct, result = ctOf(folder, row.name), resultOf(results, row.name)
    for path, what in ((ct, _("CT")), (result, _("result"))):
        if path is None or not path.is_file():
            sentence = _("The {what} of {name} is not there any more; segment the folder again.")
            raise Refusal(sentence.format(what=what, name=row.name))
    try:
        with slicer.util.WaitCursor():
            volumeNode = slicer.util.loadVolume(str(ct), {"name": row.name})
            segmentationNode = slicer.util.loadSegmentation(str(result))
        report = json.loads(reportOf(results, row.name).read_text(encoding="utf-8"))
    except (RuntimeError, OSError, ValueError):
        raise Refusal(_("{name} could not be loaded; Slicer's log says why.").format(name=row.name)) from None
    segmentationNode.SetName(_("{volume} segmentation").format(volume=row.name))
    segmentationNode.SetReferenceImageGeometryParameterFromVolumeNode(volumeNode)
    keepReport(segmentationNode, report)
    return volumeNode, segmentationNode
