"""What a made-up scan should be like."""

from dataclasses import dataclass
from itertools import permutations, product
from typing import Literal

_AXES = (("L", "R"), ("P", "A"), ("S", "I"))

ORIENTATIONS: tuple[str, ...] = tuple("".join(letters) for axes in permutations(_AXES) for letters in product(*axes))
"""The 48 axis orientations, in the letters ITK's DICOMOrient takes ("LPS" is its own frame)."""


@dataclass(frozen=True)
class PhantomSettings:
    """Settings of a set of synthetic abdominal CT scans.

    Raises ValueError, in one sentence, for a value that makes no scan.
    """

    organ: Literal["kidney", "liver"] = "kidney"
    """The labelled organ (1) that carries the tumours (2)."""
    size: int = 256
    """Rows and columns of a slice, in voxels."""
    slices: tuple[int, int] = (40, 80)
    """Fewest and most slices of a scan."""
    slice_mm: tuple[float, float] = (1.5, 5.0)
    """Thinnest and thickest slice spacing, in mm. Of a scan's draws from both ranges the first
    is taken that covers the whole organ; where none can, the anatomy is made shorter to fit."""
    field_of_view_mm: tuple[float, float] = (360.0, 460.0)
    """Narrowest and widest side of a slice, in mm; divided by `size` it is the pixel spacing."""
    tumor_free_share: float = 0.2
    """Share of cases without any tumour, 0 to 1; met in each run of ten cases."""
    orientation: str = "random"
    """Axis order of the written files: an ITK code such as "LPS", or "random" for one of 48."""

    def __post_init__(self) -> None:
        if self.organ not in ("kidney", "liver"):
            raise ValueError(f'organ must be "kidney" or "liver", not {self.organ!r}.')
        _check_whole("size", self.size, 32, 1024)
        _check_range("slices", self.slices, 12, 600)
        for count in self.slices:
            _check_whole("slices", count, 12, 600)
        _check_range("slice_mm", self.slice_mm, 0.5, 10.0)
        _check_range("field_of_view_mm", self.field_of_view_mm, 300.0, 600.0)
        if not 0 <= self.tumor_free_share <= 1:
            raise ValueError(f"tumor_free_share must lie between 0 and 1, not {self.tumor_free_share}.")
        if self.orientation != "random" and self.orientation not in ORIENTATIONS:
            raise ValueError(f'orientation must be "random" or an axis code such as "LPS", not {self.orientation!r}.')


def _check_whole(name: str, value: int, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise ValueError(f"{name} must be a whole number from {low} to {high}, not {value!r}.")


def _check_range(name: str, pair: tuple, low: float, high: float) -> None:
    if len(pair) != 2 or not low <= pair[0] <= pair[1] <= high:
        raise ValueError(f"{name} must be two values, low then high, from {low} to {high}, not {pair!r}.")
