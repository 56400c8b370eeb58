"""Rows of the arena: a method, perhaps only some of its terms, perhaps another student or other settings."""

import re
from dataclasses import dataclass
from typing import Any, Literal

from hlfd.arena.entries import Role
from hlfd.distillation.methods import METHODS
from hlfd.errors import InputError

ALONE, DECODER = "none", "@decoder"
TEACHER: Literal["teacher"] = "teacher"
FORM = re.compile(r"(?P<method>[a-z-]+)(:(?P<terms>[^@\[\]]+))?(?P<decoder>@decoder)?(\[(?P<changes>[^\[\]]*)\])?")
SAME_FOR_ALL = (
    *("store", "run", "seed", "resume", "overwrite", "start_from", "teacher", "method", "terms"),
    *("widths", "blocks", "stem_pool", "decoder"),
)
"""What a row cannot change: its place in the arena, and the student, whose baseline would be another."""
PAPER = ("none", "kd", "at", "skd", "imf", "emkd", "hifd", "hlfd")


@dataclass(frozen=True)
class Row:
    """One line of the table, trained once a seed."""

    name: str
    """As the user wrote it, such as `hlfd:UFD+IFD` or `hlfd@decoder[beta=0.9,lambda=0.2]`."""
    method: str
    terms: str
    """Names with commas between; empty for all."""
    decoder: bool
    changes: dict[str, str]
    """Settings of the distillation that differ from the arena's."""

    @property
    def title(self) -> str:
        """In words, for tables."""
        words = METHODS[self.method].title
        parts = [
            f"only {self.terms.replace(',', ' + ')}" if self.terms else "",
            "light decoder" if self.decoder else "",
        ]
        parts += [f"{name.replace('_', ' ')} {value}" for name, value in self.changes.items()]
        told = ", ".join(part for part in parts if part)
        return f"{words}: {told}" if told else words

    @property
    def role(self) -> Role:
        """What it is in the comparison."""
        if self.terms:
            return "ablation"
        return "variant" if self.decoder or self.changes else METHODS[self.method].role

    @property
    def baseline(self) -> str:
        """The same student alone."""
        return ALONE + (DECODER if self.decoder else "")

    @property
    def folder(self) -> str:
        """Name that every file system takes."""
        return re.sub(r"[^A-Za-z0-9.-]+", "_", self.name).strip("_")


def parse_rows(text: str) -> tuple[Row, ...]:
    """Read `none,hlfd,hlfd:UFD+IFD,hlfd@decoder,hlfd[lambda=1,power=4]`; the baseline of each row is added if missing.

    Raises:
        InputError: a row that is not of this form, an unknown method, or one that stands twice.
    """
    rows = [_parse(part.strip()) for part in re.split(r",(?![^\[]*\])", text)]
    names = [row.name for row in rows]
    needed = dict.fromkeys(row.baseline for row in rows)
    rows = [*(_parse(name) for name in needed if name not in names), *rows]
    folders = [row.folder for row in rows]  # names that differ in a blank alone would share one
    if twice := [row.name for row in rows if folders.count(row.folder) > 1]:
        raise InputError(f"methods: {twice[0]} stands twice; a row is trained once a seed, more --seeds train it again")
    return tuple(rows)


def _parse(name: str) -> Row:
    found = FORM.fullmatch(name)
    if not found:
        raise InputError(
            f"methods: {name!r} is not of the form METHOD, METHOD:TERM+TERM, METHOD@decoder or METHOD[setting=value]"
        )
    method = found["method"]
    if method not in METHODS:
        raise InputError(f"methods: {method} is unknown; there are {', '.join(METHODS)}")
    changes = dict(_change(name, part) for part in (found["changes"] or "").split(",") if part.strip())
    return Row(name, method, (found["terms"] or "").replace("+", ","), bool(found["decoder"]), changes)


def _change(name: str, part: str) -> tuple[str, str]:
    setting, equals, value = (piece.strip() for piece in part.partition("="))
    if not (setting and equals and value):
        raise InputError(f"methods: {name}: {part!r} is not of the form setting=value")
    field = setting.replace("-", "_").rstrip("_")
    if field in SAME_FOR_ALL:
        further = "write METHOD@decoder" if field == "decoder" else "set it for the whole arena"
        raise InputError(f"methods: {name}: {setting} is the same in all rows, or they are no comparison; {further}")
    return field, value


def settings_of(row: Row) -> dict[str, Any]:
    """What a row changes in the settings of a distillation."""
    return {**row.changes, "method": row.method, "terms": row.terms, **({"decoder": True} if row.decoder else {})}
