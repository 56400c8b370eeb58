"""What a button can do about a finding. Some change the row alone, others the nodes of the scene."""

from ..Words import Refusal
from ..Words import tr as _
from .CaseFindings import CONVERT, HARDEN, NO_RESAMPLE, REMOVE, RESAMPLE, SAME_TRANSFORM, USE_VOLUME, CaseCheck, Finding
from .CaseRows import CaseList, CaseRow, nodesByMark, setCt

HARMLESS = (USE_VOLUME, SAME_TRANSFORM, CONVERT, RESAMPLE, REMOVE)
"""Fixes that "Fix all" may do, in this order: none of them loses a voxel."""


def applyFix(finding: Finding, row: CaseRow, cases: CaseList, scene) -> None:
    """Do what the button of a finding says.

    Raises:
        Refusal: it could not be done.
    """
    nodes = nodesByMark(scene)
    if finding.fix == REMOVE:
        cases.rows[:] = [one for one in cases.rows if one is not row]
    elif finding.fix in (RESAMPLE, NO_RESAMPLE):
        row.resamples = finding.fix == RESAMPLE
    elif finding.fix == USE_VOLUME:
        setCt(row, _required(nodes.get(finding.about)))
    else:
        _changeNodes(finding.fix, _required(nodes.get(row.ct)), _required(nodes.get(row.labels)))


def harmlessFix(check: CaseCheck) -> Finding | None:
    """The finding whose fix "Fix all" does next for a case that cannot be used; None where there is none."""
    stops = [one for one in check.findings if one.kind == "stop" and one.fix in HARMLESS]
    others = [one for one in check.findings if one.fix == USE_VOLUME and not check.isUsable]
    ranked = sorted([*stops, *others], key=lambda one: HARMLESS.index(one.fix))
    return ranked[0] if ranked else None


def _changeNodes(fix: str, ct, labels) -> None:
    if fix == SAME_TRANSFORM:
        labels.SetAndObserveTransformNodeID(ct.GetTransformNodeID())
    elif fix == CONVERT:
        labels.SetReferenceImageGeometryParameterFromVolumeNode(ct)
        if not labels.CreateBinaryLabelmapRepresentation():
            text = _("{labels} could not be made a labelmap; do it in the module Segmentations.")
            raise Refusal(text.format(labels=labels.GetName()))
    elif fix == HARDEN:
        for node in (ct, labels):
            parent = node.GetParentTransformNode()
            if parent is not None and not parent.IsTransformToWorldLinear():
                node.HardenTransform()


def _required(node):
    if node is None:
        raise Refusal(_("A node of this case is not in the scene any more; choose another one."))
    return node
