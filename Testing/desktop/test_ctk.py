"""The widgets of CTK, as CTK documents them."""

import pytest

from Testing.desktop import pythonqt


@pytest.fixture
def qt(tmp_path):
    with pythonqt.started(tmp_path) as module:
        yield module


@pytest.fixture
def ctk(qt):
    import ctk

    return ctk


def heard(widget, signature):
    got = []
    assert widget.connect(signature, lambda *values: got.append(values))
    return got


def test_widgets_of_ctk_refuse_a_misspelt_name(ctk):
    with pytest.raises(AttributeError, match="ctkCollapsibleButton has no attribute colapsed"):
        ctk.ctkCollapsibleButton().colapsed = True
    with pytest.raises(AttributeError, match=r"ctkCollapsibleButton\.collapsed takes bool, not 'yes'"):
        ctk.ctkCollapsibleButton().collapsed = "yes"
    with pytest.raises(AttributeError, match=r"ctkPathLineEdit\.validInput is read-only"):
        ctk.ctkPathLineEdit().validInput = True


# ctkCollapsibleButton


@pytest.fixture
def section(qt, ctk):
    section = ctk.ctkCollapsibleButton()
    section.text = "Advanced"
    layout = qt.QVBoxLayout(section)
    for name in ("seed", "hidden"):
        label = qt.QLabel(name, section)
        label.name = name
        label.setFixedHeight(100)
        layout.addWidget(label)
    section.hidden.visible = False
    section.show()
    return section


def test_a_section_hides_its_contents_and_shows_them_again(section):
    changes = heard(section, "contentsCollapsed(bool)")
    section.collapsed = True
    assert not section.seed.visible
    section.collapsed = False
    assert section.seed.visible
    assert changes == [(True,), (False,)]


def test_what_the_program_has_hidden_stays_hidden_when_a_section_opens(section):
    section.collapsed = True
    section.collapsed = False
    assert not section.hidden.visible


def test_a_folded_section_is_lower_by_its_contents(section):
    opened = section.height
    section.collapsed = True
    section.adjustSize()
    assert opened >= 100 > section.height


def test_a_click_on_the_bar_folds_and_one_below_it_does_not(section, qt):
    assert section.hitButton(qt.QPoint(5, 5))
    assert not section.hitButton(qt.QPoint(5, section.height - 2))
    section.click()
    assert section.collapsed is True


def test_what_is_put_into_a_folded_section_appears_when_it_opens(section, qt):
    section.collapsed = True
    late = qt.QLabel("late")
    section.layout().addWidget(late)
    assert not late.visible
    section.collapsed = False
    assert late.visible


# ctkPathLineEdit


def test_a_path_is_told_and_checked_against_what_may_be_chosen(ctk, tmp_path):
    field = ctk.ctkPathLineEdit()
    field.filters = ctk.ctkPathLineEdit.Dirs
    paths, validity = heard(field, "currentPathChanged(QString)"), heard(field, "validInputChanged(bool)")
    field.currentPath = str(tmp_path)
    assert field.currentPath == tmp_path.as_posix()
    assert field.validInput is True
    file = tmp_path / "ct.nrrd"
    file.touch()
    field.currentPath = str(file)
    assert field.validInput is False
    assert paths == [(tmp_path.as_posix(),), (file.as_posix(),)]
    assert validity == [(True,), (False,)]


def test_browsing_asks_for_a_folder_where_only_folders_may_be_chosen(ctk, qt, tmp_path):
    field = ctk.ctkPathLineEdit()
    field.filters = ctk.ctkPathLineEdit.Dirs
    qt.answers.give(str(tmp_path))
    field.browse()
    assert qt.answers.asked[0].kind == "QFileDialog.getExistingDirectory"
    assert field.currentPath == tmp_path.as_posix()


def test_an_abandoned_browsing_keeps_the_path(ctk, qt, tmp_path):
    field = ctk.ctkPathLineEdit()
    field.currentPath = str(tmp_path)
    qt.answers.give("")
    field.browse()
    assert field.currentPath == tmp_path.as_posix()


