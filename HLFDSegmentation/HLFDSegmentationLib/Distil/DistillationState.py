"""How a distillation is, in one look: which stage it is at, how far, and what can be done now."""

from dataclasses import dataclass

from ..Words import tr as _
from .Distillation import Distillation, Stage

SHARES = {"prepare": 4, "teach": 52, "distill": 38, "report": 6}
"""Command -> about how much of the whole time its stage takes."""
GB, MB = 1e9, 1e6
GONE = "gone"
"""State of a stage whose job was removed before it was done; the others are those of `hlfd.jobs.states`."""
RESUMABLE = ("failed", "cancelled", "lost", GONE)


@dataclass(frozen=True)
class State:
    """What is shown of a distillation."""

    command: str
    """Of the stage that counts: the first one that is not done, or the last."""
    job: str
    state: str
    say: str
    """In a sentence."""
    fraction: float
    """Of the whole, 0..1."""
    isActive: bool
    stageActive: str
    """Command of the stage that is at work or about to be; empty if none is."""

    @property
    def canResume(self) -> bool:
        return self.state in RESUMABLE

    @property
    def isDone(self) -> bool:
        return self.state == "done"


def stateOf(distillation: Distillation) -> State:
    """Look at every stage."""
    views = distillation.views()
    isDone = [distillation.isDone(stage, view) for stage, view in views]
    at = isDone.index(False) if False in isDone else len(views) - 1
    stage, view = views[at]
    state = ("done" if isDone[at] else GONE) if view is None else view.state
    isActive = view is not None and view.is_active
    return State(
        command=stage.command,
        job=stage.job,
        state=state,
        say=_sentence(stage, view, state),
        fraction=_fraction(views, isDone, at),
        isActive=isActive,
        stageActive=stage.command if isActive else "",
    )


def titleOf(command: str) -> str:
    """What users call a stage."""
    return {"prepare": _("Cases"), "teach": _("Teacher"), "distill": _("Student"), "report": _("Report")}[command]


def stateInWords(state: State) -> str:
    """A word or two, for a list."""
    words = {
        "done": _("done"),
        "failed": _("failed"),
        "cancelled": _("stopped"),
        "lost": _("interrupted"),
        GONE: _("incomplete"),
        "stopping": _("stopping"),
    }
    atWork = {
        "prepare": _("preparing cases"),
        "teach": _("teacher learns"),
        "distill": _("student learns"),
        "report": _("measuring"),
    }
    return words.get(state.state) or atWork[state.command]


def sizeInWords(size: int) -> str:
    """Bytes, such as "1.2 GB" or "12 MB"."""
    if size >= GB:
        return _("{size:.1f} GB").format(size=size / GB)
    return _("{size:.0f} MB").format(size=max(size / MB, 1))


def timeInWords(seconds: float) -> str:
    """Such as "12 min" or "2 h 5 min"."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return _("less than a minute")
    hours, rest = divmod(minutes, 60)
    if not hours:
        return _("{minutes} min").format(minutes=minutes)
    return _("{hours} h {minutes} min").format(hours=hours, minutes=rest)


def _sentence(stage: Stage, view, state: str) -> str:
    title = titleOf(stage.command)
    if state == "done":
        return _("All is done.")
    if state == GONE:
        return _("{stage}: was removed; Resume does it again with what is there.").format(stage=title)
    if state == "lost":
        return _("{stage}: interrupted, as when the computer is switched off; Resume goes on.").format(stage=title)
    if state == "cancelled":
        return _("{stage}: stopped{at}; Resume goes on.").format(stage=title, at=_at(view))
    if state == "failed":
        return _("{stage} failed: {why}").format(stage=title, why=view.say)
    return _atWork(title, view, state)


def _atWork(title: str, view, state: str) -> str:
    if state == "stopping":
        return _("{stage}: finishes its step, then stops.").format(stage=title)
    if state in ("queued", "starting"):
        return _("{stage}: is starting.").format(stage=title)
    if view.of is None or view.step is None:
        return _("{stage}: at work.").format(stage=title)
    left = "" if view.left_s is None else _(", {time} left").format(time=timeInWords(view.left_s))
    return _("{stage}: {step} of {of}{left}").format(stage=title, step=view.step, of=view.of, left=left)


def _at(view) -> str:
    return "" if not view.of else _(" at {step} of {of}").format(step=view.step, of=view.of)


def _fraction(views, isDone, at: int) -> float:
    shares = [SHARES[stage.command] for stage, _view in views]
    if all(isDone):
        return 1.0
    view = views[at][1]
    part = view.step / view.of if view is not None and view.of and view.step is not None else 0.0
    return (sum(shares[:at]) + shares[at] * min(part, 1.0)) / sum(shares)
