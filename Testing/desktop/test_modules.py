"""How a scripted module is loaded, entered, left, reloaded and unloaded, and what it may not do."""

import sys

import pytest

SOURCE = """
import slicer
from slicer.ScriptedLoadableModule import *

told = slicer.app.told

class Small(ScriptedLoadableModule):
    def __init__(self, parent):
        ScriptedLoadableModule.__init__(self, parent)
        told.append("made")
        self.parent.title = "Small module"
        self.parent.categories = ["Segmentation"]
        self.parent.contributors = ["Somebody"]
        slicer.app.connect("startupCompleted()", lambda: told.append("startup completed"))

class SmallWidget(ScriptedLoadableModuleWidget):
    def setup(self):
        ScriptedLoadableModuleWidget.setup(self)
        told.append("set up")
        self.logic = SmallLogic()
        widget = slicer.util.loadUI(self.resourcePath("UI/Small.ui"))
        widget.setMRMLScene(slicer.mrmlScene)
        self.layout.addWidget(widget)
        self.ui = slicer.util.childWidgetVariables(widget)
    def enter(self):
        told.append("entered")
    def exit(self):
        told.append("left")
    def cleanup(self):
        told.append("cleaned up")

class SmallLogic(ScriptedLoadableModuleLogic):
    pass

class SmallTest(ScriptedLoadableModuleTest):
    def runTest(self):
        told.append("tested")
"""
WIDGETS = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0"><class>Small</class><widget class="qMRMLWidget" name="Small">
 <layout class="QVBoxLayout" name="all">
  <item><widget class="qMRMLNodeComboBox" name="ctSelector">
   <property name="nodeTypes"><stringlist><string>vtkMRMLScalarVolumeNode</string></stringlist></property>
   <property name="noneEnabled"><bool>true</bool></property></widget></item>
  <item><widget class="QPushButton" name="goButton"><property name="text"><string>Go</string></property></widget></item>
 </layout></widget>
 <customwidgets><customwidget><class>qMRMLWidget</class><extends>QWidget</extends><container>1</container></customwidget>
 <customwidget><class>qMRMLNodeComboBox</class><extends>QWidget</extends></customwidget></customwidgets>
 <connections><connection><sender>Small</sender><signal>mrmlSceneChanged(vtkMRMLScene*)</signal>
  <receiver>ctSelector</receiver><slot>setMRMLScene(vtkMRMLScene*)</slot></connection></connections></ui>
"""


@pytest.fixture
def source(desktop, tmp_path):
    """The file of a small module."""
    import slicer

    slicer.app._told = []
    (tmp_path / "Resources" / "UI").mkdir(parents=True)
    (tmp_path / "Resources" / "UI" / "Small.ui").write_text(WIDGETS, encoding="utf-8")
    file = tmp_path / "Small.py"
    file.write_text(SOURCE.replace("app.told", "app._told"), encoding="utf-8")
    return file


@pytest.fixture
def told(source):
    import slicer

    return slicer.app._told


def test_a_module_is_made_then_startup_completes_then_its_widget_is_set_up_and_entered(desktop, source, told):
    desktop.loadModule(source)
    assert told == ["made", "startup completed", "set up", "entered"]


def test_a_module_that_is_left_and_chosen_again_is_set_up_once(desktop, source, told):
    widget = desktop.loadModule(source)
    desktop.leaveModule()
    assert desktop.openModule("Small") is widget
    assert told[3:] == ["entered", "left", "entered"]


def test_the_widgets_of_the_ui_file_are_there_by_name_and_follow_the_scene(desktop, source):
    import slicer

    widget = desktop.loadModule(source)
    assert widget.ui.goButton.text == "Go" and widget.ui.goButton.isVisible()
    assert widget.ui.ctSelector.mrmlScene() is slicer.mrmlScene
    assert widget.ui.ctSelector.currentNode() is None


def test_slicer_util_finds_the_module_its_widget_its_logic_and_its_path(desktop, source):
    import slicer

    widget = desktop.loadModule(source)
    assert slicer.util.getModule("Small").title == "Small module"
    assert slicer.util.getModuleWidget("Small") is widget is slicer.modules.SmallWidget
    assert slicer.util.getModuleLogic("Small") is widget.logic
    assert slicer.util.modulePath("Small") == str(source)
    assert "Small" in slicer.util.moduleNames() and slicer.util.selectedModule() == "Small"


def test_reload_runs_changed_source_cleans_up_the_old_widget_and_enters_the_new(desktop, source, told):
    old = desktop.loadModule(source)
    source.write_text(source.read_text(encoding="utf-8").replace('"set up"', '"set up anew"'), encoding="utf-8")
    new = desktop.reloadModule("Small")
    assert new is not old and type(new) is not type(old)
    assert told[4:] == ["cleaned up", "set up anew", "entered"]


def test_at_the_end_a_module_is_left_then_cleans_up_once(desktop, source, told):
    desktop.loadModule(source)
    desktop.unloadModules()
    desktop.close()
    assert told[4:] == ["left", "cleaned up"]
    assert "Small" not in sys.modules


def test_the_modules_own_test_runs_as_slicer_runs_it(desktop, source, told):
    import slicer

    desktop.loadModule(source)
    slicer.selfTests["Small"]()
    assert told[-1] == "tested"


@pytest.mark.parametrize(("wrong", "refusal"), [
    ("self.parent.titel = 'x'", "a module has no titel"),
    ("self.parent.categories = 'Segmentation'", "categories is 'Segmentation'; Slicer needs list"),
])  # fmt: skip
def test_a_module_can_tell_only_what_slicer_asks(desktop, source, wrong, refusal):
    text = source.read_text(encoding="utf-8").replace('self.parent.title = "Small module"', wrong)
    source.write_text(text, encoding="utf-8")
    with pytest.raises((AttributeError, TypeError), match=refusal):
        desktop.loadModule(source)


def test_the_parameter_node_is_one_for_the_scene_and_is_found_again_after_a_close(desktop, source):
    import slicer

    logic = desktop.loadModule(source).logic
    node = logic.getParameterNode()
    assert logic.getParameterNode() is node and node.GetAttribute("ModuleName") == "Small"
    slicer.mrmlScene.Clear(0)
    again = logic.getParameterNode()
    assert again.GetAttribute("ModuleName") == "Small" and logic.getAllParameterNodes() == [again]


def test_the_modules_help_stands_over_it_in_a_closed_section(desktop, source):
    import ctk

    desktop.loadModule(source)
    section = desktop.window.moduleSelector().findChild(ctk.ctkCollapsibleButton)
    assert section.text == "Help & Acknowledgement" and section.collapsed
