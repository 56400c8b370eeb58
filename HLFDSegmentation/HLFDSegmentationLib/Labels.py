"""What a segment is called, looks like and means, read from the manifest of a model."""

import math
from collections.abc import Iterable
from dataclasses import dataclass

ABNORMAL_CATEGORY = "SCT^49755003"
"""Code of the terminology category "Morphologically Altered Structure", to which every tumour belongs."""

REQUIRED_CODES = ("category", "type")
OPTIONAL_CODES = ("type modifier", "region", "region modifier")
TERMINOLOGY_PARTS = ("context", *REQUIRED_CODES, OPTIONAL_CODES[0], "region context", *OPTIONAL_CODES[1:])


@dataclass(frozen=True)
class SegmentLabel:
    """One label value of a label map and the segment it becomes."""

    name: str
    value: int
    """Voxel value in the label map, 1 or more; 0 is background."""
    color: tuple[float, float, float]
    """Red, green and blue, each 0 to 1."""
    terminology: str
    """Seven parts joined by "~", as vtkSegment.SetTerminology takes them."""

    def __post_init__(self):
        if not isinstance(self.name, str) or not self.name.strip():
            raise ValueError(f"a label has the name {self.name!r}; give it a text that is not empty")
        if not _isWhole(self.value) or self.value < 1:
            raise ValueError(f"label {self.name!r} has the value {self.value!r}; give a whole number from 1")
        object.__setattr__(self, "color", _checkedColor(self.name, self.color))
        _checkTerminology(self.name, self.terminology)

    @property
    def isAbnormal(self) -> bool:
        """True for a tumour and the like, False for anatomy."""
        return isAbnormalTerminology(self.terminology)


def labelsFromManifest(manifest: dict) -> tuple[SegmentLabel, ...]:
    """The labels of a model's manifest, in its order."""
    entries = manifest.get("labels") if isinstance(manifest, dict) else None
    if not isinstance(entries, list) or not entries:
        raise ValueError("the manifest has no labels; give it a list 'labels' with an entry for each segment")
    return checkedLabels(_labelFromEntry(index, entry) for index, entry in enumerate(entries))


def checkedLabels(labels: Iterable[SegmentLabel]) -> tuple[SegmentLabel, ...]:
    """The labels as a tuple, once it is known that there are some and no two share a name or a value."""
    labels = tuple(labels)
    if not labels:
        raise ValueError("no labels were given; name at least one segment")
    for what in ("name", "value"):
        found = [getattr(label, what) for label in labels]
        twice = sorted({one for one in found if found.count(one) > 1})
        if twice:
            raise ValueError(f"more than one label has the {what} {twice[0]!r}; give each its own {what}")
    return labels


def isAbnormalTerminology(terminology: str) -> bool:
    """True if the category of a terminology entry is "Morphologically Altered Structure"."""
    parts = terminology.split("~")
    return len(parts) > 1 and parts[1].startswith(ABNORMAL_CATEGORY + "^")


def _labelFromEntry(index: int, entry: dict) -> SegmentLabel:
    wanted = ("name", "value", "color_rgb", "terminology")
    missing = [key for key in wanted if not isinstance(entry, dict) or key not in entry]
    if missing:
        raise ValueError(f"label {index} of the manifest has no {' and no '.join(missing)}; add it")
    return SegmentLabel(*(entry[key] for key in wanted))


def _isWhole(value) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _checkedColor(name: str, color) -> tuple[float, float, float]:
    isTriple = isinstance(color, (list, tuple)) and len(color) == 3
    if not isTriple or not all(_isWhole(part) or isinstance(part, float) for part in color):
        raise ValueError(f"label {name!r} has the colour {color!r}; give three numbers, red, green, blue")
    if not all(math.isfinite(part) and 0 <= part <= 1 for part in color):
        raise ValueError(f"label {name!r} has the colour {list(color)}; each number must be from 0 to 1")
    return tuple(float(part) for part in color)


def _checkTerminology(name: str, terminology) -> None:
    parts = terminology.split("~") if isinstance(terminology, str) else []
    if len(parts) != len(TERMINOLOGY_PARTS):
        raise ValueError(f"label {name!r} has a terminology of {len(parts)} parts; give seven, joined by '~'")
    for what, part in zip(TERMINOLOGY_PARTS, parts, strict=True):
        isEmptyAllowed = what in OPTIONAL_CODES
        if (isEmptyAllowed or what in REQUIRED_CODES) and not _isCode(part, isEmptyAllowed):
            raise ValueError(f"label {name!r} has the terminology {what} {part!r}; use scheme^value^meaning")


def _isCode(part: str, isEmptyAllowed: bool) -> bool:
    pieces = part.split("^")
    return len(pieces) == 3 and (all(pieces) or (isEmptyAllowed and not any(pieces)))
