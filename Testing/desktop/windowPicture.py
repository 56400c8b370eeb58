"""The views in a picture of the window: each with its bar of name and colour, as Slicer lays them out."""

import numpy as np
import qt

BAR_HEIGHT, GAP = 20, 2
BAR_GREY = (0.62, 0.62, 0.66)


def paintViews(image, area, rows) -> None:
    """Draw the widgets of a layout (a list of rows) into an area of a QImage."""
    painter = qt.QPainter(image)
    try:
        painter.fillRect(area, qt.QColor(40, 40, 40))
        for row, widgets in enumerate(rows):
            top, bottom = (area.top() + area.height() * edge // len(rows) for edge in (row, row + 1))
            for column, widget in enumerate(widgets):
                left, right = (area.left() + area.width() * edge // len(widgets) for edge in (column, column + 1))
                _paintView(painter, widget, qt.QRect(left, top, right - left - GAP, bottom - top - GAP))
    finally:
        painter.end()


def _paintView(painter, widget, place):
    node = widget.viewNode()
    red, green, blue = node.GetLayoutColor() if hasattr(node, "GetLayoutColor") else BAR_GREY
    bar = qt.QRect(place.left(), place.top(), place.width(), BAR_HEIGHT)
    painter.fillRect(bar, qt.QColor.fromRgbF(red, green, blue))
    painter.setPen(qt.QColor(20, 20, 20))
    painter.drawText(bar.adjusted(6, 0, 0, 0), qt.Qt.AlignVCenter | qt.Qt.AlignLeft, node.GetLayoutLabel() or "")
    pixels = widget.picture((place.width(), place.height() - BAR_HEIGHT))
    painter.drawImage(place.left(), place.top() + BAR_HEIGHT, arrayImage(pixels))


def arrayImage(pixels: np.ndarray):
    """A QImage of uint8 (height, width, 3)."""
    height, width, _ = pixels.shape
    return qt.QImage(np.ascontiguousarray(pixels).tobytes(), width, height, 3 * width, qt.QImage.Format_RGB888).copy()
