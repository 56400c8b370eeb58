"""What comes back from a cluster as lines of a log: whole and right, or not at all, and nowhere else."""

import os

import pytest

from hlfd.errors import InputError
from hlfd.jobs.remote import results
from hlfd.jobs.wire import MARK, Parcel, heard, lines_of, spoken

LONGEST_LINE = 1 << 20
"""Ray passes on messages of up to 4 MB, of one long line or several short ones."""


@pytest.fixture
def sent(tmp_path):
    """Gives the lines of files, name -> content, and their digests."""

    def send(files):
        lines, digests = [], {}
        for name, content in files.items():
            (tmp_path / "file").write_bytes(content)
            lines += lines_of(tmp_path / "file", name, digests)
        return lines, digests

    return send


def receive(folder, lines, digests):
    """Take the lines as whoever follows a log does."""
    parcel = Parcel(folder)
    for line in lines:
        said = heard(line)
        parcel.begin(said["name"]) if said["is"] == "file" else parcel.add(said["base64"])
    try:
        parcel.finish(digests)
    finally:
        parcel.forget()


def content_of(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


FILES = {"run/result.json": b"{}", "run/bundle/weights": os.urandom(200_001), "run/bundle/empty": b""}


def test_files_come_back_byte_for_byte(sent, tmp_path):
    lines, digests = sent(FILES)
    receive(tmp_path / "brought", lines, digests)
    assert content_of(tmp_path / "brought") == FILES
    assert max(map(len, lines)) < LONGEST_LINE
    assert all(line.isascii() and "\n" not in line for line in lines)


def test_they_replace_what_came_earlier_as_a_whole(sent, tmp_path):
    receive(tmp_path / "brought", *sent({"run/result.json": b"old", "run/bundle/more": b"old"}))
    receive(tmp_path / "brought", *sent(FILES))
    assert content_of(tmp_path / "brought") == FILES


@pytest.mark.parametrize("lost", [0, 3, -1], ids=["a file", "a piece", "the last"])
def test_with_a_line_lost_nothing_of_them_comes_to_its_place(lost, sent, tmp_path):
    receive(tmp_path / "brought", *sent({"run/result.json": b"old"}))
    lines, digests = sent(FILES)
    del lines[lost]
    with pytest.raises(InputError, match="came back damaged from the cluster; resume the job, and it comes again"):
        receive(tmp_path / "brought", lines, digests)
    assert content_of(tmp_path / "brought") == {"run/result.json": b"old"}
    assert {path.name for path in tmp_path.iterdir()} == {"brought", "file"}


@pytest.mark.parametrize("name", ["../other", "run/../../other", "/etc/other", "C:/other", "..\\other", "", "."])
def test_no_file_lands_outside(name, sent, tmp_path):
    with pytest.raises(InputError, match="not the name of a file of a result"):
        receive(tmp_path / "jobs" / "brought", *sent({name: b"content"}))
    assert {path.name for path in tmp_path.iterdir()} == {"file"}


@pytest.mark.parametrize("line", ["", "step 3 of 4", MARK, MARK + "{", MARK + "[1]", MARK + "{}", " " + spoken("beat")])
def test_what_is_not_marked_or_not_whole_is_print(line):
    assert heard(line) is None


def test_what_is_said_is_heard_in_any_language():
    assert heard(spoken("event", event={"say": "Größe\n1 × 2"})) == {"is": "event", "event": {"say": "Größe\n1 × 2"}}


def test_of_a_run_its_model_and_summary_come_back(tmp_path):
    for name in (
        "result.json",
        "bundle/manifest.json",
        "last.ckpt",
        "best.safetensors",
        "tensorboard/x",
        "events.jsonl",
    ):
        (tmp_path / "r" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "r" / name).touch()
    came = results({"where": str(tmp_path), "settings": {"run": "r"}})
    assert [name for _, name in came] == ["r/bundle/manifest.json", "r/result.json"]


def test_of_an_arena_its_tables_and_charts_come_back(tmp_path):
    for name in ("arena.json", "table.md", "rows.csv", "curves.svg", "units/hlfd/bundle/manifest.json"):
        (tmp_path / "a" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "a" / name).touch()
    came = results({"where": str(tmp_path), "settings": {"run": "a"}})
    assert [name for _, name in came] == ["a/arena.json", "a/curves.svg", "a/rows.csv", "a/table.md"]


def test_of_a_segmentation_its_file_comes_back(tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "kidney.seg.nrrd").touch()
    came = results({"where": str(tmp_path), "settings": {"out": "out/kidney.seg.nrrd", "run": None}})
    assert list(came) == [(tmp_path / "out" / "kidney.seg.nrrd", "kidney.seg.nrrd")]
