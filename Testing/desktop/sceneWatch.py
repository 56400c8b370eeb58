"""Observers of a scene and of nodes in it, which go with the widget that they serve."""

import vtk


class SceneWatch:
    """It outlives its widget, so as to remove the observers when that has gone."""

    def __init__(self):
        self._tags, self._followed = [], []

    def start(self, scene, onNode, onBatch) -> None:
        """Call `onNode(node, isAdded)` as nodes come and go, `onBatch()` after a close or an import."""
        self._tags = [
            (scene, scene.AddObserver(scene.NodeAddedEvent, _told(onNode, True))),
            (scene, scene.AddObserver(scene.NodeRemovedEvent, _told(onNode, False))),
        ]
        for event in (scene.EndCloseEvent, scene.EndImportEvent):
            self._tags.append((scene, scene.AddObserver(event, lambda *_: onBatch())))

    def follow(self, nodes, onModified) -> None:
        """Call `onModified()` when one of these nodes changes; those of before are followed no more."""
        _remove(self._followed)
        event = vtk.vtkCommand.ModifiedEvent
        self._followed = [(node, node.AddObserver(event, lambda *_: onModified())) for node in nodes]

    def stop(self) -> None:
        """Watch nothing more."""
        _remove(self._tags)
        _remove(self._followed)
        self._tags, self._followed = [], []


def _told(onNode, isAdded: bool):
    # VTK tells a callback the name of an event, and Slicer's own events have none.
    @vtk.calldata_type(vtk.VTK_OBJECT)
    def onEvent(scene, event, node):
        onNode(node, isAdded)

    return onEvent


def _remove(observers) -> None:
    for watched, tag in observers:
        watched.RemoveObserver(tag)
