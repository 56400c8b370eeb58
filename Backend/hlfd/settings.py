"""Settings: one frozen class a command, which is its options, its settings file and its record at once."""

import json
import tomllib
from pathlib import Path
from typing import Any, Self

from pydantic import ValidationError
from pydantic_settings import BaseSettings, CliApp, SettingsConfigDict

from hlfd.errors import InputError


class Settings(BaseSettings):
    """Base of every command's settings: frozen, unknown keys refused, help taken from the docstrings of fields."""

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        use_attribute_docstrings=True,
        populate_by_name=True,
        cli_kebab_case=True,
        cli_implicit_flags=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
    )

    @classmethod
    def settings_customise_sources(cls, settings_cls, init_settings, **_others):  # type: ignore[no-untyped-def]
        """Take values from the command line and the settings file alone: a stray variable must not change a run."""
        return (init_settings,)

    @classmethod
    def from_command_line(cls, arguments: list[str], program: str) -> Self:
        """Read options; those given by name win over those of `--settings FILE`.

        Raises:
            InputError: a value is out of range, or the file is missing or has keys that the command doesn't know.
        """
        arguments, file = _take_settings_file(arguments)
        from_file = read_settings(file) if file else {}
        known = {name for key, field in cls.model_fields.items() for name in (key, field.alias) if name}
        if unknown := sorted(set(from_file) - known):
            raise InputError(f"{file}: unknown setting {unknown[0]!r}; see `{program} --help` for those there are")
        cls.model_config["cli_prog_name"] = program
        try:
            return CliApp.run(cls, cli_args=arguments, **from_file)
        except ValidationError as error:
            raise InputError(_in_words(error, program)) from None

    def record(self) -> dict[str, Any]:
        """Give the settings as plain values that `--settings` accepts again."""
        return self.model_dump(mode="json", by_alias=True)


def read_settings(path: Path) -> dict[str, Any]:
    """Read a settings file, JSON or TOML by its ending.

    Raises:
        InputError: the file is missing, or is neither.
    """
    try:
        text = path.read_text(encoding="utf-8")
        content = tomllib.loads(text) if path.suffix == ".toml" else json.loads(text)
    except OSError as error:
        raise InputError(f"{path}: cannot be read as a settings file ({error.strerror})") from None
    except ValueError as error:
        raise InputError(f"{path}: not valid {'TOML' if path.suffix == '.toml' else 'JSON'} ({error})") from None
    if not isinstance(content, dict):
        raise InputError(f"{path}: a settings file holds names and values, found a {type(content).__name__}")
    return content


def _take_settings_file(arguments: list[str]) -> tuple[list[str], Path | None]:
    rest, file = list(arguments), None
    for position, argument in enumerate(arguments):
        if argument == "--settings":
            if position + 1 == len(arguments):
                raise InputError("--settings: needs the path of a JSON or TOML file behind it")
            file = Path(arguments[position + 1])
            del rest[position : position + 2]
        elif argument.startswith("--settings="):
            file = Path(argument.partition("=")[2])
            del rest[position]
    return rest, file


def _in_words(error: ValidationError, program: str) -> str:
    first = error.errors()[0]
    name = "-".join(str(part) for part in first["loc"]).replace("_", "-").rstrip("-")
    found = "" if first["type"] == "missing" else f", found {first['input']!r}"
    return f"{name}: {first['msg'].removeprefix('Value error, ')}{found}; see `{program} --help`"
