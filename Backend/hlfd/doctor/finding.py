"""A finding of `hlfd doctor`, and the words that findings share."""

import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

Verdict = Literal["good", "warning", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    topic: str
    verdict: Verdict
    """`bad` if training cannot run, or would fail; `warning` if it runs worse than it could."""
    say: str
    """What was found, in sentences."""
    do: str = ""
    """What to do about it."""
    facts: dict[str, Any] = field(default_factory=dict)
    """What it was judged by; plain values."""


def pip_command(*words: str) -> str:
    """A command to type that installs into the environment that this Python belongs to, on every system's shell."""
    program = _quoted(sys.executable)
    call = "& " if sys.platform == "win32" and program != sys.executable else ""  # or PowerShell takes it for a text
    return call + " ".join([program, *(_quoted(word) for word in ("-m", "pip", "install", *words))])


def install_command() -> str:
    """The command that installs hlfd itself, with all that it needs, from the folder that it is run from."""
    return pip_command("-e", str(Path(__file__).resolve().parents[2]))


def counted(count: int, thing: str) -> str:
    """Such as "1 core" or "2 cores"."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def listed(words: list[str]) -> str:
    """Such as "a, b and c"."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./\\-]+", word) else f'"{word}"'
