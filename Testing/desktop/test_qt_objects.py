"""Qt's objects have PythonQt's manners, and refuse what one of Slicer's Qts or PythonQt itself refuses."""

import threading

import pytest

from Testing.desktop import pythonqt


@pytest.fixture
def qt(tmp_path):
    with pythonqt.started(tmp_path) as module:
        yield module


# Properties


def test_properties_are_read_and_written_as_attributes(qt):
    button = qt.QPushButton("Start")
    button.enabled = False
    button.text = "Stop"
    assert (button.text, button.enabled, button.isEnabled()) == ("Stop", False, False)


def test_a_getter_that_is_named_like_its_property_is_hidden(qt):
    with pytest.raises(TypeError, match="'str' object is not callable"):
        qt.QLabel("CT").text()


def test_a_size_that_qt_asks_for_virtually_is_a_property_too(qt):
    class Wide(qt.QLabel):
        def sizeHint(self):
            return qt.QSize(321, 20)

    assert qt.QLabel("CT").sizeHint.width() > 0
    outer = qt.QWidget()
    qt.QHBoxLayout(outer).addWidget(Wide())
    outer.layout().setContentsMargins(0, 0, 0, 0)
    assert outer.sizeHint.width() == 321


def test_a_property_that_shares_its_name_with_a_static_function_is_the_property(qt):
    timer = qt.QTimer()
    timer.singleShot = True
    assert timer.singleShot is True


def test_lists_are_tuples(qt):
    timer = qt.QTimer()
    child = qt.QObject(timer)
    assert timer.children() == (child,)


@pytest.mark.parametrize(
    ("name", "value"), [("enabled", "yes"), ("text", None), ("text", 5), ("toolTip", b"x"), ("minimumWidth", 3.5)]
)
def test_a_value_of_another_type_is_refused_and_named(qt, name, value):
    with pytest.raises(AttributeError, match=rf"QLabel\.{name} takes .*, not {value!r}"):
        setattr(qt.QLabel(), name, value)


def test_a_read_only_property_is_refused(qt):
    with pytest.raises(AttributeError, match=r"QLabel\.width is read-only"):
        qt.QLabel().width = 10


def test_a_function_is_not_replaced_by_a_value(qt):
    with pytest.raises(AttributeError, match=r"QLabel\.setText is a function"):
        qt.QLabel().setText = "CT"


# Names


def test_a_misspelt_name_is_refused_in_reading_and_in_writing(qt):
    label = qt.QLabel()
    with pytest.raises(AttributeError, match="QLabel has no attribute txet"):
        _ = label.txet
    with pytest.raises(AttributeError, match="QLabel has no attribute txet"):
        label.txet = "CT"


def test_an_object_that_qt_made_has_the_same_manners(qt):
    box = qt.QDialogButtonBox(qt.QDialogButtonBox.Ok)
    with pytest.raises(AttributeError, match="has no attribute txet"):
        box.button(qt.QDialogButtonBox.Ok).txet = "Go"


def test_a_class_of_the_program_may_keep_what_it_likes(qt):
    class Panel(qt.QWidget):
        def __init__(self):
            self.before = 1
            super().__init__()
            self.after = self.before + 1

    panel = Panel()
    panel.enabled = False
    assert (panel.before, panel.after, panel.enabled) == (1, 2, False)


def test_dynamic_properties_can_be_read_and_written_once_they_are_set(qt):
    label = qt.QLabel()
    label.setProperty("SlicerParameterName", "ct")
    assert label.SlicerParameterName == "ct"
    label.SlicerParameterName = "mask"
    assert label.property("SlicerParameterName") == "mask"


def test_children_are_attributes_by_their_names(qt):
    panel = qt.QWidget()
    field = qt.QLineEdit(panel)
    field.name = "runName"
    assert panel.runName is field
    assert field.objectName == field.name == "runName"


def test_the_class_of_an_object_has_a_name(qt):
    assert qt.QComboBox().className() == "QComboBox"


def test_a_deleted_object_is_false_and_refuses_every_use(qt):
    label = qt.QLabel("CT")
    assert label
    label.delete()
    assert not label
    for use in ("text", "show", "connect", "delete"):
        with pytest.raises(ValueError, match=f"{use}: the object has been deleted"):
            getattr(label, use)


