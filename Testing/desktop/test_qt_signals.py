"""Signals are connected as PythonQt connects them, and a mistake that it would only print is a complaint."""

import functools
import time
from typing import ClassVar

import pytest

from Testing.desktop import pythonqt


@pytest.fixture
def qt(tmp_path):
    with pythonqt.started(tmp_path) as module:
        yield module


class Listener:
    """Keeps what its slots got."""

    def __init__(self):
        self.got = []

    def none(self):
        self.got.append(())

    def one(self, value):
        self.got.append((value,))

    def optional(self, value="default"):
        self.got.append((value,))

    def all(self, *values):
        self.got.append(values)


@pytest.mark.parametrize(
    ("signature", "slot", "expected"),
    [
        ("clicked(bool)", "none", ()),
        ("clicked(bool)", "one", (False,)),
        ("clicked(bool)", "optional", (False,)),
        ("clicked(bool)", "all", (False,)),
        ("clicked()", "none", ()),
        ("clicked()", "optional", ("default",)),
        ("clicked()", "all", ()),
    ],
)
def test_a_slot_gets_as_many_arguments_as_it_declares_and_the_signature_has(qt, signature, slot, expected):
    button, listener = qt.QPushButton(), Listener()
    assert button.connect(signature, getattr(listener, slot))
    button.click()
    assert listener.got == [expected]
    assert qt.complaints == []


def test_a_partial_function_gets_every_argument(qt):
    button, got = qt.QPushButton(), []
    button.connect("clicked(bool)", functools.partial(lambda *values: got.append(values), "run 3"))
    button.click()
    assert got == [("run 3", False)]


def test_a_slot_that_wants_more_than_the_signal_has_is_a_complaint(qt):
    button = qt.QPushButton()
    button.connect("clicked()", Listener().one)
    button.click()
    assert len(qt.complaints) == 1
    assert "missing 1 required positional argument: 'value'" in qt.complaints[0]


def test_an_exception_in_a_slot_is_a_complaint_and_the_next_slot_runs(qt):
    def fails():
        raise ValueError("no CT chosen")

    button, listener = qt.QPushButton(), Listener()
    button.connect("clicked()", fails)
    button.connect("clicked()", listener.none)
    button.click()
    assert listener.got == [()]
    assert len(qt.complaints) == 1
    assert qt.complaints[0].endswith("ValueError: no CT chosen")


@pytest.mark.parametrize("ms", [0, 5])
def test_an_exception_in_a_single_shot_is_a_complaint(qt, ms):
    qt.QTimer.singleShot(ms, lambda: 1 / 0)
    time.sleep(0.01)
    qt.QApplication.processEvents()
    assert len(qt.complaints) == 1
    assert "ZeroDivisionError" in qt.complaints[0]


@pytest.mark.parametrize(
    ("kind", "signature"),
    [
        ("QPushButton", "clickd(bool)"),
        ("QPushButton", "clicked(int)"),
        ("QPushButton", "clicked"),
        ("QComboBox", "currentIndexChanged(QString)"),
        ("QComboBox", "activated(QString)"),
        ("QSpinBox", "valueChanged(QString)"),
        ("QButtonGroup", "buttonClicked(int)"),
        ("QProcess", "error(QProcess::ProcessError)"),
        ("QCheckBox", "checkStateChanged(Qt::CheckState)"),
    ],
)
def test_a_signal_that_is_misspelt_or_not_in_both_qts_connects_nothing_and_is_a_complaint(qt, kind, signature):
    assert getattr(qt, kind)().connect(signature, lambda: None) is False
    assert qt.complaints == [f"{kind} has no signal {signature}; see its class for the signature"]


def test_spaces_in_a_signature_do_not_matter(qt):
    box, listener = qt.QComboBox(), Listener()
    assert box.connect("currentIndexChanged( int )", listener.one)
    box.addItem("kidney")
    assert listener.got == [(0,)]


def test_what_cannot_be_called_is_not_connected(qt):
    assert qt.QPushButton().connect("clicked()", Listener().none()) is False
    assert qt.complaints == ["QPushButton.clicked() was connected to None, which cannot be called"]


def test_signals_are_attributes_too(qt):
    button, listener = qt.QPushButton(), Listener()
    button.clicked.connect(listener.one)
    button.clicked.emit(True)
    button.clicked(False)
    assert listener.got == [(True,), (False,)]


def test_a_signal_is_sent_with_as_many_arguments_as_a_form_of_it_has(qt):
    button, listener = qt.QPushButton(), Listener()
    button.connect("clicked(bool)", listener.all)
    with pytest.raises(ValueError, match="clicked has no form with 2 arguments"):
        button.clicked.emit(True, True)
    assert listener.got == []


@pytest.mark.parametrize(("kind", "name"), [("QComboBox", "currentIndexChanged"), ("QSpinBox", "valueChanged")])
def test_an_attribute_that_is_several_signals_in_qt_5_connects_nothing_and_is_a_complaint(qt, kind, name):
    assert getattr(getattr(qt, kind)(), name).connect(lambda value: None) is False
    assert qt.complaints == [f"{kind}.{name} is several signals in Qt 5; connect by signature"]


def test_a_bound_method_is_disconnected_by_an_equal_one(qt):
    button, listener = qt.QPushButton(), Listener()
    button.connect("clicked(bool)", listener.one)
    assert button.disconnect("clicked(bool)", listener.one) is True
    assert button.disconnect("clicked(bool)", listener.one) is False
    button.click()
    assert listener.got == []


def test_a_function_of_another_object_is_connected_and_disconnected(qt):
    button, field = qt.QPushButton(), qt.QLineEdit("run 3")
    button.connect("clicked()", field.clear)
    button.click()
    assert field.text == ""
    field.text = "run 4"
    assert button.disconnect("clicked()", field.clear)
    button.click()
    assert field.text == "run 4"
    assert button.connect("clicked()", field, "clear()")
    button.click()
    assert field.text == ""


def test_connections_end_with_their_object(qt):
    for _ in range(50):  # the place of a deleted object is given to a new one
        button, listener = qt.QPushButton(), Listener()
        button.connect("clicked()", listener.none)
        button.delete()
        button = qt.QPushButton()
        assert button.disconnect("clicked()") is False
        button.delete()


def test_what_one_test_left_running_is_not_heard_in_the_next(tmp_path):
    with pythonqt.started(tmp_path) as qt:
        timer, button, listener = qt.QTimer(), qt.QPushButton(), Listener()
        timer.connect("timeout()", listener.none)
        timer.start(0)
        button.connect("clicked()", listener.none)
        qt.QTimer.singleShot(0, listener.none)
    with pythonqt.started(tmp_path) as qt:
        button.click()
        qt.QApplication.processEvents()
        assert listener.got == []
        timer.stop()


def test_a_stand_in_names_signals_that_carry_what_qt_does_not_know(qt):
    class Selector(qt.QWidget):
        currentNodeChanged = pythonqt.Signal(object)
        qtSignatures: ClassVar = {"currentNodeChanged(vtkMRMLNode*)": "currentNodeChanged(PyObject)"}

    selector, listener, node = Selector(), Listener(), object()
    assert selector.connect("currentNodeChanged(vtkMRMLNode*)", listener.one)
    selector.currentNodeChanged.emit(node)
    assert listener.got == [(node,)]
    assert selector.connect("currentNodeChanged(QObject*)", listener.one) is False
