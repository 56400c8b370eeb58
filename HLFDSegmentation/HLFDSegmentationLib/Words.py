"""Slicer's translation of what users read, and the one kind of error that is meant for their eyes.

Outside of Slicer, where there is no translation, a text stays as it is. `tr` is Slicer's own function, no wrapper: it
finds the file of a text by looking at who calls it.
"""

try:
    from slicer.i18n import tr
except ImportError:

    def tr(text: str) -> str:
        return text


class Refusal(ValueError):
    """Something cannot be done; its sentence, for users, names the thing, what was found, and the next step."""
