"""What a training will be made from: cases of the scene that are written first, or a dataset folder as it is."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from ..Words import Refusal
from ..Words import tr as _
from .CaseExport import CaseExport
from .CaseFiles import PlannedCase
from .CaseFindings import CaseCheck
from .CaseFolder import FolderExport, folderDivision, labelsText
from .CaseRows import LEFT_OUT, CaseList, CaseRow, nodesByMark
from .CaseSplits import TRAINING
from .CaseUsed import UsedCases, usedCases
from .SegmentMeanings import MEANINGS


@dataclass
class CasePlan:
    """Cases, and how they are used."""

    count: int
    organ: str
    task: str
    """kidney or liver."""
    summary: str
    """What is there and how it is divided, in a sentence."""
    warnings: list = field(default_factory=list)
    """Sentences."""
    begin: Callable = None

    def beginExport(self, dataFolder):
        """A new export (`CaseExport`) to a folder that is not there yet; nothing is written before its first step."""
        return self.begin(dataFolder)


@dataclass(frozen=True)
class PlannedCases:
    """What an export writes."""

    cases: tuple[PlannedCase, ...]
    voxels: int


def planOfScene(cases: CaseList, scene, checkOf: Callable[[CaseRow], CaseCheck | None]) -> CasePlan:
    """Plan to train with the cases of the scene.

    Raises:
        Refusal: there are none that could be used, or none of them has tumour.
    """
    if not cases.rows:
        raise Refusal(_("There are no cases yet; add CTs and their segmentations under Cases."))
    used = usedCases(cases, checkOf)
    _requireUsable(cases, used)
    planned, task = _planned(cases, used, scene, checkOf), cases.taskOrKidney
    settings = {"task": task, "labels": f"{task}=1,tumor=2"}
    return CasePlan(
        count=len(planned.cases),
        organ=task,
        task=task,
        summary=used.sentence,
        warnings=used.warnings,
        begin=lambda dataFolder: CaseExport(scene, planned, settings, dataFolder),
    )


def planOfFolder(cases: CaseList) -> CasePlan:
    """Plan to train with a dataset folder.

    Raises:
        Refusal: none is chosen, it is gone, or what was chosen for it cannot be.
    """
    if not cases.folder:
        raise Refusal(_("No dataset folder is chosen; choose one under Cases."))
    if not Path(cases.folder).exists():
        raise Refusal(_("{folder} is not there any more; choose the folder again.").format(folder=cases.folder))
    if not cases.folderRows:
        raise Refusal(_("No cases of {folder} are known yet; click Find cases.").format(folder=cases.folder))
    labels, division = labelsText(cases), folderDivision(cases)
    return CasePlan(
        count=len(division.names),
        organ=cases.taskOrKidney,
        task=cases.taskOrKidney,
        summary=division.sentence,
        warnings=division.warnings,
        begin=lambda dataFolder: FolderExport(cases, division, labels, dataFolder),
    )


def _requireUsable(cases: CaseList, used: UsedCases) -> None:
    if used.refusal:
        raise Refusal(used.refusal)
    if not used.candidates:
        raise Refusal(_("None of the {count} cases can be used; see under Cases why.").format(count=len(cases.rows)))
    if not any(one.hasTumor for one in used.candidates):
        raise Refusal(_("No case has tumour: tell under Cases which segment is the tumour, or add cases with one."))
    training = {name for name, part in used.parts.items() if part == TRAINING}
    if not any(one.hasTumor and one.name in training for one in used.candidates):
        raise Refusal(_("No case for training has tumour; let one with a tumour train, under Cases."))


def _planned(cases: CaseList, used: UsedCases, scene, checkOf) -> PlannedCases:
    nodes, planned, voxels = nodesByMark(scene), [], 0
    for number, candidate in zip(used.numbers, used.candidates, strict=True):
        row = cases.rows[number]
        if row.part == LEFT_OUT or row.ct not in nodes or row.labels not in nodes:
            raise Refusal(_("{ct}: it or its labels are gone; look under Cases.").format(ct=row.ctName))
        check = checkOf(row)
        keys = {what: [one.key for one, meaning in check.structures if meaning.what == what] for what in MEANINGS}
        part, ids = used.parts[candidate.name], (nodes[row.ct].GetID(), nodes[row.labels].GetID())
        planned.append(PlannedCase(candidate.name, candidate.patient, part, *ids, keys))
        voxels += check.voxels
    return PlannedCases(tuple(planned), voxels)


def folderPlanSentences(cases: CaseList) -> tuple[str, list[str], str]:
    """Of the cases of a folder: the division in words, what it lacks, and why there is none."""
    if not cases.folderRows:
        return "", [], ""
    try:
        labelsText(cases)
        division = folderDivision(cases)
    except Refusal as error:
        return "", [], str(error)
    if division.parts:
        return division.sentence, division.warnings, ""
    note = _("{division}, drawn when the data are prepared, with and without tumour in the same shares")
    return note.format(division=division.sentence), division.warnings, ""
