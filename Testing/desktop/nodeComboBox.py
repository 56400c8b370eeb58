"""qMRMLNodeComboBox: choose a node of the scene, or make, rename or delete one."""

from typing import ClassVar

import qt
from PySide6.QtCore import Property, Signal

from .pythonqt import native
from .sceneWatch import SceneWatch


def _flag(name: str):
    def write(box, isOn):
        box._flags[name] = bool(isOn)
        box._rebuild()

    return Property(bool, lambda box: box._flags[name], write)


@native
class qMRMLNodeComboBox(qt.QWidget):
    """Without `noneEnabled` it takes the first node that fits, by itself, as Slicer's does."""

    currentNodeChanged = Signal(object)
    currentNodeIDChanged = Signal(str)
    nodeAdded = Signal(object)
    nodeAddedByUser = Signal(object)
    nodeActivated = Signal(object)
    mrmlSceneChanged = Signal(object)
    qtSignatures: ClassVar = {
        f"{name}(vtkMRMLNode*)": f"{name}(PyObject)"
        for name in ("currentNodeChanged", "nodeAdded", "nodeAddedByUser", "nodeActivated")
    } | {"mrmlSceneChanged(vtkMRMLScene*)": "mrmlSceneChanged(PyObject)"}

    def __init__(self, parent=None):
        super().__init__(parent)
        self._flags = dict.fromkeys(("showHidden", "noneEnabled", "editEnabled", "renameEnabled"), False)
        on = ("addEnabled", "removeEnabled", "showChildNodeTypes", "selectNodeUponCreation")
        self._flags |= dict.fromkeys(on, True)
        self._scene, self._types, self._attributes, self._hiddenTypes = None, [], {}, []
        self._baseName, self._noneDisplay, self._current, self._ids = "", "None", None, []
        self._watch, self._isRebuilding = SceneWatch(), False
        self._box = qt.QComboBox()
        layout = qt.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._box)
        self._box.connect("currentIndexChanged(int)", self._onIndex)
        self._box.connect("activated(int)", lambda _: self.nodeActivated.emit(self.currentNode()))
        self.connect("destroyed()", self._watch.stop)

    showHidden, showChildNodeTypes, noneEnabled = _flag("showHidden"), _flag("showChildNodeTypes"), _flag("noneEnabled")
    addEnabled, removeEnabled, editEnabled = _flag("addEnabled"), _flag("removeEnabled"), _flag("editEnabled")
    renameEnabled, selectNodeUponCreation = _flag("renameEnabled"), _flag("selectNodeUponCreation")

    def setNodeTypes(self, types):
        self._types = list(types)
        self._rebuild()

    nodeTypes = Property("QStringList", lambda self: list(self._types), setNodeTypes)

    def setHideChildNodeTypes(self, types):
        self._hiddenTypes = list(types)
        self._rebuild()

    hideChildNodeTypes = Property("QStringList", lambda self: list(self._hiddenTypes), setHideChildNodeTypes)

    def setBaseName(self, name):
        self._baseName = name

    baseName = Property(str, lambda self: self._baseName, setBaseName)

    def setNoneDisplay(self, text):
        self._noneDisplay = text
        self._rebuild()

    noneDisplay = Property(str, lambda self: self._noneDisplay, setNoneDisplay)

    def addAttribute(self, nodeType, name, value=None):
        """Offer only nodes of this type that have the attribute, with this value if one is given."""
        self._attributes.setdefault(nodeType, {})[name] = value
        self._rebuild()

    def removeAttribute(self, nodeType, name):
        self._attributes.get(nodeType, {}).pop(name, None)
        self._rebuild()

    def mrmlScene(self):
        return self._scene

    def setMRMLScene(self, scene):
        if scene is self._scene:
            return
        self._watch.stop()
        self._scene = scene
        if scene is not None:
            self._watch.start(scene, self._onNode, self._rebuild)
        self.mrmlSceneChanged.emit(scene)
        self._rebuild()

    def nodeCount(self) -> int:
        return sum(1 for nodeId in self._ids if nodeId)

    def nodeFromIndex(self, index: int):
        return self._node([nodeId for nodeId in self._ids if nodeId][index])

    def currentNode(self):
        return self._node(self._current)

    def setCurrentNode(self, node):
        """Choose a node. One that does not fit is not taken: there is none then."""
        self.setCurrentNodeID(node.GetID() if node is not None else "")

    def setCurrentNodeID(self, nodeId):
        nodeId = nodeId if nodeId in self._ids else None
        self._isRebuilding = True
        self._box.setCurrentIndex(self._ids.index(nodeId) if nodeId in self._ids else -1)
        self._isRebuilding = False
        self._take(nodeId)

    currentNodeID = Property(str, lambda self: self._current or "", setCurrentNodeID)

    def setCurrentNodeIndex(self, index: int):
        self.setCurrentNode(self.nodeFromIndex(index))

    def addNode(self, nodeType=None):
        """What the entry "Create new" does."""
        kind = nodeType or self._types[0]
        name = self._baseName or kind.removeprefix("vtkMRML").removesuffix("Node")
        node = self._scene.AddNewNodeByClass(kind, self._scene.GenerateUniqueName(name))
        for attribute, value in self._attributes.get(kind, {}).items():
            node.SetAttribute(attribute, value or "")
        if self._flags["selectNodeUponCreation"]:
            self.setCurrentNode(node)
        self.nodeAddedByUser.emit(node)
        return node

    def removeCurrentNode(self):
        """What the entry "Delete current" does."""
        if self.currentNode() is not None:
            self._scene.RemoveNode(self.currentNode())

    def _node(self, nodeId):
        return self._scene.GetNodeByID(nodeId) if self._scene is not None and nodeId else None

    def _onNode(self, node, isAdded):
        if self._isOfType(node):
            self._rebuild()
            if isAdded and self._accepts(node):
                self.nodeAdded.emit(node)

    def _isOfType(self, node) -> bool:
        isChild = self._flags["showChildNodeTypes"]
        isHidden = any(node.IsA(kind) for kind in self._hiddenTypes)
        return not isHidden and any(node.IsA(kind) if isChild else node.GetClassName() == kind for kind in self._types)

    def _accepts(self, node) -> bool:
        if not self._isOfType(node) or (node.GetHideFromEditors() and not self._flags["showHidden"]):
            return False
        wanted = {}
        for kind, pairs in self._attributes.items():
            wanted |= pairs if node.IsA(kind) else {}
        found = {key: node.GetAttribute(key) for key in wanted}
        return all(found[key] is not None and value in (None, found[key]) for key, value in wanted.items())

    def _rebuild(self):
        nodes = []
        if self._scene is not None and self._types:
            everything = (self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes()))
            nodes = [node for node in everything if self._accepts(node)]
        isNone = self._flags["noneEnabled"]
        self._ids = [None] * isNone + [node.GetID() for node in nodes]
        kept = self._current if self._current in self._ids else self._ids[0] if self._ids else None
        self._isRebuilding = True
        self._box.clear()
        self._box.addItems([self._noneDisplay] * isNone + [node.GetName() or "" for node in nodes])
        self._box.setCurrentIndex(self._ids.index(kept) if self._ids else -1)
        self._isRebuilding = False
        self._watch.follow(nodes, self._showNames)
        self._take(kept)

    def _showNames(self):
        for index, nodeId in enumerate(self._ids):
            if node := self._node(nodeId):
                self._box.setItemText(index, node.GetName() or "")

    def _onIndex(self, index):
        if not self._isRebuilding:
            self._take(self._ids[index] if 0 <= index < len(self._ids) else None)

    def _take(self, nodeId):
        if nodeId != self._current:
            self._current = nodeId
            self.currentNodeChanged.emit(self.currentNode())
            self.currentNodeIDChanged.emit(nodeId or "")
