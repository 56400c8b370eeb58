"""What a distillation has come to, in sentences that claim no more than was measured."""

from ..Words import tr as _
from .Distillation import Distillation
from .DistillationState import State, titleOf


def resultInSentences(distillation: Distillation, state: State, bestDice: dict[str, float]) -> tuple[str, str]:
    """Sentences for people, and their kind (see `Panels/Looks.py`); empty while there is nothing to tell.

    Args:
        distillation: that is looked at.
        state: of it.
        bestDice: "teach" and "distill" -> best tumour Dice on the validation cases, 0..1.
    """
    report = distillation.report()
    sentences = _measured(report) if report else _validated(bestDice)
    if distillation.studentBundle() is not None and not state.isActive and state.command == "distill":
        sentences.append(_("The student has not finished learning; its model is the best so far."))
        return "\n".join(sentences), "warning"
    return "\n".join(sentences), "good" if report else "note"


def _measured(report: dict) -> list[str]:
    count, student, teacher = report.get("test_cases", 0), report.get("student") or {}, report.get("teacher") or {}
    if not count or student.get("tumor_dice") is None:
        return [_("No test case with a tumour: how good the student is has not been measured.")]
    models = [_("student {dice:.3f}").format(dice=student["tumor_dice"])]
    if teacher.get("tumor_dice") is not None:
        models.append(_("teacher {dice:.3f}").format(dice=teacher["tumor_dice"]))
    one, several = _("Tumour Dice on 1 test case: {models}."), _("Tumour Dice on {count} test cases: {models}.")
    sentence = one if count == 1 else several
    return [sentence.format(count=count, models=", ".join(models))]


def _validated(bestDice: dict[str, float]) -> list[str]:
    if not bestDice:
        return []
    best = [_("{stage} {dice:.3f}").format(stage=titleOf(name), dice=dice) for name, dice in bestDice.items()]
    return [_("Best tumour Dice on the validation cases so far: {models}.").format(models=", ".join(best))]
