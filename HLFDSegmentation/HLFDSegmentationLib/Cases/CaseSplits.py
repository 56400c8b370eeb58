"""Which case trains, validates and tests: by patient, with and without tumour in the same shares, some by hand."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from ..Words import Refusal
from ..Words import tr as _

TRAINING, VALIDATION, TEST = PARTS = ("training", "validation", "test")


@dataclass(frozen=True)
class Candidate:
    """A case that is to be given a part."""

    name: str
    patient: str
    hasTumor: bool = True
    part: str = ""
    """Part that was chosen by hand, else empty."""


def divide(cases: Sequence[Candidate], validation: float, test: float, seed: int) -> dict[str, str]:
    """Give each case its part; all cases of a patient get the same.

    Args:
        cases: with names of their own.
        validation: share of the patients, 0..1.
        test: share of the patients, 0..1.
        seed: the same seed gives the same division.

    Raises:
        Refusal: cases of one patient were put into two parts by hand.
    """
    byHand = _partsByHand(cases)
    withTumor = {case.patient for case in cases if case.hasTumor}
    patients = sorted({case.patient for case in cases})
    partOf = dict(byHand)
    for wanted in (True, False):
        group = [one for one in patients if (one in withTumor) == wanted]
        free = sorted((one for one in group if one not in byHand), key=lambda patient: _lot(seed, patient))
        wantedTest, wantedValidation = _counts(test, validation, len(group))
        for part, count in ((TEST, wantedTest), (VALIDATION, wantedValidation)):
            missing = max(0, count - sum(byHand.get(one) == part for one in group))
            spare = len(free) - (0 if _trains(group, byHand) else 1)
            for patient in free[: max(0, min(missing, spare))]:
                partOf[patient] = part
                free.remove(patient)
        partOf.update(dict.fromkeys(free, TRAINING))
    return {case.name: partOf[case.patient] for case in cases}


def divisionInWords(parts: dict[str, str], patientOf: dict[str, str]) -> str:
    """For example "12 cases of 10 patients: 8 for training, 2 for validation, 2 for test"."""
    counts = {part: sum(one == part for one in parts.values()) for part in PARTS}
    patients = len({patientOf[name] for name in parts})
    cases = _("1 case") if len(parts) == 1 else _("{count} cases").format(count=len(parts))
    of = _("1 patient") if patients == 1 else _("{count} patients").format(count=patients)
    sentence = _("{cases} of {patients}: {training} for training, {validation} for validation, {test} for test")
    return sentence.format(cases=cases, patients=of, **counts)


def warningsOf(cases: Sequence[Candidate], parts: dict[str, str]) -> list[str]:
    """What a division lacks, a sentence each."""
    said, names = [], {part: {name for name, one in parts.items() if one == part} for part in PARTS}
    withTumor = {case.name for case in cases if case.hasTumor}
    if not names[VALIDATION]:
        said.append(_("No case validates: nothing can choose the best moment of a training; 3 patients are needed."))
    elif not names[VALIDATION] & withTumor:
        said.append(_("No case for validation has tumour: how well tumours are found is not measured in training."))
    if not names[TEST]:
        said.append(_("No case tests: the report cannot say how good the model is on CTs that it has not seen."))
    elif not names[TEST] & withTumor:
        said.append(_("No case for test has tumour: the report cannot say how well tumours are found."))
    return said


def _lot(seed: int, patient: str) -> str:
    """The place of a patient in the draw. It depends on no other: a case that is added moves hardly anybody."""
    return hashlib.sha256(f"{seed}:{patient}".encode()).hexdigest()


def _partsByHand(cases: Sequence[Candidate]) -> dict[str, str]:
    byHand: dict[str, str] = {}
    for case in cases:
        if case.part and byHand.setdefault(case.patient, case.part) != case.part:
            sentence = _("{case} and another CT of its patient were put into two parts; give both the same.")
            raise Refusal(sentence.format(case=case.name))
    return byHand


def _trains(group: list[str], byHand: dict[str, str]) -> bool:
    return any(byHand.get(one) == TRAINING for one in group)


def _counts(test: float, validation: float, patients: int) -> tuple[int, int]:
    """Patients for test and validation, as `hlfd prepare` counts them: one each where three allow it, one trains."""
    if patients < 3:
        return 0, 0
    forTest = min(max(1, round(test * patients)), patients - 2) if test else 0
    forValidation = min(max(1, round(validation * patients)), patients - 1 - forTest) if validation else 0
    return forTest, forValidation
