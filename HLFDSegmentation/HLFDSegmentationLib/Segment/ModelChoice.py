"""The choice of a model, with what it was made for."""

from ..Words import Refusal
from ..Words import tr as _


class ModelChoice:
    """A QComboBox of the library's models, kept in the scene's parameters; calls `whenChanged()`."""

    def __init__(self, bench, selector, madeForLabel, whenChanged):
        self._bench, self._selector, self._label, self._whenChanged = bench, selector, madeForLabel, whenChanged
        self._names, self._model, self._fault = [], None, ""
        selector.connect("currentIndexChanged(int)", self._onIndex)
        self.fill()

    @property
    def name(self) -> str:
        """Name of the chosen model; empty if there is none."""
        index = self._selector.currentIndex
        return self._names[index] if 0 <= index < len(self._names) else ""

    @property
    def model(self):
        """The chosen model (`ModelLibrary.Model`); None if there is none, or it cannot be read."""
        return self._model

    def whyNot(self) -> str:
        """Why there is no model to segment with; empty if there is one."""
        return self._fault

    def fill(self) -> None:
        """Read the library anew; the choice stays if it is still there."""
        wanted = self._wanted() or self.name
        self._names = self._bench.models.names()
        wasBlocked = self._selector.blockSignals(True)
        try:
            self._selector.clear()
            self._selector.addItems(self._names)
            self._selector.setCurrentIndex(self._indexOf(wanted))
        finally:
            self._selector.blockSignals(wasBlocked)
        self._selector.enabled = bool(self._names)
        self._read(wanted)

    def choose(self, name: str) -> None:
        """Choose a model by its name."""
        self._selector.setCurrentIndex(self._names.index(name) if name in self._names else -1)

    def _indexOf(self, wanted: str) -> int:
        """A scene's model that is not here is not replaced by another in silence."""
        if wanted:
            return self._names.index(wanted) if wanted in self._names else -1
        return 0 if self._names else -1

    def _wanted(self) -> str:
        return self._bench.parameters.model if self._bench.parameters is not None else ""

    def _onIndex(self, index) -> None:
        if self._bench.parameters is not None and self.name:
            self._bench.parameters.model = self.name
        self._read(self.name)
        self._whenChanged()

    def _read(self, wanted: str) -> None:
        self._model, self._fault = None, ""
        if not self._names:
            self._fault = _("There is no model yet: import one, or make one from your own CTs under Research.")
        elif not self.name:
            sentence = _("The model “{name}” is not in the library: import it, or choose another.")
            self._fault = sentence.format(name=wanted) if wanted else _("Choose a model.")
        else:
            try:
                self._model = self._bench.models.read(self.name)
            except Refusal as error:
                self._fault = str(error)
        self._selector.toolTip = self._model.title if self._model is not None else ""
        self._label.text = self._model.madeFor if self._model is not None else ""
        self._label.visible = self._model is not None
