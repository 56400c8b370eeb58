"""What a row of the arena left behind for one seed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Role = Literal["teacher", "method", "control", "variant", "ablation"]


@dataclass(frozen=True)
class Entry:
    """A model of the arena: a row trained with one seed."""

    row: str
    """Name of the row, such as `teacher`, `none`, `hlfd:UFD+IFD`."""
    title: str
    """In words, for tables."""
    role: Role
    baseline: str
    """Row that it is compared with: the same student alone."""
    seed: int
    run: Path
    """Folder of the training."""
    validation: Path
    """What `hlfd evaluate --part validation` wrote."""
    test: Path | None
    """The same for the test cases; None where they are not to be looked at."""

    def measured(self, part: Literal["validation", "test"]) -> Path | None:
        """Folder of the measurements on a part, None where there are none yet."""
        folder = self.validation if part == "validation" else self.test
        return folder if folder is not None and (folder / "summary.json").exists() else None
