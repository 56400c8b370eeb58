"""Settings: one frozen class a command, which is its options, its settings file and its record at once."""

import json
import tomllib
from pathlib import Path
from typing import Any, Self, get_args

from pydantic import ValidationError
from pydantic_settings import (
    BaseSettings,
    CliApp,
    CliPositionalArg,
    CliSettingsSource,
    SettingsConfigDict,
    SettingsError,
)

from hlfd.errors import InputError
from hlfd.wording import add_argument, mistake, unusable

POSITIONAL_MARK = get_args(CliPositionalArg[Path])[1]


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
        cli_exit_on_error=False,
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
        arguments = cls._positionals_first(arguments, from_file)
        source: CliSettingsSource[Any] = CliSettingsSource(cls, cli_prog_name=program, add_argument_method=add_argument)
        try:
            return CliApp.run(cls, cli_args=arguments, cli_settings_source=source, **from_file)
        except ValidationError as error:
            raise InputError(mistake(error, program)) from None
        except SettingsError as error:
            raise InputError(unusable(error, program)) from None

    @classmethod
    def _positionals_first(cls, arguments: list[str], from_file: dict[str, Any]) -> list[str]:
        """Bring positionals to the front, those of the file where none is given, and bind options to their values.

        argparse knows neither a file nor that `-200,300` behind `--window-hu` is a value.
        """
        fields = cls.model_fields.items()
        switches = [(field.alias or name).replace("_", "-") for name, field in fields if field.annotation is bool]
        flags = {"--help", *(f"--{no}{name}" for name in switches for no in ("", "no-"))}
        positionals, options = _divide(arguments, flags)
        names = [name for name, field in fields if POSITIONAL_MARK in field.metadata]
        if not positionals and all(name in from_file for name in names):
            positionals = [str(from_file[name]) for name in names]
        return positionals + options

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


def _divide(arguments: list[str], flags: set[str]) -> tuple[list[str], list[str]]:
    """Tell positionals from options; an option that is no flag takes the value behind it, as `--option=value`."""
    positionals, options = [], []
    rest = list(reversed(arguments))
    while rest:
        argument = rest.pop()
        if not argument.startswith("-"):
            positionals.append(argument)
        elif argument.startswith("--") and "=" not in argument and argument not in flags and rest:
            value = "" if rest[-1].startswith("--") else f"={rest.pop()}"
            options.append(argument + value)
        else:
            options.append(argument)
    return positionals, options
