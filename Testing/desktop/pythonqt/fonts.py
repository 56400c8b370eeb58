"""One font for every machine, so that a picture of a window shows letters; it comes with matplotlib, which we have."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from PySide6 import QtGui, QtWidgets

POINTS = 9


def use_one_font() -> None:
    """Give the running application the font DejaVu Sans.

    Raises:
        RuntimeError: matplotlib is not installed, or its font cannot be read.
    """
    found = importlib.util.find_spec("matplotlib")
    folder = Path(found.origin).parent / "mpl-data" / "fonts" / "ttf" if found and found.origin else None
    for name in ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf", "DejaVuSans-Oblique.ttf", "DejaVuSansMono.ttf"):
        if folder is None or QtGui.QFontDatabase.addApplicationFont(str(folder / name)) < 0:
            raise RuntimeError(f"matplotlib's font {name} was not found; run `python run.py test` to install it")
    QtWidgets.QApplication.setFont(QtGui.QFont("DejaVu Sans", POINTS))
