"""Asks the backend, on a click, whether training can run here and how long these choices will take."""

from ..BackendCalls import askDoctor, askForTime, plain
from ..InBackground import InBackground
from ..Panels.Looks import clearMessage, showMessage
from ..Words import Refusal
from ..Words import tr as _
from .DistilForecast import planOf, timeInSentence
from .DistillationFolders import distillationsFolder


class Forecast:
    """Two sentences and the button that asks for them; `readChoices()` gives the choices or refuses."""

    def __init__(self, bench, ui, readChoices):
        self._bench, self._ui, self._readChoices = bench, ui, readChoices
        self._verdicts: dict = {}
        """What doctor said, by what was asked: it looks at the machine, not at the choices."""
        self._plan: dict | None = None
        """What the shown time was measured for."""
        self._call = None
        clearMessage(ui.verdictText)
        clearMessage(ui.timeText)
        ui.estimateButton.connect("clicked()", self.ask)

    def refresh(self) -> None:
        """Take back what was said of other choices."""
        if self._plan is not None and self._plan != self._planNow():
            self._plan = None
            clearMessage(self._ui.timeText)

    def close(self) -> None:
        if self._call is not None:
            self._call.forget()

    def ask(self):
        """Ask in a thread; the button says so meanwhile."""
        try:
            environment, plan = self._bench.requireEnvironment(), planOf(self._readChoices(), distillationsFolder())
        except Refusal as refusal:
            showMessage(self._ui.timeText, str(refusal), "bad")
            return
        facts, known = plain(environment), self._verdicts.get(environment)
        clearMessage(self._ui.timeText)
        self._setBusy(True)

        def work():
            verdict = known or askDoctor(facts, distillationsFolder())
            return environment, verdict, plan, askForTime(facts, plan) if verdict.isReady else None

        self._call = InBackground(work, self._onAnswer, self._onFailed)

    def _onAnswer(self, answer):
        environment, verdict, plan, time = answer
        self._setBusy(False)
        self._verdicts[environment] = verdict
        said = "\n".join(filter(None, (verdict.say, verdict.details)))
        kind = "bad" if not verdict.isReady else "warning" if verdict.details else "good"
        showMessage(self._ui.verdictText, said, kind)
        if time is not None and plan == self._planNow():
            self._plan = plan
            showMessage(self._ui.timeText, *timeInSentence(time, plan))

    def _onFailed(self, error):
        self._setBusy(False)
        showMessage(self._ui.timeText, str(error), "bad")

    def _planNow(self):
        try:
            return planOf(self._readChoices(), distillationsFolder())
        except Refusal:
            return None

    def _setBusy(self, isBusy: bool) -> None:
        button = self._ui.estimateButton
        button.enabled = not isBusy
        button.text = _("Measuring…") if isBusy else _("Estimate time")