def test_a_history_is_found_again_under_its_key(ctk, tmp_path):
    field = ctk.ctkPathLineEdit()
    field.settingKey = "HLFD/store"
    field.currentPath = str(tmp_path)
    field.addCurrentPathToHistory()
    again = ctk.ctkPathLineEdit()
    again.settingKey = "HLFD/store"
    assert again.currentPath == tmp_path.as_posix()


def test_a_folder_button_tells_another_folder_once(ctk, tmp_path):
    button = ctk.ctkDirectoryButton()
    folders = heard(button, "directoryChanged(QString)")
    button.directory = str(tmp_path)
    button.directory = str(tmp_path)
    assert folders == [(tmp_path.as_posix(),)]


# Numbers


@pytest.mark.parametrize("kind", ["ctkDoubleSlider", "ctkSliderWidget"])
def test_a_slider_keeps_its_value_within_its_range_and_tells_each_change_once(ctk, kind):
    slider = getattr(ctk, kind)()
    slider.minimum, slider.maximum, slider.singleStep = 0.5, 2.5, 0.25
    slider.value = 1.0
    values = heard(slider, "valueChanged(double)")
    slider.value = 1.75
    slider.value = 1.75
    slider.value = 9
    assert values == [(1.75,), (2.5,)]
    assert slider.value == 2.5


def test_the_box_and_the_slider_of_a_slider_widget_show_one_value(ctk, qt):
    slider = ctk.ctkSliderWidget()
    slider.decimals, slider.singleStep, slider.suffix = 1, 0.5, " mm"
    slider.findChild(qt.QDoubleSpinBox).value = 12.5
    assert slider.findChild(ctk.ctkDoubleSlider).value == 12.5
    slider.findChild(qt.QSlider).value = 30
    assert slider.value == 15.0
    assert slider.findChild(qt.QDoubleSpinBox).text == "15.0 mm"


def test_the_lower_value_of_a_range_is_never_above_the_upper(ctk):
    field = ctk.ctkRangeWidget()
    field.setRange(-1000, 1000)
    field.setValues(-100, 300)
    ranges = heard(field, "valuesChanged(double,double)")
    field.minimumValue = 500
    field.maximumValue = -200
    assert ranges == [(500.0, 500.0), (-200.0, -200.0)]


# The others


def test_a_button_with_a_mark_stays_pressed_as_the_mark_says(ctk, qt):
    button = ctk.ctkCheckablePushButton()
    changes = heard(button, "checkBoxToggled(bool)")
    button.checkState = qt.Qt.Checked
    assert button.checkable is True and button.checked is True
    button.checkState = qt.Qt.Unchecked
    assert button.checkable is False
    assert changes == [(True,), (False,)]


def test_a_fitted_text_is_higher_when_it_is_narrower(ctk):
    text = ctk.ctkFittedTextBrowser()
    text.setText("word " * 100)
    assert text.heightForWidth(200) > 2 * text.heightForWidth(800)


def test_a_message_that_the_user_switched_off_is_not_asked_again(ctk, qt):
    def make():
        box = ctk.ctkMessageBox()
        box.text = "The training goes on when Slicer ends."
        box.dontShowAgainSettingsKey = "HLFD/told"
        box.addButton(qt.QMessageBox.Ok)
        return box

    def switch_off(box):
        box.dontShowAgain = True
        return qt.QMessageBox.Ok

    qt.answers.give(switch_off)
    assert make().exec_() == qt.QMessageBox.Ok
    assert make().exec_() == qt.QMessageBox.Ok
    assert len(qt.answers.asked) == 1
    assert qt.complaints == []


def test_every_widget_can_be_drawn(ctk, qt):
    panel = qt.QWidget()
    layout = qt.QVBoxLayout(panel)
    for name in ctk.__all__:
        if name != "ctkMessageBox":
            layout.addWidget(getattr(ctk, name)())
    picture = panel.grab().toImage()
    colours = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 3)}
    assert len(colours) > 10
    assert qt.complaints == []
