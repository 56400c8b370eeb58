"""Which segment is the organ, which the tumour, and which is left out: guessed, shown, and changed by hand."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ..Labels import isAbnormalTerminology
from ..Words import tr as _
from .SegmentWords import wordsIn

ORGAN, TUMOR, IGNORED = "organ", "tumor", "ignored"
MEANINGS = (ORGAN, TUMOR, IGNORED)
TASKS = ("kidney", "liver")
BY_HAND, BY_TERMINOLOGY, BY_NAME, BY_NUMBER, UNKNOWN = "hand", "terminology", "name", "number", "unknown"

ORGAN_OF_CODE = {
    "SCT^64033007": "kidney",
    "SCT^18639004": "kidney",  # left
    "SCT^9846003": "kidney",  # right
    "SCT^10200004": "liver",
    "SRT^T-71000": "kidney",
    "SRT^T-62000": "liver",
}
CYST_CODES = ("SCT^367643001", "SCT^441457006")
TUMOR_CODES = (
    "SCT^108369006",  # neoplasm
    "SCT^86049000",  # primary
    "SCT^14799000",  # secondary
    "SCT^4147007",  # mass
    "SCT^52988006",  # lesion
    "SCT^27925004",  # nodule
    "SRT^M-8FFFF",
)
MEANING_OF_VALUE = {1: ORGAN, 2: TUMOR, 3: ORGAN}
"""As KiTS and LiTS number their labels; 3 is a cyst, which belongs to its kidney."""


@dataclass(frozen=True)
class Structure:
    """A segment, or a value of a label map."""

    key: str
    """Id of the segment, or the value as text."""
    name: str
    """What users read, and what a meaning given by hand is kept by."""
    terminology: str = ""
    value: int = 0
    """Value of a label map that has no name of its own; else 0."""


@dataclass(frozen=True)
class Meaning:
    """What a structure is taken for, and why."""

    what: str
    """ORGAN, TUMOR or IGNORED."""
    how: str
    """BY_HAND, BY_TERMINOLOGY, BY_NAME, BY_NUMBER or UNKNOWN."""


def meaningOf(structure: Structure, task: str, *byHand: Mapping[str, str]) -> Meaning:
    """What a structure is: as given by hand (the first mapping that names it), else guessed.

    Args:
        structure: of a segmentation or label map.
        task: kidney or liver.
        byHand: name of a structure -> meaning; those of the case first, then those for all cases.
    """
    for meanings in byHand:
        if meanings.get(structure.name) in MEANINGS:
            return Meaning(meanings[structure.name], BY_HAND)
    if structure.value:
        return Meaning(MEANING_OF_VALUE.get(structure.value, IGNORED), BY_NUMBER)
    byCode = _byTerminology(structure.terminology, structure.name, task)
    if byCode:
        return Meaning(byCode, BY_TERMINOLOGY)
    byName = _byName(structure.name, task)
    return Meaning(byName, BY_NAME) if byName else Meaning(IGNORED, UNKNOWN)


def guessTask(structures: Iterable[Structure]) -> str:
    """The organ that most of the structures speak of; kidney if none does."""
    votes = dict.fromkeys(TASKS, 0)
    for one in structures:
        organ = _organOfTerminology(one.terminology)
        for task in TASKS:
            votes[task] += organ == task or (not organ and task in wordsIn(one.name))
    return max(TASKS, key=lambda task: votes[task])


def inWords(what: str, task: str) -> str:
    """A meaning as users read it."""
    organ = _("Liver") if task == "liver" else _("Kidney")
    return {ORGAN: organ, TUMOR: _("Tumour"), IGNORED: _("Ignored")}[what]


def reasonInWords(how: str) -> str:
    """Why a structure is taken for what it is, as users read it."""
    return {
        BY_HAND: _("chosen by hand"),
        BY_TERMINOLOGY: _("by its terminology"),
        BY_NAME: _("by its name"),
        BY_NUMBER: _("by its number"),
        UNKNOWN: _("not recognised"),
    }[how]


def _byTerminology(terminology: str, name: str, task: str) -> str:
    """Meaning by codes; "" where they say too little, as Slicer's default "Tissue" does."""
    parts = terminology.split("~")
    if len(parts) < 6:
        return ""
    kind, region = _codeOf(parts[2]), ORGAN_OF_CODE.get(_codeOf(parts[5]), "")
    if kind in ORGAN_OF_CODE:
        return ORGAN if ORGAN_OF_CODE[kind] == task else IGNORED
    if kind in CYST_CODES or kind in TUMOR_CODES:
        isElsewhere = region != task if _codeOf(parts[5]) else _isElsewhere(wordsIn(name), task)
        if isElsewhere:
            return IGNORED
        return ORGAN if kind in CYST_CODES else TUMOR
    return IGNORED if isAbnormalTerminology(terminology) else ""


def _byName(name: str, task: str) -> str:
    """Meaning by words; "" where none is known."""
    found = wordsIn(name)
    if "cyst" in found or "tumor" in found:
        if _isElsewhere(found, task):
            return IGNORED
        return ORGAN if "cyst" in found else TUMOR
    if "neither" in found:
        return IGNORED
    if task in found:
        return ORGAN
    return IGNORED if found else ""


def _isElsewhere(found: frozenset[str], task: str) -> bool:
    """Whether words speak of another organ and not of this one."""
    others = {"elsewhere", *TASKS} - {task}
    return task not in found and bool(found & others)


def _organOfTerminology(terminology: str) -> str:
    parts = terminology.split("~")
    codes = [_codeOf(part) for part in parts[2:3] + parts[5:6]]
    return next((ORGAN_OF_CODE[code] for code in codes if code in ORGAN_OF_CODE), "")


def _codeOf(part: str) -> str:
    """ "SCT^64033007^Kidney" becomes "SCT^64033007"; an empty entry becomes ""."""
    return "^".join(part.split("^")[:2]).strip("^")
