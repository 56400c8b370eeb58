"""What is saved with the scene: the choices of every panel, and which jobs belong to it.

Rows and choices are kept as JSON in texts, each written and read by the one panel that owns it.
"""

from slicer import vtkMRMLScalarVolumeNode
from slicer.parameterNodeWrapper import parameterNodeWrapper


@parameterNodeWrapper
class HLFDSegmentationParameterNode:
    volume: vtkMRMLScalarVolumeNode
    """The CT that is to be segmented."""
    model: str = ""
    """Name of the model, as the library of models has it."""
    segmentation: str = ""
    """The running segmentation: its job, the mark of its CT, its model."""
    queue: str = ""
    """The CTs of "Several CTs": what is still to be segmented, and with which model."""
    cases: str = ""
    """Rows of the table of cases, what segments mean, and who trains, validates and tests."""
    distil: str = ""
    """Choices for the next distillation."""
    training: str = ""
    """Name of the distillation that is looked at."""
    isResearchOpen: bool = False
    """Whether the sections for researchers are shown."""
