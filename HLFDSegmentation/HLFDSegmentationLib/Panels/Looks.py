"""How the panels look: messages, headings, small print and tables, in dark and in light themes."""

import html

import qt

KIND_COLOURS = {"good": "#2f9e5c", "warning": "#d48806", "bad": "#d9433b", "note": "#4f8fd0"}
"""Kind of a message -> colour of its bar; each is seen on dark and on light grey."""

ROW_PADDING_PX = 9
SMALL = 0.9
"""Size of small print, of that of other text."""


def showMessage(label, text: str, kind: str = "note", link: str = "", linkText: str = "") -> None:
    """Show a text in a label with a bar of its kind's colour; the label is hidden while there is nothing to say.

    Args:
        label: QLabel.
        text: plain text, whatever signs it has.
        kind: good, warning, bad or note.
        link: what `linkActivated(QString)` of the label tells when the link behind the text is clicked.
        linkText: words of the link; without them there is none.
    """
    colour = KIND_COLOURS[kind]
    sheet = (
        f"QLabel {{ border: none; border-left: 3px solid {colour};"
        f" background-color: {_faint(colour)}; padding: 4px 6px 4px 8px; }}"
    )
    if label.styleSheet != sheet:  # panels say the same again and again; each sheet would be worked out anew
        label.styleSheet = sheet
        label.textInteractionFlags = qt.Qt.TextSelectableByMouse | qt.Qt.LinksAccessibleByMouse
        _wrap(label)
    rich = f'{_asRichText(text)} <a href="{html.escape(link)}">{html.escape(linkText)}</a>' if linkText else ""
    if label.text != (rich or text):  # what was selected with the mouse stays so
        label.textFormat = qt.Qt.RichText if rich else qt.Qt.PlainText
        label.text = rich or text
    label.visible = bool(text)


def clearMessage(label) -> None:
    """Hide the label of a message."""
    label.text = ""
    label.visible = False


def setBold(widget, isBold: bool = True) -> None:
    """Write the text of a widget in bold, or not."""
    font = widget.font
    font.setBold(isBold)
    widget.font = font


def setSmallPrint(label) -> None:
    """Let a label's text stand back, once: explanations that need not be read each time.

    By its size; a fainter colour would have to be taken from a palette, which changes with Slicer's theme.
    """
    font = label.font
    if font.pointSizeF() > 0:  # else it is given in pixels
        font.setPointSizeF(font.pointSizeF() * SMALL)
        label.font = font
    _wrap(label)


def setUpTable(table, headings, stretched: int = 0, numbers=()) -> None:
    """Make a QTableWidget a list of rows that are read and clicked as a whole.

    Args:
        table: QTableWidget.
        headings: of its columns.
        stretched: column that takes the room that others leave.
        numbers: columns of numbers, which stand at the right; the others stand at the left.
    """
    table.setColumnCount(len(headings))
    table.setHorizontalHeaderLabels(list(headings))
    table.verticalHeader().setVisible(False)
    table.setEditTriggers(qt.QAbstractItemView.NoEditTriggers)
    table.setSelectionBehavior(qt.QAbstractItemView.SelectRows)
    table.setSelectionMode(qt.QAbstractItemView.SingleSelection)
    table.setShowGrid(False)
    table.setAlternatingRowColors(True)
    table.setWordWrap(False)
    table.verticalHeader().setDefaultSectionSize(qt.QFontMetrics(table.font).height() + ROW_PADDING_PX)
    header = table.horizontalHeader()
    header.setHighlightSections(False)
    for column in range(len(headings)):
        mode = qt.QHeaderView.Stretch if column == stretched else qt.QHeaderView.ResizeToContents
        header.setSectionResizeMode(column, mode)
        side = qt.Qt.AlignRight if column in numbers else qt.Qt.AlignLeft
        table.horizontalHeaderItem(column).setTextAlignment(int(side | qt.Qt.AlignVCenter))


def setCell(table, row: int, column: int, text: str, isNumber: bool = False, toolTip: str = "") -> None:
    """Write a cell; numbers stand at the right."""
    item = qt.QTableWidgetItem(text)
    item.setToolTip(toolTip or text)
    if isNumber:
        item.setTextAlignment(int(qt.Qt.AlignRight | qt.Qt.AlignVCenter))
    table.setItem(row, column, item)


def fitToRows(table, atMost: int) -> None:
    """Make a table as high as its rows, up to that many; more are scrolled."""
    shown = max(1, min(table.rowCount, atMost))
    rowHeight = table.verticalHeader().defaultSectionSize
    height = table.horizontalHeader().sizeHint.height() + shown * rowHeight + 2 * table.frameWidth
    table.setFixedHeight(height)


def _wrap(label) -> None:
    """Break lines where the panel ends; a long text would otherwise ask for a wider panel, which scrolls sideways."""
    label.setSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Preferred)
    label.wordWrap = True  # after the policy: it notes there that the height depends on the width


def _faint(colour: str) -> str:
    red, green, blue = (int(colour[at : at + 2], 16) for at in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, 32)"


def _asRichText(text: str) -> str:
    return html.escape(text).replace("\n", "<br>")
