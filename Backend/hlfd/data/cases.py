"""Finding annotated cases: the KiTS19 layout, the LiTS layout, or a plain list of pairs."""

import csv
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from hlfd.data.image_files import VOLUME_ENDINGS
from hlfd.errors import InputError

SAFE_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9_-])?")  # a folder name on every system
PATIENT_LIST = "patients.csv"
CASE_LIST = "cases.csv"
LITS_IMAGE = re.compile(r"volume-(\d+)$")


@dataclass(frozen=True)
class Case:
    """One CT with its expert labels."""

    name: str
    image: Path
    labels: Path
    patient: str
    """Cases of one patient never come apart in a split."""


def find_cases(source: Path, patients: Path | None = None, skip_unlabelled: bool = False) -> list[Case]:
    """Find the cases of a dataset folder (KiTS19 or LiTS layout) or of a CSV or JSON list.

    A list has `image` and `label`, and may have `case` and `patient`; its paths are relative to it.
    Patients come from `patients` (a CSV with `case` and `patient`), else from a `patients.csv` in the
    folder or a `cases.csv` there that has both columns, else each case is a patient of its own.

    Raises:
        InputError: nothing found, a file missing, a label missing (unless `skip_unlabelled`), names twice.
    """
    if not source.exists():
        raise InputError(f"{source}: no such folder or list; check the path")
    found = list(_from_folder(source) if source.is_dir() else _from_list(source))
    if not found:
        raise InputError(
            f"{source}: no cases found; expected case_*/imaging.nii.gz (KiTS19), volume-*.nii (LiTS) "
            "or a CSV or JSON list of image and label"
        )
    kept = [case for case in found if not (skip_unlabelled and not case.labels.exists())]
    for case in kept:
        _require_whole(case)
    if not kept:
        raise InputError(f"{source}: none of {len(found)} cases has labels; add the expert segmentations")
    _require_unique(kept)
    return _with_patients(kept, patients or _patients_beside(source))


def _from_folder(folder: Path) -> Iterable[Case]:
    for item in sorted(folder.iterdir()):
        if item.is_dir() and (image := _volume(item / "imaging")).exists():
            yield Case(item.name, image, _volume(item / "segmentation"), item.name)
        elif item.is_dir() and item.name.startswith("case_"):
            raise InputError(f"{item}: has no imaging.nii.gz; complete the case or move its folder away")
        elif item.name.endswith(VOLUME_ENDINGS) and (match := LITS_IMAGE.match(_stem(item))):
            labels = _volume(folder / f"segmentation-{match[1]}")
            yield Case(f"volume-{match[1]}", item, labels, f"volume-{match[1]}")


def _from_list(file: Path) -> Iterable[Case]:
    rows = _rows(file)
    for number, row in enumerate(rows, start=1):
        if not row.get("image") or not row.get("label"):
            raise InputError(f"{file}: entry {number} needs `image` and `label`; found {', '.join(row) or 'nothing'}")
        image, labels = (file.parent / row[key] for key in ("image", "label"))
        name = row.get("case") or _stem(image)
        yield Case(name, image, labels, row.get("patient") or name)


def _rows(file: Path) -> list[dict[str, str]]:
    try:
        text = file.read_text(encoding="utf-8-sig")
        if file.suffix.lower() == ".json":
            content = json.loads(text)
            rows = content if isinstance(content, list) else content["cases"]
            return [{key: str(value) for key, value in dict(row).items() if value is not None} for row in rows]
        if file.suffix.lower() == ".csv":
            return [_trimmed(row) for row in csv.DictReader(text.splitlines())]
    except (ValueError, KeyError, TypeError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: not readable as a list of cases ({error})") from None
    raise InputError(f"{file}: a list of cases ends in .csv or .json")


def _trimmed(row: dict[str | None, str | None]) -> dict[str, str]:
    """Forgive blanks and capitals that a spreadsheet or a hand left in; a cell without a heading is dropped."""
    return {key.strip().lower(): (value or "").strip() for key, value in row.items() if key}


def _volume(path_without_ending: Path) -> Path:
    """Choose the ending that exists; the usual one stands for all where none does."""
    candidates = [path_without_ending.with_name(path_without_ending.name + ending) for ending in VOLUME_ENDINGS]
    return next((path for path in candidates if path.exists()), candidates[0])


def _stem(path: Path) -> str:
    ending = next((ending for ending in VOLUME_ENDINGS if path.name.endswith(ending)), "")
    return path.name.removesuffix(ending)


def _require_whole(case: Case) -> None:
    if not SAFE_NAME.fullmatch(case.name):
        raise InputError(
            f"case {case.name!r}: a case name has letters, digits, dots, dashes and underscores only, and starts and "
            "ends without a dot; rename it"
        )
    if not case.image.exists():
        raise InputError(f"case {case.name}: image {case.image} is missing; correct the list or restore the file")
    if not case.labels.exists():
        raise InputError(
            f"case {case.name}: labels {case.labels} are missing; restore them, or leave such cases out with "
            "--skip-unlabelled"
        )


def _require_unique(cases: list[Case]) -> None:
    seen: set[str] = set()
    for case in cases:
        if case.name.casefold() in seen:
            raise InputError(f"case {case.name}: this name stands twice; give each its own (column `case` of a list)")
        seen.add(case.name.casefold())


def _patients_beside(source: Path) -> Path | None:
    if (source / PATIENT_LIST).is_file():
        return source / PATIENT_LIST
    cases = source / CASE_LIST  # people keep other lists under this name
    return cases if cases.is_file() and {"case", "patient"} <= set((_rows(cases) or [{}])[0]) else None


def _with_patients(cases: list[Case], file: Path | None) -> list[Case]:
    if file is None:
        return cases
    patient_of = _read_patients(file)
    if unknown := [case.name for case in cases if not patient_of.get(case.name)]:
        raise InputError(f"{file}: names no patient for case {unknown[0]}; add a row for it")
    return [replace(case, patient=patient_of[case.name]) for case in cases]


def _read_patients(file: Path) -> dict[str, str]:
    if not file.exists():
        raise InputError(f"{file}: no such file; it should be a CSV with the columns case and patient")
    patient_of: dict[str, str] = {}
    for row in _rows(file):
        if not {"case", "patient"} <= set(row):
            raise InputError(f"{file}: needs the columns case and patient; found {', '.join(row) or 'nothing'}")
        if patient_of.setdefault(row["case"], row["patient"]) != row["patient"]:
            raise InputError(f"{file}: case {row['case']} has two patients; correct the list")
    return patient_of
