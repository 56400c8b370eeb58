"""The MRML scene of Slicer without the Slicer application, from the PyPI package slicer-core."""

import tempfile
from contextlib import contextmanager

import slicer
import vtk

MODULE_LOGICS = {
    "Units": "vtkSlicerUnitsLogic",
    "Volumes": "vtkSlicerVolumesLogic",
    "Segmentations": "vtkSlicerSegmentationsModuleLogic",
    "SubjectHierarchy": "vtkSlicerSubjectHierarchyModuleLogic",
}


@contextmanager
def headlessScene():
    """A new scene with application logic, colours, module logics and displayable manager factories.

    While it lasts it is slicer.mrmlScene, which slicer.util works on. It is cleared at the end.
    """
    if hasattr(slicer, "app"):
        raise RuntimeError("this Python runs inside Slicer, which has a scene already; use slicer.mrmlScene")
    before = getattr(slicer, "mrmlScene", None)
    factories = displayableManagerFactories()
    applicationsBefore = [factory.GetMRMLApplicationLogic() for factory in factories]
    with tempfile.TemporaryDirectory(prefix="hlfd-scene-") as cacheFolder:
        scene, application = _newSceneAndApplication(cacheFolder)
        logics = _addModuleLogics(scene, application)
        _useApplications(factories, [application] * len(factories))
        slicer.mrmlScene = scene
        try:
            yield scene
        finally:
            scene.Clear(True)
            logics.clear()
            _useApplications(factories, applicationsBefore)
            _restoreScene(before)


def displayableManagerFactories() -> tuple:
    """The factories of the managers that draw slice views and 3D views."""
    return (
        slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance(),
        slicer.vtkMRMLThreeDViewDisplayableManagerFactory.GetInstance(),
    )


def _newSceneAndApplication(cacheFolder: str):
    scene = slicer.vtkMRMLScene()
    _setCache(scene, cacheFolder)
    crosshair = slicer.vtkMRMLCrosshairNode()
    crosshair.SetCrosshairName("default")
    scene.AddNode(crosshair)
    application = slicer.vtkSlicerApplicationLogic()
    application.SetMRMLScene(scene)
    application.GetColorLogic().SetMRMLScene(scene)
    application.GetColorLogic().AddDefaultColorNodes()
    application.SetSliceLogics(vtk.vtkCollection())
    application.SetViewLogics(vtk.vtkCollection())
    slicer.vtkMRMLSliceNode.AddDefaultSliceOrientationPresets(scene, True)
    return scene, application


def _addModuleLogics(scene, application) -> list:
    logics = []
    for name, className in MODULE_LOGICS.items():
        logic = getattr(slicer, className)()
        logic.SetMRMLApplicationLogic(application)
        logic.SetMRMLScene(scene)
        application.SetModuleLogic(name, logic)
        logics.append(logic)
    return logics


def _setCache(scene, cacheFolder: str) -> None:
    """Where the scene unpacks .mrb files; without it, reading one fails."""
    cache, transfers = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
    cache.SetRemoteCacheDirectory(cacheFolder)
    transfers.SetCacheManager(cache)
    scene.SetCacheManager(cache)
    scene.SetDataIOManager(transfers)


def _useApplications(factories, applications) -> None:
    for factory, application in zip(factories, applications, strict=True):
        factory.SetMRMLApplicationLogic(application)


def _restoreScene(before) -> None:
    if before is None:
        del slicer.mrmlScene
    else:
        slicer.mrmlScene = before
