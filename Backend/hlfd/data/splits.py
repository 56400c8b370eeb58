"""Dividing cases into training, validation and test, patient by patient."""

from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from hlfd.errors import InputError
from hlfd.files import read_json

Part = Literal["training", "validation", "test"]


class Splits(BaseModel):
    """Which case serves what; written to `splits.json` in the store."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seed: int | None
    training: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def cases(self, part: Part) -> tuple[str, ...]:
        """Names of the cases of a part."""
        names: tuple[str, ...] = getattr(self, part)
        return names


def split_by_patient(
    patient_of: dict[str, str], with_tumor: set[str], validation: float, test: float, seed: int
) -> Splits:
    """Divide cases so that no patient is in two parts, with and without tumour in the same shares.

    Args:
        patient_of: case -> patient.
        with_tumor: cases that have tumour.
        validation: share of the patients, 0..1.
        test: share of the patients, 0..1.
        seed: the same seed gives the same division.
    """
    cases_of: dict[str, list[str]] = {}
    for case, patient in sorted(patient_of.items()):
        cases_of.setdefault(patient, []).append(case)
    parts: dict[str, list[str]] = {"training": [], "validation": [], "test": []}
    generator = np.random.default_rng(seed)
    for wanted in (True, False):
        group = [patient for patient, cases in cases_of.items() if bool(with_tumor & set(cases)) == wanted]
        order = [group[position] for position in generator.permutation(len(group))]
        for_test, for_validation = _counts(test, validation, len(group))
        divided = {
            "test": order[:for_test],
            "validation": order[for_test : for_test + for_validation],
            "training": order[for_test + for_validation :],
        }
        for part, patients in divided.items():
            parts[part] += [case for patient in patients for case in cases_of[patient]]
    return Splits(seed=seed, **{part: tuple(sorted(cases)) for part, cases in parts.items()})


def read_splits(file: Path, patient_of: dict[str, str]) -> Splits:
    """Read a division made by hand or by an earlier `prepare`.

    Raises:
        InputError: unknown, missing or repeated cases, or one patient in two parts.
    """
    try:
        splits = Splits(**{"seed": None, **read_json(file, "a division of cases")})
    except (ValidationError, TypeError):
        raise InputError(f"{file}: needs the lists training, validation and test of case names, no more") from None
    named = [*splits.training, *splits.validation, *splits.test]
    if unknown := sorted(set(named) - set(patient_of)):
        raise InputError(f"{file}: case {unknown[0]} is not in the data; correct the file")
    if missing := sorted(set(patient_of) - set(named)):
        raise InputError(f"{file}: case {missing[0]} is in no part; add it to training, validation or test")
    _require_apart(file, splits, patient_of, named)
    return splits


def _require_apart(file: Path, splits: Splits, patient_of: dict[str, str], named: list[str]) -> None:
    if len(named) != len(set(named)):
        twice = next(name for name in named if named.count(name) > 1)
        raise InputError(f"{file}: case {twice} stands twice; a case serves one part")
    part_of: dict[str, str] = {}
    for part in ("training", "validation", "test"):
        for case in getattr(splits, part):
            patient = patient_of[case]
            if part_of.setdefault(patient, part) != part:
                raise InputError(
                    f"{file}: patient {patient} is in {part_of[patient]} and in {part}; put all cases of a patient "
                    "into one part"
                )


def _counts(test: float, validation: float, patients: int) -> tuple[int, int]:
    """Patients for test and validation: at least one each where asked for and three allow it, one left to train."""
    if patients < 3:
        return 0, 0
    for_test = min(max(1, round(test * patients)), patients - 2) if test else 0
    for_validation = min(max(1, round(validation * patients)), patients - 1 - for_test) if validation else 0
    return for_test, for_validation
