"""The section Distil: choices, start, and the trainings that came of it."""

import contextlib

from ..Bench import ENVIRONMENT, PARAMETERS, TRAININGS
from ..Words import Refusal
from .DistilChoices import DistilChoices
from .DistillationFolders import freeName
from .DistilSettings import choicesAsText, choicesFromText
from .DistilStart import DistilStart
from .Forecast import Forecast
from .Trainings import Trainings


class DistilPanel:
    """Puts the rooms together; each of them knows the bench and not the others."""

    def __init__(self, bench, container):
        self._bench = bench
        self.ui = bench.build("DistilPanel", container)
        self.choices = DistilChoices(bench, self.ui.newSection, self._onChoices)
        startUi = bench.build("DistilStart", self.choices.ui.startPlace)
        self.forecast = Forecast(bench, startUi, self.choices.read)
        self.start = DistilStart(bench, startUi, self.choices.read, self._onBusy, self._onStarted)
        self.startUi = startUi
        self.trainings = Trainings(bench, self.ui.trainingsSection)
        bench.listen(PARAMETERS, self._onParameters)
        bench.listen(ENVIRONMENT, self.refresh)
        self._onParameters()

    def refresh(self):
        """See anew what there is to start with, and how the trainings are."""
        self._suggestName()
        self.start.refresh()
        self.trainings.refresh()

    def close(self) -> None:
        self.forecast.close()
        self.start.close()
        self.trainings.close()

    def _onParameters(self):
        if self._bench.parameters is not None and self._bench.parameters.distil:
            self.choices.write(choicesFromText(self._bench.parameters.distil))
        self._suggestName()
        if self._bench.parameters is not None:
            self.start.refresh()

    def _onChoices(self):
        try:
            text = choicesAsText(self.choices.read())
        except Refusal:
            text = ""
        if text and self._bench.parameters is not None:
            self._bench.parameters.distil = text
        self.forecast.refresh()
        self.start.refreshSoon()

    def _onBusy(self, isBusy):
        self.choices.setEnabled(not isBusy)

    def _onStarted(self, name):
        self.ui.trainingsSection.collapsed = False
        self.trainings.choose(name)
        self._bench.tell(TRAININGS)
        self.choices.suggestName(freeName())
        self._onChoices()

    def _suggestName(self) -> None:
        if self.choices.ui.nameEdit.text.strip():
            return
        with contextlib.suppress(Refusal):  # the backend's files are missing; the section Backend says so
            self.choices.suggestName(freeName())
