"""Qt objects belong to the main thread: used elsewhere, Slicer may crash at once, much later, or not at all."""

from __future__ import annotations

import threading

from Testing.desktop.pythonqt.complaints import complain

MAIN_THREAD = threading.main_thread().ident


def check_thread(kind: type, name: str) -> None:
    """Refuse a use off the main thread, and complain of it, as whoever runs the thread may swallow the refusal.

    Raises:
        RuntimeError: this is not the main thread.
    """
    if threading.get_ident() != MAIN_THREAD:
        sentence = f"{kind.__name__}.{name} was used off the main thread; leave it to a timer there"
        complain(sentence)
        raise RuntimeError(sentence)
