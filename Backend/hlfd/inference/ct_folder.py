"""Finding the CTs of a folder, whatever they are kept as, and a name for the result of each."""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import SimpleITK as sitk

from hlfd.data.image_files import VOLUME_ENDINGS, libraries_silent
from hlfd.errors import InputError

LABELS = re.compile(r"(segmentations?|labels?)([-_. \d].*)?|.*[-_. ](seg|segmentations?|labels?)", re.IGNORECASE)
"""How people name label maps: segmentation-3, labels, case_3_seg, volume-label."""
KITS_CT = "imaging"


@dataclass(frozen=True)
class FolderCt:
    """A CT of a folder."""

    name: str
    """Of its results, without an ending."""
    path: Path
    """A volume file, or a folder with a DICOM series."""
    series: str | None = None
    """UID, where the folder holds several."""


@dataclass(frozen=True)
class FolderContent:
    """What a folder holds."""

    cts: tuple[FolderCt, ...]
    left_out: tuple[str, ...]
    """A sentence for each file or folder that may be taken for a CT and isn't segmented."""


def find_cts(folder: Path, results: Path) -> FolderContent:
    """Find the CTs right in a folder: volume files, and subfolders with `imaging.*` or DICOM series.

    Files named as label maps are left out. A folder that is itself a DICOM series is one CT.

    Args:
        folder: where to look.
        results: folder that is written, which may lie in it.

    Raises:
        InputError: no such folder, no CT in it, or two CTs that cannot have different names.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder; name the one that holds the CTs")
    cts: list[FolderCt] = []
    left_out: list[str] = []
    for item in sorted(folder.iterdir()):
        if item.name.startswith(".") or item.resolve() == results.resolve():
            continue
        if item.is_dir():
            inside = _in_subfolder(item)
            cts += inside
            left_out += [] if inside else [f"{item}: left out, it has neither imaging.* nor a DICOM series right in it"]
        elif _ending(item):
            if LABELS.fullmatch(_stem(item)):
                left_out.append(f"{item}: left out, it is named as a label map")
            else:
                cts.append(FolderCt(_stem(item), item))
    cts = cts or list(_series_of(folder, folder.resolve().name))
    if not cts:
        endings = ", ".join(VOLUME_ENDINGS)
        raise InputError(f"{folder}: no CT found; expected {endings}, folders with imaging.*, or DICOM series")
    return FolderContent(_with_own_names(folder, cts), tuple(left_out))


def _in_subfolder(folder: Path) -> list[FolderCt]:
    files = sorted(file for file in folder.iterdir() if _ending(file) and _stem(file) == KITS_CT)
    return [FolderCt(folder.name, files[0])] if files else list(_series_of(folder, folder.name))


def _series_of(folder: Path, name: str) -> Iterator[FolderCt]:
    """Give each DICOM series of a folder; of several, the UID is in the name, which no further series changes."""
    with libraries_silent():
        found = sorted(sitk.ImageSeriesReader.GetGDCMSeriesIDs(str(folder)))
    for series in found:
        yield FolderCt(name, folder) if len(found) == 1 else FolderCt(f"{name}-{series}", folder, series)


def _with_own_names(folder: Path, cts: list[FolderCt]) -> tuple[FolderCt, ...]:
    """Let CTs that would have one name, such as a.nii.gz and a.nrrd, keep their whole names."""
    often = Counter(ct.name.casefold() for ct in cts)
    named = [
        ct if often[ct.name.casefold()] == 1 else FolderCt(_whole_name(folder, ct), ct.path, ct.series) for ct in cts
    ]
    again = Counter(ct.name.casefold() for ct in named)
    if twice := [ct.path.name for ct in named if again[ct.name.casefold()] > 1]:
        raise InputError(f"{folder}: {' and '.join(twice)} would have results of one name; rename one of them")
    return tuple(named)


def _whole_name(folder: Path, ct: FolderCt) -> str:
    return ct.path.name if ct.path.is_file() and ct.path.parent == folder else ct.name


def _ending(path: Path) -> str:
    is_volume = path.is_file() and not path.name.startswith(".")
    return next((ending for ending in VOLUME_ENDINGS if is_volume and path.name.lower().endswith(ending)), "")


def _stem(path: Path) -> str:
    return path.name[: len(path.name) - len(_ending(path))]
