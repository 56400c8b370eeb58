"""The list of cases as it is saved with the scene: which CT and labels belong together, and what users chose."""

import json
from dataclasses import asdict, dataclass, field, fields

from ..NodeMarks import MARK, markOf
from .CaseSplits import PARTS

SCENE, FOLDER = "scene", "folder"
AUTOMATIC, LEFT_OUT = "", "none"
"""Of `part`, beside training, validation and test: chosen by the division; not used."""


@dataclass
class CaseRow:
    """A CT of the scene, its labels, and what was chosen for the two."""

    ct: str = ""
    """Mark of the volume node."""
    labels: str = ""
    """Mark of the segmentation or label map node."""
    ctName: str = ""
    """Name that the node had, to speak of it when it is gone."""
    labelsName: str = ""
    part: str = AUTOMATIC
    """training, validation, test, AUTOMATIC or LEFT_OUT."""
    patient: str = ""
    """Patient as told by hand; by default what DICOM says."""
    meanings: dict = field(default_factory=dict)
    """Name of a segment -> organ, tumor or ignored, where it differs from what holds for all."""
    resamples: bool = False
    """Labels may be brought to the grid of the CT."""
    found: str = ""
    """Why CT and labels were put together, in words."""


@dataclass
class FolderRow:
    """A case of a dataset folder, as the backend found it."""

    case: str = ""
    patient: str = ""
    part: str = AUTOMATIC
    """training, validation, test or AUTOMATIC."""


@dataclass
class CaseList:
    """All that the section Cases keeps."""

    source: str = SCENE
    """SCENE or FOLDER."""
    task: str = ""
    """kidney or liver; empty until it is known or chosen."""
    meanings: dict = field(default_factory=dict)
    """Name of a segment -> meaning, for all cases."""
    validation: float = 0.15
    test: float = 0.2
    seed: int = 0
    rows: list = field(default_factory=list)
    folder: str = ""
    """A dataset folder, or a list of cases as CSV or JSON."""
    folderRows: list = field(default_factory=list)
    organValues: str = "1"
    """Values of the folder's label maps that mean the organ, such as 1,3."""
    tumorValues: str = "2"

    def toText(self) -> str:
        """As JSON."""
        return json.dumps({"format": 1, **asdict(self)})

    @property
    def taskOrKidney(self) -> str:
        return self.task or "kidney"


def caseListFromText(text: str) -> CaseList:
    """Read what `toText` wrote; what is no such text, or parts of it of another kind, count as not there."""
    try:
        content = json.loads(text)
    except ValueError:
        return CaseList()
    if not isinstance(content, dict) or content.get("format") != 1:
        return CaseList()
    read = _filled(CaseList, content)
    read.rows = [_row(CaseRow, one) for one in read.rows if isinstance(one, dict)]
    read.folderRows = [_row(FolderRow, one) for one in read.folderRows if isinstance(one, dict)]
    for row in read.folderRows:
        row.part = AUTOMATIC if row.part == LEFT_OUT else row.part
    return read


def rowOf(ct, labels, found: str = "") -> CaseRow:
    """A row of two nodes, either of which may be None."""
    row = CaseRow(found=found)
    setCt(row, ct)
    setLabels(row, labels)
    return row


def setCt(row: CaseRow, node) -> None:
    """Give a row another CT, or none."""
    row.ct, row.ctName = (_mark(node), node.GetName()) if node is not None else ("", "")


def setLabels(row: CaseRow, node) -> None:
    """Give a row other labels, or none; what was chosen for the old ones holds no more."""
    mark, name = (_mark(node), node.GetName()) if node is not None else ("", "")
    if mark != row.labels:
        row.resamples = False
    row.labels, row.labelsName = mark, name


def nodesByMark(scene) -> dict:
    """All marked nodes of a scene: one walk for all rows, where `nodeOf` walks for each."""
    nodes = (scene.GetNthNode(index) for index in range(scene.GetNumberOfNodes()))
    return {mark: node for node in nodes if (mark := node.GetAttribute(MARK))}


def _mark(node) -> str:
    """The mark of a node, without a word to those who show it: a hundred new marks held up the window."""
    isQuiet = node.GetDisableModifiedEvent()
    node.SetDisableModifiedEvent(True)
    mark = markOf(node)
    node.SetDisableModifiedEvent(isQuiet)
    return mark


def _filled(kind, content: dict):
    """An object with those entries of `content` that have the type of the field's default."""
    made = kind()
    for one in fields(kind):
        value, default = content.get(one.name), getattr(made, one.name)
        if isinstance(default, float) and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        if type(value) is type(default):
            setattr(made, one.name, value)
    return made


def _row(kind, content: dict):
    row = _filled(kind, content)
    if row.part not in (*PARTS, AUTOMATIC, LEFT_OUT):
        row.part = AUTOMATIC
    return row
