"""Slicer's core IO manager: what `slicer.util.loadVolume` and its like ask of it, on real storage nodes."""

from pathlib import Path

import slicer

SEGMENTATION, VOLUME, SCENE = "SegmentationFile", "VolumeFile", "SceneFile"


class CoreIOManager:
    """Reads and writes volumes, segmentations and scenes; Slicer knows more kinds."""

    def fileType(self, fileName) -> str:
        name = str(fileName).lower()
        if name.endswith((".mrb", ".mrml")):
            return SCENE
        return SEGMENTATION if name.endswith(".seg.nrrd") else VOLUME

    def fileWriterFileType(self, node) -> str:
        return SEGMENTATION if node.IsA("vtkMRMLSegmentationNode") else VOLUME

    def loadNodes(self, fileType, properties, loaded=None, messages=None) -> bool:
        """Load one file into the scene; False if it could not be read."""
        path = Path(str(properties["fileName"]))
        if not path.is_file():
            return False
        if fileType == SCENE:
            return _readScene(path, bool(properties.get("clear", False)))
        name = properties.get("name") or path.name.split(".")[0]
        node = {VOLUME: _readVolume, SEGMENTATION: _readSegmentation}[fileType](path, name, properties)
        if node is not None and loaded is not None:
            loaded.AddItem(node)
        return node is not None

    def saveNodes(self, fileType, properties, messages=None) -> bool:
        """Save the scene, or the node of properties["nodeID"]."""
        path = str(properties["fileName"])
        if fileType == SCENE:
            return _saveScene(path)
        node = slicer.mrmlScene.GetNodeByID(properties["nodeID"])
        if node.GetStorageNode() is None:
            node.AddDefaultStorageNode()
        node.GetStorageNode().SetFileName(path)
        return bool(node.GetStorageNode().WriteData(node))

    def exportNodes(self, nodeIds, fileNames, properties, hardenTransforms, messages=None) -> bool:
        """Write nodes to files and leave their storage nodes as they were."""
        written = []
        for nodeId, fileName in zip(nodeIds, fileNames, strict=True):
            node = slicer.mrmlScene.GetNodeByID(nodeId)
            storage = node.CreateDefaultStorageNode()
            storage.UnRegister(None)
            storage.SetFileName(str(fileName))
            written.append(bool(storage.WriteData(node)))
        return all(written)


def _readScene(path: Path, isCleared: bool) -> bool:
    scene = slicer.mrmlScene
    if path.name.lower().endswith(".mrb"):
        return bool(scene.ReadFromMRB(str(path), isCleared))
    scene.SetURL(str(path))
    return bool(scene.Connect() if isCleared else scene.Import())


def _saveScene(path: str) -> bool:
    if path.lower().endswith(".mrb"):
        return bool(slicer.mrmlScene.WriteToMRB(path, None))
    slicer.mrmlScene.SetURL(path)
    return bool(slicer.mrmlScene.Commit())


def _readVolume(path: Path, name: str, properties):
    """As Slicer's reader: the volume is shown in the slice views unless `show` says no."""
    options = 1 if properties.get("labelmap") else 0
    node = slicer.modules.volumes.logic().AddArchetypeVolume(str(path), name, options)
    if node is not None and properties.get("show", True):
        selection = slicer.app.applicationLogic().GetSelectionNode()
        selection.SetReferenceActiveVolumeID(node.GetID())
        slicer.app.applicationLogic().PropagateVolumeSelection(1)
    return node


def _readSegmentation(path: Path, name: str, properties):
    node = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", slicer.mrmlScene.GenerateUniqueName(name))
    node.AddDefaultStorageNode()
    node.GetStorageNode().SetFileName(str(path))
    if not node.GetStorageNode().ReadData(node):
        slicer.mrmlScene.RemoveNode(node)
        return None
    node.CreateDefaultDisplayNodes()
    return node
