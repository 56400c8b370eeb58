"""How options look in `--help`, and how a mistake in one is told."""

import re
from typing import Any

from pydantic import ValidationError
from pydantic_settings import SettingsError

PLACEHOLDERS = {"Path": "PATH", "str": "TEXT", "int": "N", "float": "X"}
NOTHING_TO_SAY = ("(default: None)", "(default: False)", "(default: )")


def add_argument(parser: Any, *names: str, **details: Any) -> Any:
    """Add an option to argparse's `parser`, with words for people where pydantic gives names of Python types."""
    if "metavar" in details and not details["metavar"].startswith("{"):
        details["metavar"] = _placeholder(details["metavar"])
    details["help"] = _help(details.get("help", ""))
    return parser.add_argument(*(name for name in names if not name.endswith("-")), **details)


def mistake(error: ValidationError, program: str) -> str:
    """Say the first mistake among the settings: which option, what is wrong, what was found.

    Args:
        error: from pydantic.
        program: such as `hlfd segment`.
    """
    first = error.errors()[0]
    message = first["msg"].removeprefix("Value error, ")
    found = f", found {first['input']!r}"
    if not first["loc"]:  # a rule about several settings at once
        return f"{message}; see `{program} --help`"
    if first["type"] == "missing":
        message, found = "is missing", ""
    return f"{_option(first['loc'])}: {message}{found}; see `{program} --help`"


def unusable(error: SettingsError, program: str) -> str:
    """Say what argparse could not make sense of."""
    return f"{str(error).removeprefix('error parsing CLI: ')}; see `{program} --help`"


def _option(place: tuple[int | str, ...]) -> str:
    name = str(place[0]).rstrip("_").replace("_", "-")
    return ", ".join([f"--{name}", *(f"value {part + 1}" if isinstance(part, int) else part for part in place[1:])])


def _placeholder(of_type: str) -> str:
    inner = of_type.removeprefix("tuple[").removesuffix("]")
    return ",".join(PLACEHOLDERS.get(part, part) for part in inner.split(","))


def _help(text: str) -> str:
    for words in NOTHING_TO_SAY:
        text = text.removesuffix(words).rstrip()
    text = text.replace("(default: True)", "(on by default)")
    return re.sub(r"\(default: \((.*)\)\)$", lambda found: f"(default: {found[1].replace(', ', ',')})", text)
