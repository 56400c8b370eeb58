"""What a user chooses for a distillation, and the settings of the backend's commands that follow from it."""

import json
import re
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from ..Words import Refusal
from ..Words import tr as _

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}")
PAPER_TEACHER, NARROW_TEACHER = (64, 128, 256, 512, 1024), (8, 16, 32, 64, 128)
PAPER_STUDENT, NARROW_STUDENT = (64, 128, 256, 512), (8, 16, 32, 64)
TEACHERS_SHARE = 0.6
"""Of a time budget: a step of the teacher takes longer than one of the student."""
MANIFEST = "manifest.json"
WITHOUT_TEACHER = ("none", "deep")
"""Methods that ask no teacher."""


@dataclass(frozen=True)
class Choices:
    """All choices; the defaults are those of "Try out"."""

    name: str = ""
    teacher: str = ""
    """Folder of a finished run or bundle; empty trains a teacher first."""
    method: str = "hlfd"
    beta: float | None = None
    """None takes the method's own; so does it for lambda_."""
    lambda_: float | None = None
    studentWidths: tuple[int, ...] = NARROW_STUDENT
    decoder: bool = False
    stemPool: bool = False
    teacherWidths: tuple[int, ...] = NARROW_TEACHER
    norm: str = "batch"
    device: str = "auto"
    minutes: int = 10
    """For teacher and student together; 0 is no limit."""
    steps: int = 400
    """Of the teacher, and as many of the student."""
    crop: int = 128
    batch: int = 8
    learningRate: float = 1e-3
    seed: int = 0
    validateEvery: int = 50
    validationSlices: int = 16
    patience: int = 0
    temperature: float = 4.0
    power: float = 2.0
    targets: str = "cached"
    threads: int = 0

    @property
    def trainsTeacher(self) -> bool:
        """Whether a teacher is trained before the student."""
        return not self.teacher and self.method not in WITHOUT_TEACHER


PRESETS: dict[str, dict] = {
    "try": {},
    "laptop": {"minutes": 240, "steps": 4000, "validateEvery": 250, "validationSlices": 32, "patience": 8},
    "paper": {
        "studentWidths": PAPER_STUDENT,
        "stemPool": True,
        "teacherWidths": PAPER_TEACHER,
        "norm": "instance",
        "minutes": 0,
        "steps": 20000,
        "crop": 512,
        "validateEvery": 500,
        "validationSlices": 0,
    },
}
"""Name -> what differs from the defaults; names, paths and the method are never part of a preset."""
KEPT = ("name", "teacher", "method", "beta", "lambda_", "device", "seed")


def withPreset(choices: Choices, preset: str) -> Choices:
    """The choices with everything about size and time from a preset."""
    kept = {name: getattr(choices, name) for name in KEPT}
    return replace(Choices(), **{**PRESETS[preset], **kept})


def presetOf(choices: Choices) -> str:
    """The preset that the choices are those of; empty if some were changed."""
    return next((name for name in PRESETS if withPreset(choices, name) == choices), "")


def choicesAsText(choices: Choices) -> str:
    """As JSON, for a parameter node or a file."""
    return json.dumps(asdict(choices))


def choicesFromText(text: str) -> Choices:
    """Read what `choicesAsText` wrote; what another version wrote otherwise has its default."""
    try:
        found = json.loads(text)
    except ValueError:
        return Choices()
    known = found if isinstance(found, dict) else {}
    usable = {field.name: _asIn(field, known[field.name]) for field in fields(Choices) if field.name in known}
    return Choices(**{name: value for name, value in usable.items() if value is not NotImplemented})


def _asIn(field, value):
    """A value as its field has it; NotImplemented if it is of another kind."""
    default = field.default
    if isinstance(default, tuple):
        isWidths = isinstance(value, list) and all(type(width) is int for width in value)
        return tuple(value) if isWidths else NotImplemented
    if default is None:
        return value if value is None or type(value) in (int, float) else NotImplemented
    isNumber = isinstance(default, float) and type(value) in (int, float)
    return value if isNumber or type(value) is type(default) else NotImplemented


