"""Parameter nodes: what is stored, how, and what is refused."""

import enum
from typing import Annotated

import pytest


class Pace(enum.Enum):
    SLOW = "slow"
    FAST = "fast"


@pytest.fixture
def kinds(desktop):
    """A class with a parameter of every kind that can be stored."""
    from slicer import vtkMRMLScalarVolumeNode
    from slicer.parameterNodeWrapper import Choice, Default, WithinRange, parameterNodeWrapper

    @parameterNodeWrapper
    class Kinds:
        volume: vtkMRMLScalarVolumeNode
        name: str = "a kidney"
        epochs: Annotated[int, WithinRange(1, 9)] = 3
        share: float = 0.5
        isOpen: bool = True
        pace: Pace = Pace.FAST
        organ: Annotated[str, Choice(["kidney", "liver"]), Default("liver")]
        rows: list[str]

    return Kinds


@pytest.fixture
def node(desktop):
    import slicer

    node = slicer.vtkMRMLScriptedModuleNode()
    node.SetSingletonTag("Kinds")
    return desktop.scene.AddNode(node)


@pytest.fixture
def parameters(kinds, node):
    return kinds(node)


def values(parameters):
    names = ("name", "epochs", "share", "isOpen", "pace", "organ")
    return {name: getattr(parameters, name) for name in names} | {"rows": list(parameters.rows)}


DEFAULTS = {
    "name": "a kidney",
    "epochs": 3,
    "share": 0.5,
    "isOpen": True,
    "pace": Pace.FAST,
    "organ": "liver",
    "rows": [],
}
CHANGED = {
    "name": "größer\n2",
    "epochs": 9,
    "share": 0.125,
    "isOpen": False,
    "pace": Pace.SLOW,
    "organ": "kidney",
    "rows": ["a", "", "c, d"],
}


def change(parameters, desktop):
    for name, value in CHANGED.items():
        setattr(parameters, name, value)
    parameters.volume = desktop.scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "CT")


def test_a_new_node_holds_the_defaults(parameters, node):
    assert values(parameters) == DEFAULTS and parameters.volume is None
    assert node.GetParameter("epochs") == "3"


def test_another_wrapper_of_the_node_reads_what_one_wrote(kinds, parameters, node, desktop):
    change(parameters, desktop)
    assert values(kinds(node)) == CHANGED
    assert kinds(node).volume.GetName() == "CT"


def test_values_stand_in_the_node_as_slicer_writes_them(parameters, node, desktop):
    change(parameters, desktop)
    stored = {name: node.GetParameter(name) for name in node.GetParameterNames()}
    assert stored == {
        "volume": "", "name": "größer\n2", "epochs": "9", "share": "0.125", "isOpen": "False", "pace": "SLOW",
        "organ": "kidney", "rows_len": "3", "rows_0": "a", "rows_1": "", "rows_2": "c, d",
    }  # fmt: skip
    assert node.GetNodeReferenceID("volume") == parameters.volume.GetID()


def test_a_saved_scene_brings_every_value_back(kinds, parameters, desktop, tmp_path):
    import slicer

    change(parameters, desktop)
    assert slicer.util.saveScene(str(tmp_path / "scene.mrb"))
    slicer.mrmlScene.Clear(0)
    slicer.util.loadScene(str(tmp_path / "scene.mrb"))
    again = kinds(slicer.mrmlScene.GetSingletonNode("Kinds", "vtkMRMLScriptedModuleNode"))
    assert values(again) == CHANGED and again.volume.GetName() == "CT"


def test_a_closed_scene_empties_the_node_and_a_new_wrapper_fills_it_with_defaults(kinds, parameters, node, desktop):
    import slicer

    change(parameters, desktop)
    slicer.mrmlScene.Clear(0)
    assert slicer.mrmlScene.GetSingletonNode("Kinds", "vtkMRMLScriptedModuleNode") is node
    assert values(kinds(node)) == DEFAULTS and kinds(node).volume is None


def test_a_node_that_was_deleted_is_none(parameters, desktop):
    change(parameters, desktop)
    desktop.scene.RemoveNode(parameters.volume)
    assert parameters.volume is None


def test_a_list_that_grows_or_shrinks_is_stored_at_once(kinds, parameters, node):
    parameters.rows = ["a", "b"]
    parameters.rows.append("c")
    del parameters.rows[0]
    assert kinds(node).rows == ["b", "c"]
    assert not node.HasParameter("rows_2")


