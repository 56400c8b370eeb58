"""Nothing waits for a user: a test answers in advance, and a question that nobody answered is a complaint."""

import pytest

from Testing.desktop import pythonqt


@pytest.fixture
def qt(tmp_path):
    with pythonqt.started(tmp_path) as module:
        yield module


def test_a_message_gets_the_button_that_the_test_gave(qt):
    qt.answers.give(qt.QMessageBox.No, "Yes")
    assert qt.QMessageBox.question(None, "Stop", "Stop the training?") == qt.QMessageBox.No
    assert qt.QMessageBox.question(None, "Stop", "Stop the training?") == qt.QMessageBox.Yes
    assert qt.answers.asked[0].text == "Stop the training?"
    assert qt.answers.asked[0].buttons == ("Yes", "No")
    assert qt.answers.left() == ()
    assert qt.complaints == []


def test_a_question_without_answer_is_cancelled_and_is_a_complaint(qt):
    assert qt.QMessageBox.question(None, "Stop", "Stop the training?") == qt.QMessageBox.Cancel
    assert qt.QFileDialog.getSaveFileName(None, "Save", "") == ""
    assert qt.QDialog().exec_() == qt.QDialog.Rejected
    assert len(qt.complaints) == 3
    assert "Stop the training?" in qt.complaints[0]


def test_a_button_that_the_message_has_not_is_a_complaint(qt):
    qt.answers.give("Maybe")
    assert qt.QMessageBox.question(None, "Stop", "Stop the training?") == qt.QMessageBox.Cancel
    assert qt.complaints == ["the message 'Stop the training?' has no button 'Maybe'; it has Yes, No"]


def test_a_message_with_buttons_of_its_own_tells_which_was_pressed(qt):
    box = qt.QMessageBox()
    box.text = "A model of this name exists."
    box.addButton("Keep both", qt.QMessageBox.AcceptRole)
    replace = box.addButton("Replace", qt.QMessageBox.DestructiveRole)
    qt.answers.give("Replace")
    box.exec_()
    assert box.clickedButton() is replace


def test_file_dialogs_give_the_path_alone(qt, tmp_path):
    qt.answers.give(str(tmp_path / "ct.nrrd"), ("a.nrrd", "b.nrrd"), str(tmp_path))
    assert qt.QFileDialog.getOpenFileName(None, "CT", "", "CT (*.nrrd)") == str(tmp_path / "ct.nrrd")
    assert qt.QFileDialog.getOpenFileNames(None, "CTs") == ("a.nrrd", "b.nrrd")
    assert qt.QFileDialog.getExistingDirectory(None, "Folder") == str(tmp_path)


def test_a_file_dialog_without_a_place_for_its_parent_is_refused(qt):
    with pytest.raises(ValueError, match="takes a widget or None"):
        qt.QFileDialog.getOpenFileName("CT", "", "CT (*.nrrd)")


def test_a_dialog_is_shown_to_the_test_that_acts_in_it(qt):
    dialog = qt.QDialog()
    field = qt.QLineEdit(dialog)

    def type_a_name(shown):
        assert shown.visible
        field.text = "student 2"
        shown.accept()

    qt.answers.give(type_a_name)
    assert dialog.exec_() == qt.QDialog.Accepted
    assert field.text == "student 2"
    assert not dialog.visible


def test_a_menu_runs_the_chosen_entry_and_no_disabled_one(qt):
    menu, ran = qt.QMenu(), []
    menu.addAction("Open").connect("triggered()", lambda: ran.append("open"))
    menu.addAction("Remove").enabled = False
    qt.answers.give("Open", "Remove")
    assert menu.exec_().text == "Open"
    assert menu.exec_() is None
    assert ran == ["open"]
    assert qt.complaints == ["the menu has no enabled entry 'Remove'; it has Open, Remove"]


def test_ways_to_wait_that_have_no_answer_are_refused(qt):
    with pytest.raises(AttributeError, match="would wait"):
        qt.QMessageBox.about(None, "HLFD", "text")
    with pytest.raises(AttributeError, match="would wait"):
        _ = qt.QEventLoop().exec_
