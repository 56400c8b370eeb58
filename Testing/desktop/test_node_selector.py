"""The selector of nodes: what it offers, what it takes by itself, and what it tells."""

import pytest

VOLUME = "vtkMRMLScalarVolumeNode"


@pytest.fixture
def aSelector(desktop):
    """Makes a selector of volumes in the scene; those that are left over go at the end."""
    import slicer

    made = []

    def make(**properties):
        selector = slicer.qMRMLNodeComboBox()
        selector.nodeTypes = [VOLUME]
        for name, value in properties.items():
            setattr(selector, name, value)
        selector.setMRMLScene(slicer.mrmlScene)
        made.append(selector)
        return selector

    yield make
    for selector in made:
        selector.delete()


@pytest.fixture
def aNode(desktop):
    import slicer

    return lambda name="CT", kind=VOLUME: slicer.mrmlScene.AddNewNodeByClass(kind, name)


def offered(selector):
    return [selector.nodeFromIndex(index).GetName() for index in range(selector.nodeCount())]


def test_the_first_node_is_taken_unless_none_is_allowed(aSelector, aNode):
    node = aNode()
    assert aSelector().currentNode() is node
    assert aSelector(noneEnabled=True).currentNode() is None


def test_only_nodes_of_its_types_are_offered_children_of_the_type_if_wanted(aSelector, aNode):
    aNode("CT")
    aNode("labels", "vtkMRMLLabelMapVolumeNode")
    aNode("note", "vtkMRMLTextNode")
    assert offered(aSelector()) == ["CT", "labels"]
    assert offered(aSelector(showChildNodeTypes=False)) == ["CT"]
    assert offered(aSelector(hideChildNodeTypes=["vtkMRMLLabelMapVolumeNode"])) == ["CT"]


def test_nodes_that_are_hidden_or_lack_the_attribute_are_not_offered(aSelector, aNode):
    aNode("hidden").SetHideFromEditors(True)
    aNode("marked").SetAttribute("organ", "kidney")
    selector = aSelector()
    selector.addAttribute(VOLUME, "organ", "kidney")
    assert offered(selector) == ["marked"]


def test_each_change_is_told_once_with_the_node(aSelector, aNode):
    selector, told = aSelector(noneEnabled=True), []
    selector.connect("currentNodeChanged(vtkMRMLNode*)", told.append)
    selector.connect("currentNodeIDChanged(QString)", told.append)
    node = aNode()
    selector.setCurrentNode(node)
    selector.setCurrentNode(node)
    assert told == [node, node.GetID()]


def test_a_node_that_goes_is_current_no_more(aSelector, aNode):
    import slicer

    node, selector = aNode(), aSelector(noneEnabled=True)
    selector.setCurrentNode(node)
    slicer.mrmlScene.RemoveNode(node)
    assert selector.currentNode() is None and selector.currentNodeID == ""


def test_a_scene_that_is_closed_empties_it(aSelector, aNode):
    import slicer

    aNode()
    selector = aSelector()
    slicer.mrmlScene.Clear(0)
    assert selector.currentNode() is None and selector.nodeCount() == 0


def test_a_new_name_of_a_node_is_shown(aSelector, aNode):
    import qt

    node, selector = aNode("CT"), aSelector()
    node.SetName("CT of May")
    assert selector.findChild(qt.QComboBox).currentText == "CT of May"


def test_a_node_of_another_type_is_not_taken(aSelector, aNode):
    selector = aSelector(noneEnabled=True)
    selector.setCurrentNode(aNode("note", "vtkMRMLTextNode"))
    assert selector.currentNode() is None


def test_a_selector_that_was_deleted_hears_nothing_more(aNode, desktop, capsys):
    import qt
    import slicer

    selector = slicer.qMRMLNodeComboBox()
    selector.nodeTypes = [VOLUME]
    selector.setMRMLScene(slicer.mrmlScene)
    aNode().SetName("before")
    selector.delete()
    aNode().SetName("after")
    assert not qt.complaints and "Error" not in capsys.readouterr().err


def test_a_misspelt_property_or_signal_is_refused(aSelector):
    import qt

    selector = aSelector()
    with pytest.raises(AttributeError):
        selector.noneEnable = True
    assert not selector.connect("currentNodeChanged(vtkMRMLVolumeNode*)", print)
    assert "currentNodeChanged(vtkMRMLVolumeNode*)" in qt.complaints[0]