def test_a_misspelt_attribute_is_refused(parameters):
    with pytest.raises(AttributeError, match="no parameter epoch;"):
        parameters.epoch = 4


@pytest.mark.parametrize(
    ("name", "value"),
    [("name", None), ("epochs", "3"), ("epochs", True), ("epochs", 2.0), ("share", "0.5"), ("isOpen", 1),
     ("pace", "SLOW"), ("rows", [1]), ("rows", "abc"), ("volume", "vtkMRMLScalarVolumeNode1")],
)  # fmt: skip
def test_a_value_of_another_type_is_refused_and_the_old_one_stays(parameters, name, value):
    before = getattr(parameters, name)
    with pytest.raises(TypeError, match=f"^{name}: "):
        setattr(parameters, name, value)
    assert getattr(parameters, name) == before


@pytest.mark.parametrize(("name", "value"), [("epochs", 10), ("epochs", 0), ("organ", "spleen")])
def test_a_value_that_a_validator_refuses_is_not_stored(parameters, node, name, value):
    before = node.GetParameter(name)
    with pytest.raises(ValueError, match=f"^{name}: "):
        setattr(parameters, name, value)
    assert node.GetParameter(name) == before


def test_a_node_of_another_class_is_refused(parameters, desktop):
    with pytest.raises(TypeError, match="vtkMRMLScalarVolumeNode is needed"):
        parameters.volume = desktop.scene.AddNewNodeByClass("vtkMRMLTextNode")


@pytest.mark.parametrize("annotation", [str | None, dict, list, object])
def test_a_type_that_slicer_cannot_store_is_refused_as_the_class_is_made(desktop, annotation):
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    with pytest.raises(TypeError, match="a parameter node cannot hold"):
        parameterNodeWrapper(type("Wrong", (), {"__annotations__": {"value": annotation}}))


def test_a_name_that_the_wrapper_needs_is_refused(desktop):
    from slicer.parameterNodeWrapper import parameterNodeWrapper

    with pytest.raises(ValueError, match=r"Wrong\.Modified"):
        parameterNodeWrapper(type("Wrong", (), {"__annotations__": {"Modified": str}}))


@pytest.fixture
def aWidget(desktop):
    """Makes a widget that names a parameter, as a .ui file does; all of them go at the end."""
    made = []

    def make(kind, parameter):
        widget = kind()
        widget.setProperty("SlicerParameterName", parameter)
        made.append(widget)
        return widget

    yield make
    for widget in made:
        widget.delete()


def test_widgets_show_their_parameters_and_change_them(parameters, aWidget):
    from types import SimpleNamespace

    import qt

    name, epochs, pace, isOpen = gui = (
        aWidget(qt.QLineEdit, "name"), aWidget(qt.QSpinBox, "epochs"),
        aWidget(qt.QComboBox, "pace"), aWidget(qt.QCheckBox, "isOpen"),
    )  # fmt: skip
    tag = parameters.connectGui(SimpleNamespace(**{widget.className(): widget for widget in gui}))
    assert (name.text, epochs.value, pace.currentText, isOpen.checked) == ("a kidney", 3, "FAST", True)
    assert (epochs.minimum, epochs.maximum) == (1, 9)
    name.text, epochs.value, pace.currentIndex, isOpen.checked = "a liver", 4, 0, False
    assert (parameters.name, parameters.epochs, parameters.pace, parameters.isOpen) == ("a liver", 4, Pace.SLOW, False)
    parameters.name = "a spleen"
    assert name.text == "a spleen"
    parameters.disconnectGui(tag)
    name.text = "no kidney"
    assert parameters.name == "a spleen"


def test_a_widget_that_slicer_has_no_connector_for_is_refused(parameters, aWidget):
    import qt

    text = aWidget(qt.QPlainTextEdit, "name")
    with pytest.raises(TypeError, match="Slicer cannot tie QPlainTextEdit"):
        parameters.connectParametersToGui({"name": text})
    with pytest.raises(ValueError, match="no parameter nmae"):
        parameters.connectParametersToGui({"nmae": text})


def test_a_wrapper_that_is_forgotten_observes_its_node_no_more(kinds, node):
    import weakref

    gone = weakref.ref(kinds(node))
    node.SetParameter("epochs", "7")
    assert gone() is None and kinds(node).epochs == 7
