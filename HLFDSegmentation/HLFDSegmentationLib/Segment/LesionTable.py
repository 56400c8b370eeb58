"""The lesions that a segmentation found: a click on one takes the slice views there."""

import slicer

from ..Lesions import jumpTo, lesionsOf, reportOf, shownNames, worldOf
from ..Panels.Looks import fitToRows, setCell, setSmallPrint, setUpTable
from ..Words import tr as _

ROWS_SHOWN = 8


class LesionTable:
    """A room of the section Segment: `box` with `summary`, `table` and `note` in it."""

    def __init__(self, box, summary, table, note):
        self._box, self._summary, self._table, self._note = box, summary, table, note
        self._nodeId, self._lesions = "", []
        setUpTable(table, [_("Lesion"), _("mL"), _("Longest diameter (mm)")], numbers=(1, 2))
        toolTips = ("", _("Volume in millilitres"), _("On an axial slice"))
        for column, toolTip in enumerate(toolTips):
            table.horizontalHeaderItem(column).setToolTip(toolTip)
        setSmallPrint(note)
        table.connect("cellClicked(int,int)", self._onCell)
        table.connect("currentCellChanged(int,int,int,int)", self._onCell)
        self.show(None)

    def show(self, segmentationNode) -> None:
        """Show what is kept with a segmentation; nothing for None, or for one that is not ours."""
        report = reportOf(segmentationNode) if segmentationNode is not None else None
        self._box.visible = report is not None
        if report is None:
            self._nodeId, self._lesions = "", []
            return
        self._nodeId, self._lesions = segmentationNode.GetID(), lesionsOf(report)
        self._box.toolTip = segmentationNode.GetName()
        names = shownNames(report, segmentationNode)
        self._summary.text = _summaryOf(report, names)
        self._fill(names)
        self._note.text = _noteOf(report)

    def _fill(self, names: dict) -> None:
        table = self._table
        wasBlocked = table.blockSignals(True)
        try:
            table.setRowCount(len(self._lesions))
            for row, lesion in enumerate(self._lesions):
                where = _("Show it in the slice views")
                setCell(table, row, 0, f"{names.get(lesion.label, lesion.label)} {lesion.number}", toolTip=where)
                setCell(table, row, 1, _amount(lesion.volumeMl), isNumber=True, toolTip=where)
                setCell(table, row, 2, f"{lesion.longestMm:.1f}", isNumber=True, toolTip=where)
            table.setCurrentCell(-1, -1)
            fitToRows(table, ROWS_SHOWN)
            table.visible = bool(self._lesions)
        finally:
            table.blockSignals(wasBlocked)

    def _onCell(self, row, column) -> None:
        node = slicer.mrmlScene.GetNodeByID(self._nodeId) if self._nodeId else None
        if node is None or not 0 <= row < len(self._lesions):
            return
        jumpTo(slicer.mrmlScene, worldOf(self._lesions[row], node))


def _summaryOf(report: dict, names: dict) -> str:
    volumes = ", ".join(
        _("{label} {volume} mL").format(label=names[one["name"]], volume=_amount(one["volume_ml"]))
        for one in report["labels"]
    )
    count = report.get("lesionCount", len(report["lesions"]))
    if count == 0:
        found = _("no lesion found")
    else:
        found = _("one lesion") if count == 1 else _("{count} lesions").format(count=count)
    return _("{found}; {volumes}").format(found=found[:1].upper() + found[1:], volumes=volumes)


def _noteOf(report: dict) -> str:
    note = _("As the model segmented it, not after edits. Click a lesion to see it in the slice views.")
    count, shown = report.get("lesionCount", 0), len(report["lesions"])
    if not shown:
        return _("As the model segmented it, not after edits.")
    if count > shown:
        note += " " + _("Only the {shown} largest of {count} are listed.").format(shown=shown, count=count)
    return note


def _amount(ml: float) -> str:
    """Small lesions keep a digit that says something."""
    return f"{ml:.1f}" if ml >= 10 else f"{ml:.2f}"
