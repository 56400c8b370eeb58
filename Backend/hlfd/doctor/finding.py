"""A finding of `hlfd doctor`, and the words that findings share."""

import re
import sys
from dataclasses import dataclass, field
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
    return " ".join(_quoted(word) for word in (sys.executable, "-m", "pip", "install", *words))


def counted(count: int, thing: str) -> str:
    """Such as "1 core" or "2 cores"."""
    return f"{count} {thing}" if count == 1 else f"{count} {thing}s"


def listed(words: list[str]) -> str:
    """Such as "a, b and c"."""
    return " and ".join(part for part in (", ".join(words[:-1]), *words[-1:]) if part)


def _quoted(word: str) -> str:
    return word if re.fullmatch(r"[\w@%+=:,./\\-]+", word) else f'"{word}"'
