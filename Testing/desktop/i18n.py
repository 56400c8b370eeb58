"""Slicer's `slicer.i18n`: texts stay as they are, and each is remembered, so that a test can find those passed over."""

from pathlib import Path

seen: set[str] = set()
"""Every text that was asked to be translated since the desktop was started."""


def tr(text: str) -> str:
    """Slicer finds the context of a text by the file that calls this.

    Raises:
        TypeError: it is no text.
    """
    if not isinstance(text, str):
        raise TypeError(f"{text!r} is no text; translate a text, then put values into it with format()")
    seen.add(text)
    return text


def translate(context: str, text: str) -> str:
    """The same, with a context."""
    return tr(text)


def getContext(sourceFile: str) -> str:
    """A file's context: its name, after that of its package if it is in one."""
    file = Path(sourceFile)
    return f"{file.parent.name}.{file.stem}" if (file.parent / "__init__.py").is_file() else file.stem
