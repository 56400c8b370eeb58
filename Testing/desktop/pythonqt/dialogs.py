"""Dialogs that wait for a user, `exec_` and the static questions: `qt.answers` answers them, so that nothing waits."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6 import QtWidgets

from Testing.desktop.pythonqt.answers import NONE, Asked, answers
from Testing.desktop.pythonqt.complaints import complain
from Testing.desktop.pythonqt.objects import MANNERS

Box, FileDialog = QtWidgets.QMessageBox, QtWidgets.QFileDialog
WOULD_WAIT: dict[type, tuple[str, ...]] = {
    Box: ("about", "aboutQt"),
    FileDialog: ("getOpenFileUrl", "getOpenFileUrls", "getSaveFileUrl", "getExistingDirectoryUrl"),
}


def _shown(thing: Any) -> str:
    """Give the text of a button or menu entry without the mark of its key."""
    return thing.text.replace("&", "")


def _run_dialog(dialog: QtWidgets.QDialog) -> int:
    answer = answers.next(Asked(type(dialog).__name__, dialog.windowTitle, ""))
    dialog.show()
    if callable(answer):
        answer = answer(dialog)
    if isinstance(answer, str) and isinstance(dialog, FileDialog):
        dialog.selectFile(answer)
        answer = QtWidgets.QDialog.Accepted
    if answer is not None:
        dialog.done(0 if answer is NONE else int(answer))
    dialog.hide()
    return dialog.result()


def run_message(box: Box) -> int:
    """Press the answered button of a message; give what exec_ gives: the standard button, or the place of another."""
    texts = tuple(_shown(button) for button in box.buttons())
    text = f"{box.text} {box.informativeText}".strip()
    answer = answers.next(Asked(type(box).__name__, box.windowTitle, text, texts))
    box.show()
    if callable(answer):
        answer = answer(box)
    button = _find_button(box, answer)
    if button is not None:
        button.click()
    elif answer not in (None, NONE):
        complain(f"the message {text!r} has no button {answer!r}; it has {', '.join(texts)}")
    box.hide()
    pressed = box.clickedButton()
    if pressed is None:
        return int(Box.Cancel)
    return int(box.standardButton(pressed)) or box.buttons().index(pressed)


def _find_button(box: Box, answer: Any) -> QtWidgets.QAbstractButton | None:
    if answer in (None, NONE):
        return None
    if isinstance(answer, str):
        return next((button for button in box.buttons() if _shown(button) == answer), None)
    return box.button(answer)


def _run_menu(menu: QtWidgets.QMenu) -> QtWidgets.QAction | None:
    texts = tuple(_shown(action) for action in menu.actions())
    answer = answers.next(Asked("QMenu", menu.title, "", texts))
    chosen = next((action for action in menu.actions() if _shown(action) == answer and action.enabled), None)
    if chosen is not None:
        chosen.trigger()
    elif answer is not NONE:
        complain(f"the menu has no enabled entry {answer!r}; it has {', '.join(texts)}")
    return chosen


RUNNERS: tuple[tuple[type, Callable], ...] = (
    (Box, run_message),
    (QtWidgets.QDialog, _run_dialog),
    (QtWidgets.QMenu, _run_menu),
)


def _exec(thing: Any) -> Callable:
    for kind, run in RUNNERS:
        if isinstance(thing, kind):
            return lambda *place: run(thing)
    raise AttributeError(f"{type(thing).__name__}.exec_ would wait for ever; here dialogs and menus have it")


def _message(icon: Any, usual: Any) -> Any:
    def ask(parent: Any, title: str, text: str, buttons: Any = usual, default: Any = Box.NoButton) -> int:
        box = Box(icon, title, text, buttons, parent)
        box.setDefaultButton(default)
        try:
            return run_message(box)
        finally:
            box.delete()

    return staticmethod(ask)


def _file_question(kind: str, none: Any) -> Any:
    def ask(parent: Any = None, caption: str = "", folder: str = "", filters: str = "", *more: Any) -> Any:
        texts = all(isinstance(text, str) for text in (caption, folder, filters))
        if not texts or not (parent is None or isinstance(parent, QtWidgets.QWidget)):
            raise ValueError(f"QFileDialog.{kind} takes a widget or None, then title, folder and patterns, all texts")
        answer = answers.next(Asked(f"QFileDialog.{kind}", caption, folder))
        return none if answer is NONE else answer

    return staticmethod(ask)


def _never(name: str) -> Any:
    def refuse(*arguments: Any) -> None:
        raise AttributeError(f"{name} would wait for a user, and this stand-in has no answer for it")

    return staticmethod(refuse)


def install() -> None:
    """Replace every way to wait for a user."""
    MANNERS["exec_"] = _exec
    Box.question = _message(Box.Question, Box.Yes | Box.No)
    Box.information = _message(Box.Information, Box.Ok)
    Box.warning = _message(Box.Warning, Box.Ok)
    Box.critical = _message(Box.Critical, Box.Ok)
    for kind in ("getOpenFileName", "getSaveFileName", "getExistingDirectory"):
        setattr(FileDialog, kind, _file_question(kind, ""))
    FileDialog.getOpenFileNames = _file_question("getOpenFileNames", ())
    for owner, names in WOULD_WAIT.items():
        for name in names:
            setattr(owner, name, _never(f"{owner.__name__}.{name}"))
