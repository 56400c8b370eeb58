"""What a training has come to: Dice, the report, and the student as a model for segmenting."""

import qt

from ..InBackground import InBackground
from ..Panels.Looks import showMessage
from ..Words import tr as _
from .DistillationResult import resultInSentences


class TrainingResult:
    """Two buttons and a text; `say(text, kind)` shows what went wrong."""

    def __init__(self, bench, ui, say):
        self._bench, self._ui, self._say = bench, ui, say
        self._distillation = self._adding = None
        ui.useButton.connect("clicked()", self._onUse)
        ui.reportButton.connect("clicked()", self._onReport)

    def show(self, distillation, state, bestDice: dict[str, float]) -> None:
        """Show what there is now."""
        self._distillation, ui = distillation, self._ui
        bundle, page = distillation.studentBundle(), distillation.reportPage()
        isLearning = state.stageActive == "distill"
        said, kind = resultInSentences(distillation, state, bestDice)
        if said != ui.resultText.text:
            showMessage(ui.resultText, said, kind)
        ui.useButton.enabled = bundle is not None and not isLearning and self._adding is None
        ui.useButton.toolTip = (
            _("The student still learns; stop it first, or wait.")
            if isLearning
            else _("Take the student into the library, and choose it for segmenting.")
        )
        ui.reportButton.enabled = page is not None
        ui.resultPlace.visible = bundle is not None or page is not None

    def close(self) -> None:
        if self._adding is not None:
            self._adding.forget()

    def _onUse(self):
        distillation, models = self._distillation, self._bench.models
        bundle = distillation.studentBundle()
        if bundle is None:
            self._say(_("The student of {name} is not there any more.").format(name=distillation.name), "bad")
            return
        self._ui.useButton.enabled = False
        self._adding = InBackground(lambda: models.add(bundle, distillation.name), self._onAdded, self._onNotAdded)

    def _onAdded(self, name):
        from ..Bench import MODELS

        self._adding = None
        self._ui.useButton.enabled = True
        self._bench.tell(MODELS)
        self._bench.useModel(name)

    def _onNotAdded(self, error):
        if name := getattr(error, "name", ""):  # the library has it already
            self._onAdded(name)
            return
        self._adding = None
        self._ui.useButton.enabled = True
        self._say(str(error), "bad")

    def _onReport(self):
        page = self._distillation.reportPage()
        if page is None or not qt.QDesktopServices.openUrl(qt.QUrl.fromLocalFile(str(page))):
            place = self._distillation.folder / "report"
            self._say(_("The report cannot be opened; it should be in {folder}.").format(folder=place), "warning")
