"""Settings of an arena."""

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, PositiveInt, field_validator, model_validator

from hlfd.arena.rows import PAPER, parse_rows
from hlfd.errors import InputError
from hlfd.training.student_settings import StudentSettings

# Section 3 of the paper, and our decisions where it is silent (docs/reproduce.md).
PAPER_PROTOCOL: dict[str, Any] = {
    "crop": 512,
    "tumor_share": 1.0,
    "epochs": 120,
    "map_stride": "1",
    "seeds": 3,
    "tumor_threshold": 0.4,
}


class ArenaSettings(StudentSettings):
    """What is compared, and how often each is trained."""

    methods: str = ",".join(PAPER)
    """Rows, with commas between: METHOD, METHOD:TERM+TERM, METHOD@decoder, METHOD[lambda=1,power=4]."""
    seeds: int = Field(3, gt=0)
    """How often each row is trained: with --seed, the next one, and so on."""
    jobs: int = Field(1, gt=0)
    """Trainings at once, each in a process of its own."""
    protocol: Literal["volume", "paper"] = "volume"
    """Which slices decide; paper also takes the paper's settings for all that isn't given by name."""
    epochs: float | None = Field(None, gt=0)
    """Instead of --steps: times that as many slices are drawn as the training cases have with tumour."""
    tumor_threshold: float | None = Field(None, gt=0, lt=1)
    """Probability from which on a pixel is tumour in every measurement; by default the most probable class is taken."""
    test: bool = True
    """Measure on the test cases, when all trainings are done; do so once, when nothing is left to choose."""
    teacher: Path | None = None
    """Run of a teacher for all students, or one a seed with {seed} in its name; by default they are trained here."""
    one_teacher: bool = False
    """Train one teacher, of the first seed, for all students, instead of one a seed."""
    teacher_widths: tuple[PositiveInt, PositiveInt, PositiveInt, PositiveInt, PositiveInt] = (64, 128, 256, 512, 1024)
    """Channels of the teacher's five levels."""
    teacher_norm: Literal["instance", "batch"] = "instance"
    """Normalisation behind the teacher's convolutions."""
    teacher_steps: int | None = Field(None, gt=0)
    """Steps of the teachers; by default those of the students."""
    teacher_start_from: Path | None = None
    """What the teachers start from; {seed} stands for the seed. In --start-from {baseline} is none or none_decoder."""

    @model_validator(mode="before")
    @classmethod
    def _fill_in_the_protocol(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("protocol") != "paper":
            return given
        # Steps given by name are meant to count, and epochs would overrule them.
        overruled = {"epochs"} if "steps" in given else set()
        return {**{name: value for name, value in PAPER_PROTOCOL.items() if name not in overruled}, **given}

    @field_validator("methods")
    @classmethod
    def _rows_can_be_read(cls, text: str) -> str:
        try:
            parse_rows(text)
        except InputError as error:
            raise ValueError(str(error).removeprefix("methods: ")) from None
        return text
