"""Slicer's `slicer.parameterNodeWrapper`, as much as the module uses: typed attributes over a parameter node.

A class of annotations becomes a view of a vtkMRMLScriptedModuleNode. Values are stored as Slicer stores them, so that a
scene saved here opens there. Stricter than Slicer in one thing: an attribute that was not declared is refused.
"""

from .annotations import Default
from .connectors import Decimals, SingleStep
from .validators import Choice, Exclude, Maximum, Minimum, WithinRange
from .wrapper import SLICER_PARAMETER_NAME, isParameterNodeWrapper, parameterNodeWrapper

SlicerParameterNamePropertyName = SLICER_PARAMETER_NAME

__all__ = [
    "Choice",
    "Decimals",
    "Default",
    "Exclude",
    "Maximum",
    "Minimum",
    "SingleStep",
    "SlicerParameterNamePropertyName",
    "WithinRange",
    "isParameterNodeWrapper",
    "parameterNodeWrapper",
]
