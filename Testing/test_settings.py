"""Settings from the command line and from a file, and nowhere else."""

import json
from pathlib import Path

import pytest
from pydantic import Field, ValidationError
from pydantic_settings import CliPositionalArg

from hlfd.errors import InputError
from hlfd.settings import Settings, read_settings


class Walk(Settings):
    """Walk somewhere."""

    goal: CliPositionalArg[Path]
    """Where to."""
    steps: int = Field(10, gt=0)
    """How many steps."""
    lambda_: float = Field(0.1, ge=0, alias="lambda")
    """A weight."""
    range_m: tuple[float, float] = (1.0, 2.0)
    """Shortest and longest step, m."""
    name: str | None = None
    """Of the walker."""
    sing: bool = False
    """Sing on the way."""
    rest: bool = True
    """Rest on the way."""


def walk(*arguments):
    return Walk.from_command_line([str(argument) for argument in arguments], "hlfd walk")


@pytest.fixture(params=["json", "toml"])
def settings_file(request, tmp_path):
    """Writes plain settings as JSON or TOML."""

    def write(**values):
        file = tmp_path / f"walk.{request.param}"
        lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in values.items()]
        file.write_text(json.dumps(values) if request.param == "json" else "\n".join(lines), encoding="utf-8")
        return file

    return write


def test_what_is_not_given_has_its_default():
    found = walk("home")
    assert found.model_dump() == {
        "goal": Path("home"),
        "steps": 10,
        "lambda_": 0.1,
        "range_m": (1.0, 2.0),
        "name": None,
        "sing": False,
        "rest": True,
    }


@pytest.mark.parametrize(
    "arguments",
    [
        ["home", "--steps", "3", "--lambda", "0.5", "--range-m", "-2,5", "--sing", "--no-rest", "--name", "Ann"],
        ["--steps=3", "--lambda=0.5", "--range-m=-2,5", "--sing", "--no-rest", "--name=Ann", "home"],
        ["--sing", "home", "--range-m", "[-2,5]", "--name", "Ann", "--no-rest", "--lambda", "0.5", "--steps", "3"],
    ],
)
def test_options_are_read_in_any_order(arguments):
    assert walk(*arguments).model_dump() == {
        "goal": Path("home"),
        "steps": 3,
        "lambda_": 0.5,
        "range_m": (-2.0, 5.0),
        "name": "Ann",
        "sing": True,
        "rest": False,
    }


def test_a_settings_file_gives_what_the_command_line_does_not(settings_file):
    file = settings_file(steps=4, range_m=[3, 4], sing=True, **{"lambda": 0.7})
    found = walk("home", "--settings", file)
    assert (found.steps, found.range_m, found.sing, found.lambda_) == (4, (3.0, 4.0), True, 0.7)


def test_options_given_by_name_win_over_the_file(settings_file):
    file = settings_file(goal="work", steps=4, range_m=[3, 4], sing=True, rest=False, **{"lambda": 0.7})
    found = walk("home", "--settings", file, "--steps", 5, "--range-m", "6,7", "--no-sing", "--rest", "--lambda", 0.2)
    assert (found.steps, found.range_m, found.sing, found.rest, found.lambda_) == (5, (6.0, 7.0), False, True, 0.2)
    assert found.goal == Path("home")


def test_the_file_may_give_everything(settings_file):
    found = walk("--settings", settings_file(goal="work", steps=4))
    assert (found.goal, found.steps) == (Path("work"), 4)


def test_a_record_read_back_is_the_same_settings(tmp_path):
    before = walk("home", "--steps", 7, "--lambda", 0.25, "--range-m", "1,9", "--name", "Ann", "--no-rest")
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(before.record()), encoding="utf-8")
    assert walk("--settings", file) == before


@pytest.mark.parametrize("key", ["stepps", "Steps", "help", "lambd", "_"])
def test_an_unknown_key_is_refused(key, settings_file):
    with pytest.raises(InputError, match=f"unknown setting '{key}'; see `hlfd walk --help`"):
        walk("home", "--settings", settings_file(**{key: 1}))


@pytest.mark.parametrize(("value", "told"), [(0, "greater than 0, found 0"), ("many", "integer"), (1.5, "integer")])
def test_a_bad_value_in_the_file_is_told_by_its_name(value, told, settings_file):
    with pytest.raises(InputError, match=f"^--steps: .*{told}.*; see `hlfd walk --help`$"):
        walk("home", "--settings", settings_file(steps=value))


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("none.json", None, "cannot be read as a settings file"),
        ("a.json", "{steps: 1}", "not valid JSON"),
        ("a.json", "[1, 2]", "a settings file holds names and values, found a list"),
        ("a.toml", "steps 1", "not valid TOML"),
        ("a.json", "\udcff", "not valid JSON"),
    ],
)
def test_a_settings_file_that_is_none_is_told(name, text, told, tmp_path):
    if text is not None:
        (tmp_path / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(InputError, match=told):
        read_settings(tmp_path / name)


def test_the_environment_changes_nothing(monkeypatch):
    for name in ("GOAL", "STEPS", "LAMBDA", "RANGE_M", "SING", "REST", "NAME"):
        for variable in (name, name.lower(), f"HLFD_{name}"):
            monkeypatch.setenv(variable, "5")
    assert walk("home") == Walk(goal=Path("home"))
    with pytest.raises(InputError, match="GOAL"):
        walk()


def test_settings_cannot_be_changed_later():
    with pytest.raises(ValidationError, match="frozen"):
        walk("home").steps = 3


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: GOAL"),
        (["home", "away"], "unrecognized arguments: away"),
        (["home", "--step", "3"], "unrecognized arguments: --step=3"),
        (["home", "--lambda", "-0.5"], "^--lambda: Input should be greater than or equal to 0, found '-0.5'"),
        (["home", "--range-m", "1"], "^--range-m, value 2: is missing;"),
        (["home", "--range-m", "1,x"], "^--range-m, value 2: .*valid number"),
        (["home", "--steps"], "argument --steps: expected one argument"),
    ],
)
def test_mistakes_name_the_option_as_it_is_typed(arguments, told):
    with pytest.raises(InputError, match=told):
        walk(*arguments)


def test_help_is_for_people(capsys):
    with pytest.raises(SystemExit):
        walk("--help")
    shown = capsys.readouterr().out
    assert shown.startswith("usage: hlfd walk [-h] [--steps N] [--lambda X] [--range-m X,X] [--name TEXT]")
    text = " ".join(shown.split())
    assert "--steps N How many steps. (default: 10)" in text
    assert "--range-m X,X Shortest and longest step, m. (default: 1.0,2.0)" in text
    assert "--name TEXT Of the walker. --sing" in text
    assert "--sing, --no-sing Sing on the way. --rest" in text
    assert "--rest, --no-rest Rest on the way. (on by default)" in text
