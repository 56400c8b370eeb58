"""Marks that find a node again where its id may have changed: a scene that was saved, closed, and opened in another.

A node's id is good within a session. What is saved with the scene (the rows of the cases, the CT of a running
segmentation) holds marks instead: an attribute of the node, which is saved with it and, being no reference, keeps
nothing alive.
"""

import uuid

MARK = "HLFDSegmentation.mark"


def markOf(node) -> str:
    """The mark of a node; it gets one if it has none, or if it is a copy and so has that of another."""
    mark = node.GetAttribute(MARK)
    if not mark or nodeOf(node.GetScene(), mark) is not node:
        mark = uuid.uuid4().hex
        node.SetAttribute(MARK, mark)
    return mark


def nodeOf(scene, mark: str):
    """The node with a mark; None if it was deleted or is of another scene."""
    if not mark or scene is None:
        return None
    for index in range(scene.GetNumberOfNodes()):
        node = scene.GetNthNode(index)
        if node.GetAttribute(MARK) == mark:
            return node
    return None
