"""All cases together: which can be used, who is one patient, who trains, validates and tests, and what is twice."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from ..Words import Refusal
from ..Words import tr as _
from .CaseFindings import REMOVE, STOP, WARNING, CaseCheck, Finding
from .CasePatients import pseudonyms
from .CaseRows import LEFT_OUT, CaseList, CaseRow
from .CaseSplits import Candidate, divide, divisionInWords, warningsOf


@dataclass
class UsedCases:
    """What is used of a list, and how."""

    numbers: list = field(default_factory=list)
    """Positions in the list of the rows that are used."""
    candidates: list = field(default_factory=list)
    """One for each of them; patients have pseudonyms."""
    parts: dict = field(default_factory=dict)
    """Name of a candidate -> training, validation or test; empty where the division was refused."""
    refusal: str = ""
    leftOut: int = 0
    """Cases that cannot be used, without those that are left out by hand."""

    @property
    def sentence(self) -> str:
        """The division in words."""
        patients = {one.name: one.patient for one in self.candidates}
        return divisionInWords(self.parts, patients) if self.parts else ""

    @property
    def warnings(self) -> list[str]:
        """What is lacking, a sentence each."""
        said = []
        if self.leftOut:
            text = _("1 case cannot be used and is left out.")
            many = _("{count} cases cannot be used and are left out.").format(count=self.leftOut)
            said.append(text if self.leftOut == 1 else many)
        return said + (warningsOf(self.candidates, self.parts) if self.parts else [])


def caseName(number: int) -> str:
    """Name of a case in files, by its position in the list: nothing of its nodes' names leaves the scene."""
    return f"case_{number + 1:04d}"


def patientsOf(cases: CaseList, checkOf: Callable[[CaseRow], CaseCheck | None]) -> list[str]:
    """A pseudonym for each row; empty where nothing is known yet."""
    keys = [check.patient if (check := checkOf(row)) else "" for row in cases.rows]
    named = iter(pseudonyms([key for key in keys if key]))
    return [next(named) if key else "" for key in keys]


def usedCases(cases: CaseList, checkOf: Callable[[CaseRow], CaseCheck | None]) -> UsedCases:
    """Who is used, and for what."""
    used, patients, twice = UsedCases(), patientsOf(cases, checkOf), _twice(cases)
    for number, row in enumerate(cases.rows):
        if row.part == LEFT_OUT:
            continue
        check = checkOf(row)
        if check is None or not check.isUsable or number in twice:
            used.leftOut += check is not None
            continue
        used.numbers.append(number)
        used.candidates.append(Candidate(caseName(number), patients[number], check.hasTumor, row.part))
    try:
        used.parts = divide(used.candidates, cases.validation, cases.test, cases.seed)
    except Refusal as error:
        used.refusal = str(error)
    return used


def findingsOf(cases: CaseList, number: int, checkOf: Callable[[CaseRow], CaseCheck | None]) -> list[Finding]:
    """All that is to be said of a case, what concerns others first."""
    row, found = cases.rows[number], []
    if number in _twice(cases):
        found.append(Finding(STOP, _("The same CT and labels stand above already."), REMOVE))
    elif row.ct and any(one.ct == row.ct for one in cases.rows[:number]):
        text = _("{ct} stands above already with other labels: both are used, as one patient.")
        found.append(Finding(WARNING, text.format(ct=row.ctName)))
    elif row.labels and any(one.labels == row.labels for one in cases.rows[:number]):
        text = _("{labels} stands above already with another CT.").format(labels=row.labelsName)
        found.append(Finding(WARNING, text))
    check = checkOf(row)
    return found + (list(check.findings) if check else [])


def shownCheck(check: CaseCheck, findings: list[Finding]) -> CaseCheck:
    """A check with these findings."""
    return replace(check, findings=findings)


def _twice(cases: CaseList) -> set[int]:
    """Positions of rows whose CT and labels stand in an earlier one."""
    seen, twice = set(), set()
    for number, row in enumerate(cases.rows):
        pair = (row.ct, row.labels)
        if all(pair) and pair in seen:
            twice.add(number)
        seen.add(pair)
    return twice
