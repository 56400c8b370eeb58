"""Cases of a dataset folder (KiTS19 or LiTS layout) or of a CSV or JSON list: the backend finds and reads them."""

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..BackendPlace import backendFolder, useBackend
from ..BackendWords import forPanel
from ..Words import Refusal
from ..Words import tr as _
from .CaseRows import CaseList, FolderRow
from .CaseSplits import PARTS, Candidate, divide, divisionInWords, warningsOf

TIMEOUT_S = 300
FIND = """
import json, sys
from pathlib import Path
sys.stdout.reconfigure(encoding="utf-8")
from hlfd.data.cases import find_cases
from hlfd.errors import InputError
try:
    found = find_cases(Path(sys.argv[1]), skip_unlabelled=True)
    print(json.dumps({"cases": [[case.name, case.patient] for case in found]}))
except (InputError, OSError) as error:
    print(json.dumps({"refused": str(error)}))
"""


def findInFolder(python, variables: Mapping[str, str], place: Path, backend: Path) -> list[FolderRow]:
    """Let the backend find the cases of a folder or list; takes seconds, so call it in the background.

    Args:
        python: interpreter of the environment.
        variables: environment variables for it.
        place: the folder or list.
        backend: folder that has the package `hlfd` (`BackendPlace.backendFolder`).

    Raises:
        Refusal: what the backend says, or that it does not run.
    """
    variables = {**variables, "PYTHONPATH": str(backend), "PYTHONSAFEPATH": "1", "PYTHONUTF8": "1"}
    try:
        done = subprocess.run(
            [str(python), "-c", FIND, str(place)],
            env=variables, stdin=subprocess.DEVNULL, capture_output=True, encoding="utf-8", timeout=TIMEOUT_S,
            creationflags=0x08000000 if os.name == "nt" else 0,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        text = _("{place} could not be looked through in {minutes} minutes; choose a smaller folder or a faster disk.")
        raise Refusal(text.format(place=place, minutes=TIMEOUT_S // 60)) from None
    except OSError as error:
        text = _("{python} cannot be run ({reason}); install the backend again under Backend.")
        raise Refusal(text.format(python=python, reason=error.strerror)) from None
    return _rowsOf(done)


def finderOf(environment, place: Path):
    """A function for the background that gives the rows of a folder or list."""
    python, variables, backend = environment.python, dict(environment.variables()), backendFolder()
    return lambda: findInFolder(python, variables, place, backend)


def _rowsOf(done) -> list[FolderRow]:
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        last = forPanel((done.stderr.strip().splitlines() or ["?"])[-1]).rstrip(".")
        text = _("The backend does not run ({reason}); install it again under Backend.")
        raise Refusal(text.format(reason=last)) from None
    if "refused" in answer:
        raise Refusal(forPanel(answer["refused"]))
    return [FolderRow(name, patient) for name, patient in answer["cases"]]


def labelsText(cases: CaseList) -> str:
    """What label values mean, as `hlfd prepare` takes it: "kidney=1+3,tumor=2".

    Raises:
        Refusal: a value is no whole number from 1 to 255, or means both.
    """
    organ = _values(cases.organValues, _("organ"))
    tumor = _values(cases.tumorValues, _("tumour"))
    if both := sorted(set(organ) & set(tumor)):
        raise Refusal(_("Value {value} is organ and tumour; give it one meaning.").format(value=both[0]))
    parts = {cases.taskOrKidney: organ, "tumor": tumor}
    return ",".join(f"{name}={'+'.join(map(str, values))}" for name, values in parts.items())


def _values(text: str, what: str) -> list[int]:
    parts = text.replace("+", " ").replace(",", " ").replace(";", " ").split()
    if parts and all(part.isdecimal() and 1 <= int(part) <= 255 for part in parts):
        return sorted({int(part) for part in parts})
    sentence = _("Values of the {what} are whole numbers from 1 to 255, such as 1 or 1, 3; found {found}.")
    raise Refusal(sentence.format(what=what, found=repr(text)))


@dataclass(frozen=True)
class FolderDivision:
    """Who trains, validates and tests among the cases of a folder."""

    names: list
    parts: dict
    """Name -> part; empty if `hlfd prepare` is to divide, which knows who has tumour."""
    sentence: str
    warnings: list


def folderDivision(cases: CaseList) -> FolderDivision:
    """Divide the cases of a folder: left to the backend unless something was chosen by hand.

    Raises:
        Refusal: cases of one patient were put into two parts, or nobody is left to train.
    """
    rows = cases.folderRows
    candidates = [Candidate(row.case, row.patient, True, row.part) for row in rows]
    parts = divide(candidates, cases.validation, cases.test, cases.seed)
    if "training" not in parts.values():
        raise Refusal(_("No case trains; let at least one train, under Cases."))
    sentence = divisionInWords(parts, {row.case: row.patient for row in rows})
    isByHand = any(row.part for row in rows)
    return FolderDivision(list(parts), parts if isByHand else {}, sentence, warningsOf(candidates, parts))


class FolderExport:
    """The same as `CaseExport` of cases that are files already: nothing is copied.

    Attributes:
        total: cases to be written, none.
        done: cases that are.
    """

    def __init__(self, cases: CaseList, division: FolderDivision, labels: str, dataFolder):
        self.total = self.done = 0
        self._place, self._division, self._labels = Path(cases.folder).absolute(), division, labels
        self._shares = {"validation": cases.validation, "test": cases.test, "seed": cases.seed}
        self._task, self._folder = cases.taskOrKidney, Path(dataFolder).absolute()

    def step(self) -> bool:
        """Write what was chosen by hand, if anything was; True.

        Raises:
            Refusal: it cannot be written, or the folder is gone.
        """
        if not self._place.exists():
            text = _("{folder} is not there any more; choose the folder again.")
            raise Refusal(text.format(folder=self._place))
        if self._division.parts:
            self._writeSplits()
        return True

    def cancel(self) -> None:
        """Nothing of it can be half-written."""

    def prepareSettings(self) -> dict:
        """Settings for `hlfd prepare`, without `store`."""
        settings = {"data": str(self._place), "task": self._task, "labels": self._labels, "skip_unlabelled": True}
        if self._division.parts:
            return {**settings, "splits": str(self._splits)}
        return {**settings, **self._shares}

    @property
    def _splits(self) -> Path:
        return self._folder / "splits.json"

    def _writeSplits(self) -> None:
        useBackend()
        from hlfd.files import write_json

        names = {part: [one for one in self._division.names if self._division.parts[one] == part] for part in PARTS}
        try:
            write_json(self._splits, names)
        except OSError as error:
            text = _("{folder} cannot be written ({reason}); choose another place or correct its permissions.")
            raise Refusal(text.format(folder=self._folder, reason=error.strerror)) from None
