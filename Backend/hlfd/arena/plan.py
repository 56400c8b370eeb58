"""What an arena has to run: which trainings and measurements, with which settings, in which folders."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import ValidationError

from hlfd.arena.entries import Entry
from hlfd.arena.rows import TEACHER, Row, settings_of
from hlfd.arena.settings import ArenaSettings
from hlfd.arena.units import Unit
from hlfd.commands import distill, evaluate, teach
from hlfd.errors import InputError
from hlfd.settings import Settings
from hlfd.training.runs import RunFolder
from hlfd.wording import mistake

OWN = {"store", "run", "seed", "resume", "overwrite", "start_from", "teacher"}


@dataclass(frozen=True)
class Trained:
    """One model of the arena."""

    entry: Entry
    training: Unit | None
    """None for a teacher that was there before."""
    measuring: dict[Literal["validation", "test"], Unit]


class Plan:
    """The models of an arena, in the order in which they are trained."""

    def __init__(self, settings: ArenaSettings, rows: tuple[Row, ...], steps: int) -> None:
        """Work out every unit.

        Args:
            settings: of the arena.
            rows: what is compared.
            steps: of the students.

        Raises:
            InputError: a row's settings do not fit.
        """
        self._settings, self._steps = settings, steps
        self._record = settings.record()
        seeds = range(settings.seed, settings.seed + settings.seeds)
        self.teachers = [self._teacher(seed) for seed in self._teacher_seeds(seeds)]
        # Seed by seed: after a third of the time there is a whole table of one seed.
        self.students = [self._student(row, seed) for seed in seeds for row in rows]

    def teacher_run(self, seed: int) -> Path:
        """Where the teacher of a seed's students is."""
        settings = self._settings
        if settings.teacher is not None:
            return Path(str(_filled(settings.teacher, seed=seed)))
        return settings.run / TEACHER / f"seed-{settings.seed if settings.one_teacher else seed}"

    def _teacher_seeds(self, seeds: range) -> list[int]:
        first_of = {self.teacher_run(seed): seed for seed in reversed(seeds)}
        return sorted(first_of.values())

    def _teacher(self, seed: int) -> Trained:
        settings, run = self._settings, self.teacher_run(seed)
        values = {
            **self._shared(teach.CommandSettings, seed, run),
            "steps": settings.teacher_steps or self._steps,
            "widths": list(settings.teacher_widths),
            "norm": settings.teacher_norm,
            "start_from": _filled(settings.teacher_start_from, seed=seed),
        }
        unit = None if settings.teacher else self._training("teach", TEACHER, seed, values, teach.CommandSettings)
        return self._trained(
            Entry(TEACHER, "Teacher", TEACHER, TEACHER, seed, run, *self._folders(TEACHER, seed)), unit
        )

    def _student(self, row: Row, seed: int) -> Trained:
        run = self._settings.run / row.folder / f"seed-{seed}"
        start = _filled(self._settings.start_from, seed=seed, baseline=row.baseline.replace("@", "_"))
        values = {
            **self._shared(distill.CommandSettings, seed, run),
            "steps": self._steps,
            "start_from": start,
            "teacher": str(self.teacher_run(seed)),
            **settings_of(row),
        }
        unit = self._training("distill", row.name, seed, values, distill.CommandSettings, row.folder)
        folders = self._folders(row.folder, seed)
        return self._trained(Entry(row.name, row.title, row.role, row.baseline, seed, run, *folders), unit)

    def _shared(self, command: type[Settings], seed: int, run: Path) -> dict[str, Any]:
        """The arena's own settings, as far as a command has them."""
        known = {field.alias or name for name, field in command.model_fields.items()}
        taken = {name: value for name, value in self._record.items() if name in known - OWN}
        return {**taken, "store": str(self._settings.store), "run": str(run), "seed": seed}

    def _folders(self, folder: str, seed: int) -> tuple[Path, Path | None]:
        base = self._settings.run / "measured"
        test = base / "test" / folder / f"seed-{seed}" if self._settings.test else None
        return base / "validation" / folder / f"seed-{seed}", test

    def _training(
        self, command: str, name: str, seed: int, values: dict[str, Any], checked: type[Settings], folder: str = ""
    ) -> Unit:
        try:
            checked.model_validate(values)
        except ValidationError as error:
            raise InputError(f"{name}: {mistake(error, f'hlfd {command}')}") from None
        run = RunFolder(Path(values["run"]))
        file = self._settings.run / "units" / f"{folder or name}-{seed}.json"
        return Unit(f"{name}, seed {seed}", command, values, file, run.result, run.checkpoint)

    def _trained(self, entry: Entry, training: Unit | None) -> Trained:
        measuring: dict[Literal["validation", "test"], Unit] = {"validation": self._measuring(entry, "validation")}
        if entry.test is not None:
            measuring["test"] = self._measuring(entry, "test")
        return Trained(entry, training, measuring)

    def _measuring(self, entry: Entry, part: Literal["validation", "test"]) -> Unit:
        out = entry.validation if part == "validation" else entry.test
        assert out is not None
        run = RunFolder(entry.run)
        values = {
            "store": str(self._settings.store),
            "out": str(out),
            "model": str(run.bundle),
            "part": part,
            "tumor_threshold": self._settings.tumor_threshold,
            "device": self._settings.device,
        }
        evaluate.CommandSettings.model_validate(values)
        file = self._settings.run / "units" / f"{part}-{out.parent.name}-{entry.seed}.json"
        done = out / "summary.json"
        return Unit(f"{entry.row}, seed {entry.seed}: {part} cases", "evaluate", values, file, done, after=run.result)


def _filled(path: Path | None, **values: Any) -> str | None:
    """Put values in the place of their names; other braces belong to the path."""
    text = None if path is None else str(path)
    for name, value in values.items():
        text = text and text.replace(f"{{{name}}}", str(value))
    return text
