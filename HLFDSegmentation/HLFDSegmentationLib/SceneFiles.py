"""Files in and out of a scene, through Slicer's own storage nodes."""

from pathlib import Path

import numpy as np
import slicer
import vtk
from vtk.util.numpy_support import vtk_to_numpy

from .Grids import dimensionsOf, ijkToRasOf, reorderedToGrid
from .LabelArrays import wholeNumbers
from .WholeFiles import checkWhole


def loadVolume(scene, path, name: str | None = None):
    """Scalar volume node with the image of a NRRD or NIfTI file.

    Slicer turns a left-handed grid into a right-handed one as it loads, so that the array can be in another
    order than in the file.
    """
    return _load(scene, path, "vtkMRMLScalarVolumeNode", "vtkMRMLVolumeArchetypeStorageNode", name)


def loadSegmentation(scene, path, name: str | None = None):
    """Segmentation node with the segments of a .seg.nrrd file."""
    return _load(scene, path, "vtkMRMLSegmentationNode", "vtkMRMLSegmentationStorageNode", name)


def loadLabelArray(scene, path, volumeNode) -> np.ndarray:
    """Label array (k, j, i) of a label map file, on the grid of the volume.

    A file with the axes in another order is turned, exactly; one on another grid is refused.
    """
    node = loadVolume(scene, path)
    try:
        scalars = node.GetImageData().GetPointData().GetScalars()
        labels_zyx = wholeNumbers(vtk_to_numpy(scalars)).reshape(dimensionsOf(node)[::-1])
        return reorderedToGrid(labels_zyx, ijkToRasOf(node), ijkToRasOf(volumeNode), dimensionsOf(volumeNode))
    except ValueError as error:
        raise ValueError(f"{Path(path).name}: {error}") from error
    finally:
        removeWithHelpers(scene, node)


def saveScene(scene, path) -> None:
    """Save the scene with all its data as one .mrb file, which Slicer opens."""
    if not str(path).endswith(".mrb"):
        raise ValueError(f"{Path(path).name} is no .mrb file name; a scene is saved with its data as .mrb")
    if not scene.WriteToMRB(str(path), None):
        raise OSError(f"the scene could not be saved as {path}")


def loadScene(scene, path) -> None:
    """Replace the scene by that of a .mrb file."""
    if not Path(path).is_file() or not scene.ReadFromMRB(str(path), True):
        raise ValueError(f"{path} could not be read as a .mrb scene")


def removeWithHelpers(scene, node) -> None:
    """Remove a node together with its storage and display nodes and its subject hierarchy item."""
    hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is not None and hierarchy.GetItemByDataNode(node):
        hierarchy.RemoveItem(hierarchy.GetItemByDataNode(node), False, False)
    helpers = [node.GetNthStorageNode(index) for index in range(node.GetNumberOfStorageNodes())]
    helpers += [node.GetNthDisplayNode(index) for index in range(node.GetNumberOfDisplayNodes())]
    for one in (node, *helpers):
        if one is not None:
            scene.RemoveNode(one)


def _load(scene, path, nodeClass: str, storageClass: str, name: str | None):
    path = Path(path)
    if not path.is_file():
        raise ValueError(f"{path} is not a file; give the path of an image")
    checkWhole(path)
    node = scene.AddNewNodeByClass(nodeClass, name or path.name.split(".")[0])
    storage = scene.AddNewNodeByClass(storageClass)
    storage.SetFileName(str(path))
    node.SetAndObserveStorageNodeID(storage.GetID())
    if not _isRead(storage, node):
        removeWithHelpers(scene, node)
        raise ValueError(f"{path.name} could not be read by Slicer; give a whole NRRD or NIfTI file")
    node.CreateDefaultDisplayNodes()
    return node


def _isRead(storage, node) -> bool:
    """Whether the storage node could read its file; VTK's own report of why not is dropped."""
    before = vtk.vtkObject.GetGlobalWarningDisplay()
    vtk.vtkObject.SetGlobalWarningDisplay(False)
    try:
        return bool(storage.ReadData(node))
    finally:
        vtk.vtkObject.SetGlobalWarningDisplay(before)
