"""What the panels share: the parameter node, the environment, news for one another, and doors from one to another.

A panel knows the bench and no other panel.
"""

import logging

import qt
import slicer

from .Backend.Environment import readEnvironment
from .Models.ModelLibrary import ModelLibrary
from .Words import Refusal
from .Words import tr as _

PARAMETERS, ENVIRONMENT, MODELS, TRAININGS = "parameters", "environment", "models", "trainings"
"""News: another parameter node or none; the environment was made or removed; models came or went; so did trainings."""
CASES = "cases"
"""News: what `Bench.casePlan` gives may be another, since cases were changed or have been checked."""


class Bench:
    """One for each widget of the module.

    `panels` is filled by the widget: name of a section -> panel.
    """

    def __init__(self, resourcePath, showSection):
        self._resourcePath = resourcePath
        self._showSection = showSection
        self._listeners: dict[str, list] = {}
        self.panels: dict = {}
        self.parameters = None
        """`HLFDSegmentationParameterNode` of the scene; None while there is none, as a scene closes."""
        self.models = ModelLibrary()

    def build(self, panelName: str, container):
        """Load `Resources/UI/<panelName>.ui` into a container; gives its widgets by name."""
        widget = slicer.util.loadUI(self._resourcePath(f"UI/{panelName}.ui"))
        widget.setMRMLScene(slicer.mrmlScene)
        container.layout().addWidget(widget)
        return slicer.util.childWidgetVariables(widget)

    def icon(self, name: str):
        """An icon of the module's own, by the name of its file."""
        return qt.QIcon(self._resourcePath(f"Icons/{name}"))

    def listen(self, news: str, callback) -> None:
        """Let `callback()` be called at such news."""
        self._listeners.setdefault(news, []).append(callback)

    def tell(self, news: str) -> None:
        """Tell news to every panel that listens."""
        for callback in list(self._listeners.get(news, [])):
            try:
                callback()
            except Exception:  # what one panel cannot follow, the others still must
                logging.exception("HLFD Segmentation: a panel could not follow the news: %s", news)

    def close(self) -> None:
        """Close every panel; nobody hears news any more."""
        self._listeners.clear()
        for name, panel in self.panels.items():
            try:
                panel.close()
            except Exception:  # the others must be closed all the same
                logging.exception("HLFD Segmentation: the section %s could not be closed", name)
        self.panels, self.parameters = {}, None

    def useParameters(self, parameters) -> None:
        """Take another parameter node, or None."""
        self.parameters = parameters
        self.tell(PARAMETERS)

    def environment(self):
        """The environment that the backend runs in (`Environment`), or None if none is installed."""
        return readEnvironment()

    def requireEnvironment(self):
        """The same.

        Raises:
            Refusal: there is none, or it is broken.
        """
        environment = readEnvironment()
        if environment is None:
            sentence = _("The program that segments and trains is not installed yet; install it under Backend, once.")
            raise Refusal(sentence)
        if fault := environment.fault():
            raise Refusal(fault)
        return environment

    def open(self, section: str) -> None:
        """Show a section: segment, cases, distil, models or backend."""
        self._showSection(section)

    def useModel(self, name: str) -> None:
        """Choose a model of the library for segmenting, and show that."""
        self.panels["segment"].useModel(name)
        self.open("segment")

    def casePlan(self):
        """What the section Cases would train with (`CasePlan`).

        Raises:
            Refusal: there is nothing that could be trained with.
        """
        return self.panels["cases"].plan()
