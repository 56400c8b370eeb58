"""What can be segmented: structures with their SNOMED codes and colours, and the two tasks of the paper."""

from collections.abc import Iterable
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

ORGAN_CATEGORY = "SCT^123037004^Anatomical Structure"
LESION_CATEGORY = "SCT^49755003^Morphologically Altered Structure"
CATEGORY_LIST = "Segmentation category and type - DICOM master list"
ANATOMY_LIST = "Anatomic codes - DICOM master list"
GENERAL_LIST = "Segmentation category and type - 3D Slicer General Anatomy list"

ORGAN_CODES = {"kidney": "SCT^64033007^Kidney", "liver": "SCT^10200004^Liver"}
LESION_CODES = {
    "tumor": (CATEGORY_LIST, "SCT^108369006^Neoplasm"),
    "cyst": (GENERAL_LIST, "SCT^367643001^Cyst"),
}
COLORS_RGB = {
    "kidney": (0.725, 0.4, 0.325),
    "liver": (0.867, 0.51, 0.396),
    "tumor": (0.565, 0.933, 0.565),
    "cyst": (0.804, 0.804, 0.392),
}
FALLBACK_COLORS_RGB = ((0.38, 0.62, 0.85), (0.92, 0.74, 0.3), (0.7, 0.5, 0.85))

UnitInterval = Annotated[float, Field(ge=0, le=1)]


class Label(BaseModel):
    """One named class of voxels, as networks, files and Slicer know it."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    name: str
    """Name in settings, tables and Slicer, such as `tumor`."""
    value: int = Field(ge=1, le=255)
    """Voxel value in label maps that hlfd writes; 0 is background."""
    color_rgb: tuple[UnitInterval, UnitInterval, UnitInterval]
    """Display colour, each part 0..1."""
    terminology: str
    """Slicer's terminology entry: context~category~type~modifier~region context~region~region modifier."""


class Task(BaseModel):
    """A segmentation problem of the paper: which organ, which window, which file values mean what."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    organ: str
    """Organ that carries the tumour."""
    window_hu: tuple[float, float]
    """Hounsfield units that become 0 and 1 (section 3 of the paper)."""
    source_values: dict[str, tuple[int, ...]]
    """Label name -> values that mean it in the data set's files."""


TASKS = {
    "kidney": Task(organ="kidney", window_hu=(-200, 300), source_values={"kidney": (1,), "tumor": (2,)}),
    "liver": Task(organ="liver", window_hu=(-40, 160), source_values={"liver": (1,), "tumor": (2,)}),
}
TUMOR = "tumor"


def make_labels(names: tuple[str, ...], organ: str) -> tuple[Label, ...]:
    """Give each name its value (1, 2, ... in order), colour and terminology."""
    return tuple(
        Label(name=name, value=value, color_rgb=_color(name, value), terminology=terminology(name, organ))
        for value, name in enumerate(names, start=1)
    )


def organ_of(names: Iterable[str], default: str) -> str:
    """The organ that a set of labels is about: the first that is no lesion."""
    return next((name for name in names if name not in LESION_CODES), default)


def terminology(name: str, organ: str) -> str:
    """Build Slicer's terminology entry for a structure; lesions are placed in `organ`."""
    nothing = "^^"
    if name in ORGAN_CODES:
        return "~".join((CATEGORY_LIST, ORGAN_CATEGORY, ORGAN_CODES[name], nothing, ANATOMY_LIST, nothing, nothing))
    if name in LESION_CODES:
        context, code = LESION_CODES[name]
        region = ORGAN_CODES.get(organ, nothing)
        return "~".join((context, LESION_CATEGORY, code, nothing, ANATOMY_LIST, region, nothing))
    tissue = "SCT^85756007^Tissue"
    return "~".join((CATEGORY_LIST, tissue, tissue, nothing, ANATOMY_LIST, nothing, nothing))


def _color(name: str, value: int) -> tuple[float, float, float]:
    return COLORS_RGB.get(name, FALLBACK_COLORS_RGB[value % len(FALLBACK_COLORS_RGB)])
