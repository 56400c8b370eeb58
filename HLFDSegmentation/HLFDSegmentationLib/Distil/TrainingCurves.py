"""Loss and Dice of the shown training: heard from its events, drawn in plot views when the user asks for them."""

import slicer

from ..BackendPlace import useBackend
from ..Jobs import jobOf
from ..Words import tr as _
from .Curves import Curves, removeCurves
from .LearningCurves import LearningCurves
from .PlotLayout import PlotLayout

WHO = {"teach": "teacher", "distill": "student"}
KINDS = ("loss", "dice")


class TrainingCurves:
    """Follows one distillation at a time; `button` shows and hides the plots."""

    def __init__(self, button):
        self._button = button
        self._layout = PlotLayout(slicer.app.layoutManager())
        self._tails: dict = {}
        self._learnt: dict[str, LearningCurves] = {}
        self._curves = None
        button.visible = self._layout.canShow
        button.connect("clicked()", self._onClicked)

    def follow(self, distillation) -> None:
        """Follow another one, or none."""
        isDrawn = self.isShown
        self._tails, self._learnt = {}, {}
        for stage in distillation.stages if distillation else ():
            if stage.command in WHO:
                self._tails[stage.command] = _tailOf(_eventsOf(distillation, stage))
                self._learnt[stage.command] = LearningCurves()
        self.forgetNodes()
        self._name = distillation.name if distillation else ""
        self.look()
        if isDrawn:
            self._show() if self._hasPoints() else self._layout.leave()

    def look(self) -> None:
        """Hear what is new, and draw it if the curves are drawn."""
        scene = slicer.mrmlScene
        if scene.IsClosing() or scene.IsImporting():  # a progress dialog lets timers run meanwhile
            return
        for command, tail in self._tails.items():
            self._learnt[command].hear(tail.read())
        self._button.enabled = self._hasPoints()
        self._button.text = _("Hide curves") if self.isShown else _("Show curves")
        if self._curves is not None:
            self._update()

    def bestDice(self) -> dict[str, float]:
        """ "teach" and "distill" -> best tumour Dice on the validation cases, where there was one."""
        found = {command: learnt.bestDice() for command, learnt in self._learnt.items()}
        return {command: dice for command, dice in found.items() if dice is not None}

    def forgetNodes(self) -> None:
        """Take the nodes out of the scene; the plot views are empty then."""
        if self._curves is not None:
            self._curves = None
            removeCurves(slicer.mrmlScene)

    def close(self) -> None:
        """Leave views and scene as they were."""
        if self.isShown:
            self._layout.leave()
        self.forgetNodes()

    @property
    def isShown(self) -> bool:
        """Whether the curves are in the views now, seen even where the panel is not."""
        return self._curves is not None and self._layout.isShown

    def _hasPoints(self) -> bool:
        return any(len(one.loss()[0]) for one in self._learnt.values())

    def _onClicked(self):
        if self.isShown:
            self._layout.leave()
            self.forgetNodes()
        else:
            self._show()
        self.look()

    def _show(self) -> None:
        removeCurves(slicer.mrmlScene)
        self._curves = Curves(slicer.mrmlScene, self._name)
        self._draw()
        self._layout.show(slicer.mrmlScene, self._curves.chartIds())

    def _update(self) -> None:
        """Draw what is new; with the first validation, the plot of Dice comes to that of the loss."""
        if not self._curves.isThere():  # the scene was closed
            self._show() if self.isShown else self.forgetNodes()
            return
        before = self._curves.chartIds()
        self._draw(onlyNews=True)
        if self.isShown and self._curves.chartIds() != before:
            self._layout.show(slicer.mrmlScene, self._curves.chartIds())

    def _draw(self, onlyNews: bool = False) -> None:
        for command, learnt in self._learnt.items():
            if onlyNews and not learnt.hasNews:
                continue
            for kind in KINDS:
                self._curves.draw(kind, WHO[command], *getattr(learnt, kind)())
            learnt.seen()


def _tailOf(path):
    useBackend()
    from hlfd.event_file import Tail

    return Tail(path)


def _eventsOf(distillation, stage):
    """The job's events, which tell of every sitting; those of the run if the job is gone."""
    events = jobOf(stage.job).events
    run = distillation.folder / WHO[stage.command] / "events.jsonl"
    return run if run.is_file() and not events.is_file() else events