def test_named_arguments_are_refused_by_constructors_and_functions(qt):
    with pytest.raises(ValueError, match="QLabel takes arguments by position only"):
        qt.QLabel(text="CT")
    with pytest.raises(ValueError, match="setText takes arguments by position only"):
        qt.QLabel().setText(arg__1="CT")


# What must do in Qt 5 and in Qt 6


def test_enumerations_are_numbers_without_their_scope(qt):
    assert qt.Qt.AlignLeft | qt.Qt.AlignTop == 0x21
    assert qt.QFrame.HLine == 4
    assert qt.QFrame().frameShape == qt.QFrame.NoFrame


@pytest.mark.parametrize(
    ("outer", "scope", "member"), [("Qt", "AlignmentFlag", "AlignLeft"), ("QFrame", "Shape", "HLine")]
)
def test_a_scoped_enumeration_is_refused_with_the_other_spelling(qt, outer, scope, member):
    with pytest.raises(AttributeError, match=f"write {outer}.{member}"):
        getattr(getattr(getattr(qt, outer), scope), member)


@pytest.mark.parametrize("name", ["margin", "setMargin"])
def test_the_margin_of_a_layout_is_refused_as_qt_6_has_none(qt, name):
    layout = qt.QVBoxLayout()
    with pytest.raises(AttributeError):
        getattr(layout, name)
    with pytest.raises(AttributeError):
        setattr(layout, name, 0)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_functions_that_qt_5_has_not_are_refused(qt):
    with pytest.raises(AttributeError, match="use exec_"):
        _ = qt.QDialog().exec
    with pytest.raises(AttributeError, match="setRowVisible"):
        _ = qt.QFormLayout().setRowVisible
    point, none = qt.QPointF(1, 2), qt.Qt.NoModifier
    press = qt.QMouseEvent(qt.QEvent.MouseButtonPress, point, qt.Qt.LeftButton, qt.Qt.LeftButton, none)
    assert press.pos() == qt.QPoint(1, 2)
    with pytest.raises(AttributeError, match="use pos"):
        _ = press.position


@pytest.mark.parametrize(
    "name", ["QTextCodec", "QRegExp", "QSignalBlocker", "QInputDialog", "QThread", "Signal", "Slot"]
)
def test_names_that_only_some_qts_or_only_pyside_have_are_refused(qt, name):
    with pytest.raises(AttributeError, match=name):
        getattr(qt, name)


# The rest of the house


def test_an_object_is_refused_off_the_main_thread(qt):
    label = qt.QLabel("before")
    refusals = []

    def work():
        for use in (lambda: setattr(label, "text", "after"), lambda: label.show(), lambda: qt.QLabel("new")):
            with pytest.raises(RuntimeError) as refusal:
                use()
            refusals.append(str(refusal.value))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert label.text == "before"
    assert [text.split(" was ")[0] for text in refusals] == ["QLabel.text", "QLabel.show", "QLabel.__init__"]
    assert qt.complaints == refusals


def test_qts_own_warnings_are_complaints(qt):
    panel = qt.QWidget()
    qt.QVBoxLayout(panel)
    qt.QHBoxLayout(panel)
    assert len(qt.complaints) == 1
    assert "already has a layout" in qt.complaints[0]


def test_an_exception_in_an_overridden_function_fails_the_test(qt):
    class Broken(qt.QWidget):
        def resizeEvent(self, event):
            raise KeyError("spacing")

    widget = Broken()
    widget.resize(10, 10)
    with pytest.raises(KeyError, match="spacing"):
        widget.show()


def test_settings_are_kept_in_the_folder_of_the_test(qt, tmp_path):
    qt.QSettings().setValue("HLFD/store", "abdomen")
    qt.QSettings().sync()
    assert [path.read_text() for path in tmp_path.rglob("*.ini")] == ["[HLFD]\nstore=abdomen\n"]


def test_the_font_has_letters_on_every_machine(qt):
    assert qt.QFontInfo(qt.QApplication.font()).family() == "DejaVu Sans"


def test_a_process_runs_and_says_how_it_ended(qt):
    import sys

    process, ends = qt.QProcess(), []
    process.connect("finished(int,QProcess::ExitStatus)", lambda code, status: ends.append((code, status)))
    process.start(sys.executable, ["-I", "-c", "raise SystemExit(3)"])
    assert process.waitForFinished(20_000)
    assert ends == [(3, qt.QProcess.NormalExit)]
