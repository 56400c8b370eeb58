"""Looks at every case, in slices of time, and again when something of it has changed."""

import time
from collections.abc import Iterator

from ..SegmentationNodes import LABELMAP, segmentsOf
from ..Words import tr as _
from .CaseCtChecks import ctFindings
from .CaseFindings import STOP, CaseCheck, Finding
from .CaseLabelChecks import checkLabels
from .CasePatients import patientKeyOf
from .CaseRows import CaseList, CaseRow, nodesByMark
from .CaseStructures import isLabelMap, isSegmentation, structuresOf
from .SegmentMeanings import Structure, guessTask, meaningOf

SLICE_S = 0.015


def checkCase(row: CaseRow, ct, labels, task: str, forAll: dict) -> Iterator[None]:
    """Look at one case: a generator that returns a `CaseCheck`.

    Args:
        row: of the case.
        ct: its volume node, None if it is not there.
        labels: its segmentation or label map node, None if it is not there.
        task: kidney or liver.
        forAll: name of a segment -> meaning, for all cases.
    """
    check = CaseCheck()
    check.findings += _missing(row, ct, labels)
    if ct is not None:
        check.patient = f"hand:{row.patient}" if row.patient else patientKeyOf(ct)
        check.findings += ctFindings(ct)
        check.voxels = ct.GetImageData().GetNumberOfPoints() if ct.GetImageData() is not None else 0
    if labels is not None:
        check.structures = [(one, meaningOf(one, task, row.meanings, forAll)) for one in structuresOf(labels)]
    yield
    if labels is not None and check.voxels and check.isUsable:
        yield from checkLabels(check, ct, labels, task, row.resamples)
    return check


class CaseChecks:
    """Checks of the rows of a list; `step()` goes on with those that are to be made, `of(row)` gives what is known."""

    def __init__(self):
        self._known: dict[tuple[str, str], tuple[tuple, CaseCheck]] = {}
        self._waiting: list[tuple[tuple, CaseRow, Iterator]] = []
        self._seen: tuple = ()

    def of(self, row: CaseRow) -> CaseCheck | None:
        """What the last look at a case gave; None before the first."""
        known = self._known.get((row.ct, row.labels))
        return known[1] if known else None

    @property
    def areDone(self) -> bool:
        """Whether nothing waits for a look."""
        return not self._waiting

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def update(self, cases: CaseList, scene) -> bool:
        """See which cases have changed since they were looked at; whether anything is new."""
        nodes = nodesByMark(scene)
        states = tuple(_stateOf(row, nodes, cases) for row in cases.rows)
        if states == self._seen:
            return False
        self._seen, self._waiting = states, []
        for row, state in zip(cases.rows, states, strict=True):
            known = self._known.get((row.ct, row.labels))
            if known is None or known[0] != state:
                ct, labels = nodes.get(row.ct), nodes.get(row.labels)
                _rename(row, ct, labels)
                look = checkCase(row, ct, labels, cases.taskOrKidney, cases.meanings)
                self._waiting.append((state, row, look))
        return True

    def step(self, slice_s: float = SLICE_S) -> list[CaseRow]:
        """Go on for so long; gives the rows whose check has ended."""
        ended, until = [], time.monotonic() + slice_s
        while self._waiting and time.monotonic() < until:
            state, row, look = self._waiting[0]
            try:
                next(look)
            except StopIteration as end:
                self._waiting.pop(0)
                self._known[(row.ct, row.labels)] = (state, end.value)
                ended.append(row)
        return ended


def guessedTask(cases: CaseList, scene) -> str:
    """The organ that the segments of all cases speak of."""
    nodes = nodesByMark(scene)
    labels = [nodes[row.labels] for row in cases.rows if row.labels in nodes]
    named = [Structure("", node.GetName()) for node in labels]
    return guessTask([*named, *(one for node in labels if isSegmentation(node) for one in structuresOf(node))])


def _missing(row: CaseRow, ct, labels) -> list[Finding]:
    found = []
    if ct is None and row.ct:
        text = _("The CT {name} is not in the scene any more; choose another one, or remove the case.")
        found.append(Finding(STOP, text.format(name=row.ctName)))
    elif ct is None:
        found.append(Finding(STOP, _("The case has no CT; choose one below.")))
    if labels is None and row.labels:
        text = _("The labels {name} are not in the scene any more; choose others, or remove the case.")
        found.append(Finding(STOP, text.format(name=row.labelsName)))
    elif labels is None:
        found.append(Finding(STOP, _("The case has no labels; choose a segmentation below.")))
    elif not (isSegmentation(labels) or isLabelMap(labels)):
        text = _("{name} is no segmentation and no label map; choose one.").format(name=row.labelsName)
        found.append(Finding(STOP, text))
    return found


def _stateOf(row: CaseRow, nodes: dict, cases: CaseList) -> tuple:
    """Changes when anything that a check depends on has changed."""
    ct, labels = nodes.get(row.ct), nodes.get(row.labels)
    choices = (row.ct, row.labels, row.patient, row.resamples, cases.taskOrKidney)
    meanings = (tuple(sorted(row.meanings.items())), tuple(sorted(cases.meanings.items())))
    return (*choices, meanings, _timesOf(ct), _timesOf(labels))


def _timesOf(node) -> tuple:
    if node is None:
        return ()
    times = [node.GetID(), node.GetName(), node.GetMTime(), *_timesOfVoxels(node)]
    parent = node.GetParentTransformNode()
    while parent is not None:
        times += [parent.GetID(), parent.GetMTime()]
        parent = parent.GetParentTransformNode()
    return tuple(times)


def _timesOfVoxels(node) -> list[int]:
    if not isSegmentation(node):
        image = node.GetImageData() if node.IsA("vtkMRMLVolumeNode") else None
        return [image.GetMTime()] if image is not None else []
    times = []
    for _key, segment in segmentsOf(node):
        image = segment.GetRepresentation(LABELMAP)
        times += [segment.GetMTime(), image.GetMTime() if image is not None else 0]
    return times


def _rename(row: CaseRow, ct, labels) -> None:
    row.ctName = ct.GetName() if ct is not None else row.ctName
    row.labelsName = labels.GetName() if labels is not None else row.labelsName
