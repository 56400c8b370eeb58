"""What panels of cases share: who uses a case for what, in words, and tables of which several rows can be selected."""

import qt

from ..Panels.Looks import KIND_COLOURS, setUpTable
from ..Words import tr as _
from .CaseRows import AUTOMATIC, LEFT_OUT
from .CaseSplits import PARTS


def partInWords(part: str) -> str:
    """What a case serves, as users read it."""
    return {
        AUTOMATIC: _("Automatic"),
        "training": _("Training"),
        "validation": _("Validation"),
        "test": _("Test"),
        LEFT_OUT: _("Left out"),
    }[part]


def fillParts(selector, canLeaveOut: bool) -> list[str]:
    """Fill a QComboBox with what cases may serve; gives the parts in the order of its entries."""
    parts = [AUTOMATIC, *PARTS, *([LEFT_OUT] if canLeaveOut else [])]
    selector.addItems([partInWords(part) for part in parts])
    return parts


def setUpCaseTable(table, headings, stretched=(0,)) -> None:
    """A table of which several rows can be selected; names that are too long lose their middle."""
    setUpTable(table, headings, stretched[0])
    for column in stretched:
        table.horizontalHeader().setSectionResizeMode(column, qt.QHeaderView.Stretch)
    table.setSelectionMode(qt.QAbstractItemView.ExtendedSelection)
    table.setHorizontalScrollBarPolicy(qt.Qt.ScrollBarAlwaysOff)
    table.setTextElideMode(qt.Qt.ElideMiddle)
    table.setWordWrap(False)


def selectedRows(table) -> list[int]:
    """Positions of the selected rows, in order."""
    return sorted({item.row() for item in table.selectedItems()})


def writeCell(table, row: int, column: int, text: str, tip: str = "", kind: str = "") -> None:
    """Write a cell, and keep the item that is there: a selection stays."""
    item = table.item(row, column)
    if item is None:
        item = qt.QTableWidgetItem()
        table.setItem(row, column, item)
    item.setText(text)
    item.setToolTip(tip or text)
    if kind:
        item.setForeground(qt.QBrush(qt.QColor(KIND_COLOURS[kind])))
