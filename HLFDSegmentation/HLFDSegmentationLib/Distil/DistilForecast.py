"""What is asked of the backend before a distillation (docs/jobs.md, Before and after), and its answer in words."""

from pathlib import Path

from ..Words import tr as _
from .DistillationState import timeInWords, titleOf
from .DistilSettings import Choices, distillSettings, teachSettings

GIB = 1 << 30


def planOf(choices: Choices, folder: Path) -> dict:
    """Settings of both trainings, as `hlfd doctor --plan` reads them; the folder holds no store."""
    teach = teachSettings(choices, folder) if choices.trainsTeacher else None
    return {"teach": teach, "distill": distillSettings(choices, folder)}


def timeInSentence(answer: dict, plan: dict) -> tuple[str, str]:
    """Sentences about time and memory, and of what kind they are: note, or warning where memory will not do."""
    parts = [
        _("{stage} {time}").format(stage=titleOf(name), time=timeInWords(answer[name]["seconds"]))
        for name in plan
        if answer.get(name)
    ]
    say = _("About {time} of training ({parts}); preparing and validating come on top.").format(
        time=timeInWords(answer["seconds"]), parts=", ".join(parts)
    )
    if cut := [titleOf(name) for name, settings in plan.items() if _isCut(answer.get(name), settings)]:
        sentence = _("The time limit is over before all steps are done ({stages}).")
        say += "\n" + sentence.format(stages=", ".join(cut))
    needed, free = (answer[name] / GIB for name in ("memory_bytes", "memory_free_bytes"))
    if answer["fits"]:
        said = _("Needs {needed:.1f} GB of memory; {free:.1f} GB are free.")
        return f"{say}\n{said.format(needed=needed, free=free)}", "note"
    said = _("Needs {needed:.1f} GB of memory, but {free:.1f} GB are free; choose a smaller batch, crop or network.")
    return f"{say}\n{said.format(needed=needed, free=free)}", "warning"


def _isCut(told: dict | None, settings: dict | None) -> bool:
    """Whether the time limit ends a training before its steps do."""
    return bool(told and settings and told["steps"] * told["step_s"] > 60 * settings.get("minutes", float("inf")))
