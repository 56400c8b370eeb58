"""What was found about a case: what keeps it from being used, what to look at, and what can be done about it."""

from dataclasses import dataclass, field

from ..Words import tr as _
from .CasePieces import Box
from .SegmentMeanings import Meaning, Structure

STOP, WARNING, NOTE = KINDS = ("stop", "warning", "note")
"""The case cannot be used; it can, but is worth a look; just so that it is known."""

USE_VOLUME, RESAMPLE, SAME_TRANSFORM, HARDEN, CONVERT, REMOVE, NO_RESAMPLE = (
    *("useVolume", "resample", "sameTransform", "harden", "convert", "remove"),
    "noResample",
)


@dataclass(frozen=True)
class Finding:
    """One sentence about a case."""

    kind: str
    text: str
    fix: str = ""
    """What `CaseFixes.applyFix` can do about it; empty where only users can."""
    about: str = ""
    """Mark of the node that the fix takes."""


@dataclass
class CaseCheck:
    """What a look at a case gave."""

    findings: list = field(default_factory=list)
    structures: list[tuple[Structure, Meaning]] = field(default_factory=list)
    boxes: dict[str, Box | None] = field(default_factory=dict)
    """Key of an organ's or tumour's structure -> what it takes up; None for an empty one."""
    patient: str = ""
    """Key of the patient (`CasePatients`)."""
    voxels: int = 0
    """Of the CT."""

    @property
    def isUsable(self) -> bool:
        return not any(one.kind == STOP for one in self.findings)

    @property
    def hasTumor(self) -> bool:
        return any(meaning.what == "tumor" and self.boxes.get(one.key) for one, meaning in self.structures)

    @property
    def worst(self) -> Finding | None:
        """The finding to show where there is room for one."""
        ranked = sorted(self.findings, key=lambda one: KINDS.index(one.kind))
        return ranked[0] if ranked else None


def fixInWords(fix: str) -> str:
    """Text of the button that fixes something."""
    return {
        USE_VOLUME: _("Use that CT"),
        RESAMPLE: _("Resample"),
        NO_RESAMPLE: _("Do not resample"),
        SAME_TRANSFORM: _("Use the CT's transform"),
        HARDEN: _("Harden the transform"),
        CONVERT: _("Make a labelmap"),
        REMOVE: _("Remove the case"),
    }[fix]