def widthsFromText(text: str, count: int) -> tuple[int, ...]:
    """Read widths such as "8, 16, 32, 64".

    Raises:
        Refusal: they are not that many whole numbers above 0.
    """
    words = text.replace(",", " ").split()
    widths = tuple(int(word) for word in words if word.isdecimal() and int(word) > 0)
    if len(widths) != len(words) or len(widths) != count:
        sentence = _('Widths "{text}" are not {count} whole numbers; write them like {example}.')
        example = ", ".join(map(str, NARROW_TEACHER[:count]))
        raise Refusal(sentence.format(text=text.strip(), count=count, example=example))
    return widths


def checkChoices(choices: Choices) -> None:
    """Refuse what cannot be trained.

    Raises:
        Refusal: the first thing that is wrong.
    """
    if not choices.name:
        raise Refusal(_("The distillation has no name; give it one."))
    if not NAME.fullmatch(choices.name):
        sentence = _('"{name}" cannot be a name; use letters, digits, dots, dashes and underscores, 60 at most.')
        raise Refusal(sentence.format(name=choices.name))
    if choices.teacher and choices.method not in WITHOUT_TEACHER:
        bundleOf(Path(choices.teacher))
    if choices.crop % 32:
        raise Refusal(_("Crop is {crop} pixels; choose a multiple of 32.").format(crop=choices.crop))
    if choices.crop == 32 and choices.batch == 1 and choices.stemPool:
        raise Refusal(_("One crop of 32 pixels is too little for batch normalisation; use a larger batch or crop."))


def bundleOf(folder: Path) -> Path:
    """The bundle of a run, or the folder itself if it is one.

    Raises:
        Refusal: there is none.
    """
    for place in (folder, folder / "bundle"):
        if (place / MANIFEST).is_file():
            return place
    sentence = _("{folder} holds no finished model; choose the folder of a finished run or of a bundle.")
    raise Refusal(sentence.format(folder=folder))


def teachSettings(choices: Choices, folder: Path) -> dict:
    """Settings of `hlfd teach` for a distillation in a folder."""
    own = {"widths": list(choices.teacherWidths), "norm": choices.norm}
    return {**_shared(choices, folder, TEACHERS_SHARE), **own, "run": str(folder / "teacher")}


def distillSettings(choices: Choices, folder: Path) -> dict:
    """Settings of `hlfd distill` for a distillation in a folder."""
    share = 1 - TEACHERS_SHARE if choices.trainsTeacher else 1.0
    own = {
        "widths": list(choices.studentWidths),
        "decoder": choices.decoder,
        "stem_pool": choices.stemPool,
        "method": choices.method,
        "temperature": choices.temperature,
        "power": choices.power,
        "targets": choices.targets,
        "run": str(folder / "student"),
    }
    weights = {"beta": choices.beta, "lambda": choices.lambda_}
    own |= {name: value for name, value in weights.items() if value is not None}
    if choices.method not in WITHOUT_TEACHER:
        own["teacher"] = str(Path(choices.teacher) if choices.teacher else folder / "teacher")
    return {**_shared(choices, folder, share), **own}


def _shared(choices: Choices, folder: Path, share: float) -> dict:
    settings = {
        "store": str(folder / "store"),
        "steps": choices.steps,
        "crop": choices.crop,
        "batch": choices.batch,
        "learning_rate": choices.learningRate,
        "validate_every": choices.validateEvery,
        "validation_slices": choices.validationSlices,
        "patience": choices.patience,
        "seed": choices.seed,
        "device": choices.device,
        "threads": choices.threads,
    }
    return settings | ({"minutes": round(choices.minutes * share, 2)} if choices.minutes else {})
