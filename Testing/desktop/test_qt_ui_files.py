"""A .ui file is loaded with the widgets of CTK and its connections; what Slicer would pass over is a complaint."""

import pytest

from Testing.desktop import pythonqt

UI = """<?xml version="1.0" encoding="UTF-8"?>
<ui version="4.0">
 <class>Panel</class>
 <widget class="QWidget" name="Panel">
  <layout class="QVBoxLayout" name="layout">
   <item>
    <widget class="ctkCollapsibleButton" name="advanced">
     <property name="text"><string>Advanced</string></property>
     <property name="collapsed"><bool>true</bool></property>
    </widget>
   </item>
   <item>
    <widget class="ctkPathLineEdit" name="store">
     <property name="filters"><set>ctkPathLineEdit::Dirs|ctkPathLineEdit::Readable</set></property>
    </widget>
   </item>
   <item>
    <widget class="QCheckBox" name="more">
     <property name="SlicerParameterName" stdset="0"><string>more</string></property>
     %(property)s
    </widget>
   </item>
   %(item)s
  </layout>
 </widget>
 <customwidgets>
  <customwidget><class>ctkCollapsibleButton</class><extends>QWidget</extends><container>1</container></customwidget>
  <customwidget><class>ctkPathLineEdit</class><extends>QWidget</extends></customwidget>
 </customwidgets>
 <connections>
  <connection>
   <sender>more</sender><signal>%(signal)s</signal><receiver>store</receiver><slot>setEnabled(bool)</slot>
  </connection>
 </connections>
</ui>
"""


@pytest.fixture
def qt(tmp_path):
    with pythonqt.started(tmp_path) as module:
        yield module


@pytest.fixture
def load(qt, tmp_path):
    def load(item="", prop="", signal="toggled(bool)"):
        path = tmp_path / "Panel.ui"
        path.write_text(UI % {"item": item, "property": prop, "signal": signal}, encoding="utf-8")
        file = qt.QFile(str(path))
        assert file.open(qt.QFile.ReadOnly)
        return qt.QUiLoader().load(file)

    return load


def test_widgets_properties_and_connections_are_as_the_file_says(qt, load):
    import ctk

    panel = load()
    assert isinstance(panel.advanced, ctk.ctkCollapsibleButton)
    assert panel.advanced.collapsed is True
    assert panel.store.filters == ctk.ctkPathLineEdit.Dirs | ctk.ctkPathLineEdit.Readable
    assert panel.more.SlicerParameterName == "more"
    panel.more.checked = True
    panel.more.checked = False
    assert panel.store.enabled is False
    assert qt.complaints == []


def test_an_unknown_class_is_a_complaint(qt, load):
    load(item='<item><widget class="ctkColapsibleButton" name="x"/></item>')
    assert qt.complaints == ["the .ui file has a widget of the unknown class ctkColapsibleButton"]


def test_a_property_that_the_class_has_not_is_a_complaint(qt, load):
    load(prop='<property name="txet"><string>More</string></property>')
    assert qt.complaints == ["the .ui file sets QCheckBox.txet, which does not exist"]


def test_a_connection_from_an_unknown_signal_is_a_complaint(qt, load):
    load(signal="togled(bool)")
    assert qt.complaints == ["QCheckBox has no signal togled(bool); see its class for the signature"]
