"""Rows as users write them."""

import pytest

from hlfd.arena.rows import Row, parse_rows, settings_of
from hlfd.errors import InputError


def test_a_row_is_a_method_and_what_is_changed_of_it():
    rows = parse_rows("none,hlfd:UFD+IFD,hlfd@decoder[beta=0.9, lambda=0.2],deep")
    assert rows[-3:] == (
        Row("hlfd:UFD+IFD", "hlfd", "UFD,IFD", False, {}),
        Row("hlfd@decoder[beta=0.9, lambda=0.2]", "hlfd", "", True, {"beta": "0.9", "lambda": "0.2"}),
        Row("deep", "deep", "", False, {}),
    )
    assert [row.role for row in rows] == ["variant", "method", "ablation", "variant", "control"]


def test_each_students_baseline_comes_along():
    assert [row.name for row in parse_rows("hlfd")] == ["none", "hlfd"]
    assert [row.name for row in parse_rows("hlfd@decoder,kd")] == ["none@decoder", "none", "hlfd@decoder", "kd"]
    assert [row.name for row in parse_rows("kd,none")] == ["kd", "none"]


def test_titles_say_what_a_row_is():
    titles = {row.name: row.title for row in parse_rows("hlfd,hlfd:UPD,hlfd@decoder[power=4]")}
    assert titles["hlfd"] == "HLFD"
    assert titles["hlfd:UPD"] == "HLFD: only UPD"
    assert titles["hlfd@decoder[power=4]"] == "HLFD: light decoder, power 4"


def test_folders_can_be_made_everywhere_and_are_told_apart():
    rows = parse_rows("hlfd,hlfd@decoder,hlfd:UFD,hlfd[beta=0.9,lambda=0.1],hlfd[beta=0.9,lambda=0.2]")
    folders = [row.folder for row in rows]
    assert len(set(folders)) == len(folders)
    assert all(character.isalnum() or character in "._-" for folder in folders for character in folder)


def test_settings_of_a_row_are_options_of_distill():
    row = parse_rows("hlfd:UFD@decoder[power=4]")[-1]
    assert settings_of(row) == {"power": "4", "method": "hlfd", "terms": "UFD", "decoder": True}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("hlfd,magic", "magic is unknown; there are none, kd"),
        ("hlfd,hlfd", "hlfd stands twice"),
        ("hlfd[beta=1],hlfd[beta= 1]", "hlfd[beta=1] stands twice"),
        ("hlfd[seed=3]", "hlfd[seed=3]: seed is the same in all rows, or they are no comparison; set it for the whole"),
        ("hlfd[decoder=true]", "or they are no comparison; write METHOD@decoder"),
        ("hlfd[beta]", "'beta' is not of the form setting=value"),
        ("hlfd@tower", "'hlfd@tower' is not of the form"),
        ("", "'' is not of the form"),
    ],
)
def test_rows_that_cannot_be_read_are_refused_in_a_sentence(text, sentence):
    with pytest.raises(InputError) as refused:
        parse_rows(text)
    assert sentence in str(refused.value)


def test_settings_may_be_written_as_options_are():
    assert parse_rows("hlfd[map-stride=1,lambda_=2]")[-1].changes == {"map_stride": "1", "lambda": "2"}
