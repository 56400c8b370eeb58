"""The words for clicking refuse what a user could not do, and find what a module leaves behind."""

import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from Testing.module import clicking
from Testing.module.leftovers import leftBehind

HERE = Path(__file__).parent


@pytest.fixture
def panel(desktop):
    """A window with a button and a choice of two organs."""
    import qt

    panel = SimpleNamespace(window=qt.QWidget(), button=qt.QPushButton("Go"), organs=qt.QComboBox())
    panel.organs.addItems(["kidney", "liver"])
    layout = qt.QVBoxLayout(panel.window)
    layout.addWidget(panel.button)
    layout.addWidget(panel.organs)
    panel.window.show()
    yield panel
    panel.window.delete()


@pytest.fixture
def clicks(panel):
    clicks = []
    panel.button.connect("clicked()", lambda: clicks.append("clicked"))
    return clicks


def test_a_button_is_clicked_once(panel, clicks):
    clicking.click(panel.button)
    assert clicks == ["clicked"]


@pytest.mark.parametrize(("state", "refusal"), [("visible", "hidden"), ("enabled", "disabled")])
def test_a_button_that_a_user_cannot_reach_is_not_clicked(panel, clicks, state, refusal):
    setattr(panel.button, state, False)
    with pytest.raises(AssertionError, match=f"QPushButton Go is {refusal}"):
        clicking.click(panel.button)
    assert not clicks


def test_a_choice_is_made_by_its_text_and_one_that_is_not_offered_is_refused(panel):
    clicking.choose(panel.organs, "liver")
    assert panel.organs.currentText == "liver"
    with pytest.raises(AssertionError, match=r"offers no 'spleen'; it offers \['kidney', 'liver'\]"):
        clicking.choose(panel.organs, "spleen")


def test_an_entry_that_is_disabled_is_not_chosen(panel):
    panel.organs.model().item(1).setEnabled(False)
    with pytest.raises(AssertionError, match="'liver' is disabled"):
        clicking.choose(panel.organs, "liver")


def test_a_node_is_chosen_by_its_name(desktop):
    import slicer

    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = ["vtkMRMLTextNode"]
    selector.setMRMLScene(slicer.mrmlScene)
    selector.show()
    slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "first")
    second = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLTextNode", "second")
    clicking.choose(selector, "second")
    assert selector.currentNode() is second
    selector.delete()


def test_what_comes_with_time_is_waited_for_and_what_does_not_is_told(desktop):
    import qt

    came, timer = [], qt.QTimer()
    timer.singleShot = True
    timer.connect("timeout()", lambda: came.append(1))
    timer.start(20)
    assert clicking.until(lambda: came) == [1]
    with pytest.raises(AssertionError, match=r"not within 0\.05 s"):
        clicking.until(lambda: len(came) > 1, timeout_s=0.05)


def test_a_window_that_stands_still_is_measured(desktop):
    with clicking.LongestGap() as gap:
        clicking.letPass(0.02)
        time.sleep(0.2)
        clicking.letPass(0.02)
    assert gap.seconds >= 0.2


def test_every_text_of_a_panel_is_found(panel):
    panel.button.toolTip = "Segments the CT"
    assert set(clicking.textsOf(panel.window)) >= {"Go", "Segments the CT", "kidney", "liver"}


def test_an_observer_and_a_timer_that_stay_are_found_and_those_that_go_are_not(desktop):
    import qt

    def seen(*_):
        pass

    def ticked():
        pass

    assert not leftBehind(desktop.scene, HERE)
    tag = desktop.scene.AddObserver(desktop.scene.EndCloseEvent, seen)
    timer = qt.QTimer()
    timer.connect("timeout()", ticked)
    timer.start(60000)
    names = {one.rpartition(".")[2] for one in leftBehind(desktop.scene, HERE)}
    assert names == {"seen", "ticked"}
    desktop.scene.RemoveObserver(tag)
    timer.stop()
    assert not leftBehind(desktop.scene, HERE)
