"""Outputs are whole or absent, and nothing that is not ours is ever replaced."""

import errno
import stat
from pathlib import Path

import pytest

from hlfd.errors import InputError
from hlfd.files import (
    _replace_folder,
    disk_is_full,
    existing,
    read_json,
    refuse_existing,
    sha256,
    sweep_up,
    whole_file,
    whole_folder,
    write_json,
)


@pytest.fixture
def old_file(tmp_path):
    file = tmp_path / "result.nii.gz"
    file.write_text("old", encoding="utf-8")
    return file


@pytest.fixture
def old_folder(tmp_path):
    """A folder that hlfd made earlier, with its marker, and a file that the new one will not have."""
    folder = tmp_path / "evaluation"
    folder.mkdir()
    (folder / "summary.json").write_text("{}", encoding="utf-8")
    (folder / "old.csv").write_text("old", encoding="utf-8")
    return folder


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_whole_file_takes_the_place_of_the_old_one(old_file):
    with whole_file(old_file) as temporary:
        temporary.write_text("new", encoding="utf-8")
        assert old_file.read_text(encoding="utf-8") == "old"
    assert old_file.read_text(encoding="utf-8") == "new"
    assert names(old_file.parent) == ["result.nii.gz"]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, SystemExit, InputError])
def test_a_fault_leaves_the_old_file_and_nothing_else(old_file, fault):
    with pytest.raises(fault), whole_file(old_file) as temporary:
        temporary.write_text("half", encoding="utf-8")
        raise fault
    assert old_file.read_text(encoding="utf-8") == "old"
    assert names(old_file.parent) == ["result.nii.gz"]


@pytest.mark.parametrize("name", ["a.nii.gz", "a.seg.nrrd", "Case 1.v2.nii.gz", "noending", ".hidden"])
def test_the_temporary_file_lies_beside_and_ends_like_the_file(tmp_path, name):
    with whole_file(tmp_path / name) as temporary:
        assert temporary.parent == tmp_path
        assert temporary.name != name
        assert temporary.suffixes[-2:] == (tmp_path / name).suffixes[-2:]
    assert names(tmp_path) == [name]


def test_a_file_that_the_block_took_away_is_an_error(old_file):
    with pytest.raises(FileNotFoundError), whole_file(old_file) as temporary:
        temporary.unlink()
    assert old_file.read_text(encoding="utf-8") == "old"


def test_folders_on_the_way_are_made(tmp_path):
    write_json(tmp_path / "a" / "b" / "c.json", {"x": 1})
    assert names(tmp_path / "a" / "b") == ["c.json"]


def test_a_link_stays_a_link_and_its_target_is_replaced(old_file, tmp_path):
    link = tmp_path / "link.nii.gz"
    link.symlink_to(old_file)
    with whole_file(link) as temporary:
        temporary.write_text("new", encoding="utf-8")
    assert link.is_symlink()
    assert old_file.read_text(encoding="utf-8") == "new"


def test_results_are_as_readable_as_other_files(tmp_path):
    (tmp_path / "usual").write_text("", encoding="utf-8")
    (tmp_path / "usual folder").mkdir()
    write_json(tmp_path / "ours.json", {})
    with whole_folder(tmp_path / "our folder") as temporary:
        (temporary / "file").write_text("", encoding="utf-8")
    for usual, ours in (("usual", "ours.json"), ("usual folder", "our folder")):
        modes = [stat.S_IMODE((tmp_path / name).stat().st_mode) for name in (usual, ours)]
        assert modes[0] == modes[1]


def test_a_whole_folder_appears_at_the_end_only(tmp_path):
    out = tmp_path / "deep" / "out"
    with whole_folder(out) as temporary:
        (temporary / "file").write_text("x", encoding="utf-8")
        assert not out.exists()
    assert names(out) == ["file"]
    assert names(out.parent) == ["out"]


@pytest.mark.parametrize("fault", [RuntimeError, KeyboardInterrupt, InputError])
def test_a_fault_leaves_the_old_folder_and_nothing_else(old_folder, fault):
    with pytest.raises(fault), whole_folder(old_folder, True, "summary.json") as temporary:
        (temporary / "half").write_text("x", encoding="utf-8")
        raise fault
    assert names(old_folder) == ["old.csv", "summary.json"]
    assert names(old_folder.parent) == ["evaluation"]


def test_a_fault_leaves_no_new_folder(tmp_path):
    with pytest.raises(RuntimeError), whole_folder(tmp_path / "out"):
        raise RuntimeError
    assert names(tmp_path) == []


def test_overwriting_replaces_all_of_our_folder(old_folder):
    with whole_folder(old_folder, True, "summary.json") as temporary:
        (temporary / "new.csv").write_text("x", encoding="utf-8")
    assert names(old_folder) == ["new.csv"]
    assert names(old_folder.parent) == ["evaluation"]


def test_a_linked_folder_is_replaced_where_it_is(old_folder, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(old_folder, target_is_directory=True)
    with whole_folder(link, True, "summary.json") as temporary:
        (temporary / "new.csv").write_text("x", encoding="utf-8")
    assert link.is_symlink()
    assert names(old_folder) == ["new.csv"]


def test_overwriting_never_touches_a_folder_that_is_not_ours(old_folder):
    (old_folder / "summary.json").unlink()
    for marker in ("summary.json", ""):
        with pytest.raises(InputError, match="is not replaced"), whole_folder(old_folder, True, marker):
            raise AssertionError("nothing should be computed")
    assert names(old_folder) == ["old.csv"]


def test_a_file_is_not_replaced_by_a_folder(old_file):
    with pytest.raises(InputError, match="is a file, and a folder is to be written"), whole_folder(old_file, True):
        raise AssertionError("nothing should be computed")
    assert old_file.read_text(encoding="utf-8") == "old"


def test_an_empty_folder_may_be_filled(tmp_path):
    (tmp_path / "out").mkdir()
    with whole_folder(tmp_path / "out") as temporary:
        (temporary / "file").write_text("x", encoding="utf-8")
    assert names(tmp_path / "out") == ["file"]


def test_if_the_new_folder_cannot_take_its_place_the_old_one_comes_back(old_folder, tmp_path):
    with pytest.raises(FileNotFoundError):
        _replace_folder(old_folder, tmp_path / "vanished")
    assert names(old_folder) == ["old.csv", "summary.json"]
    assert names(tmp_path) == ["evaluation"]


def test_sweeping_up_removes_what_was_left_half_written_and_nothing_else(tmp_path):
    with whole_file(tmp_path / "a.ckpt") as file, whole_folder(tmp_path / "bundle") as folder:
        left = [file, folder / "deep" / "weights"]
    for path in left:  # as a process leaves them that was killed
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("half")
    (tmp_path / "bundle").rmdir()
    for name in ("a.ckpt", "hlfd-part-mine", ".hidden"):
        (tmp_path / name).write_text("whole")
    sweep_up(tmp_path)
    assert names(tmp_path) == [".hidden", "a.ckpt", "hlfd-part-mine"]
    sweep_up(tmp_path / "nowhere")


def test_a_drive_that_is_not_there_is_told(monkeypatch):
    monkeypatch.setattr(Path, "exists", lambda _path: False)
    with pytest.raises(InputError, match="no such drive; connect it, or choose another place"):
        existing(Path("runs/student"))


def test_existing_outputs_are_refused_unless_asked(old_file, old_folder, tmp_path):
    for there in (old_file, old_folder):
        with pytest.raises(InputError, match="already exists; choose another name or add --overwrite"):
            refuse_existing(there)
        refuse_existing(there, overwrite=True)
    refuse_existing(tmp_path / "new")
    refuse_existing(tmp_path / "far" / "away" / "new")
    assert names(tmp_path) == ["evaluation", "result.nii.gz"]


def test_a_place_below_a_file_is_refused_before_any_work(old_file):
    with pytest.raises(InputError, match="nothing can be written there"):
        refuse_existing(old_file / "sub" / "out")


def test_json_goes_out_and_comes_back(tmp_path):
    content = {"labels": ["kidney", "Leber, größer"], "dice": 0.25, "none": None}
    write_json(tmp_path / "a.json", content)
    assert read_json(tmp_path / "a.json", "a test") == content
    assert (tmp_path / "a.json").read_bytes().endswith(b"}\n")


def test_json_that_is_not_there_is_told(tmp_path):
    with pytest.raises(InputError, match="no such file; expected a store"):
        read_json(tmp_path / "a.json", "a store")


@pytest.mark.parametrize("content", [b"{", b"\xff\xfe\x00", b""])
def test_json_that_cannot_be_read_is_told(tmp_path, content):
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InputError, match="not readable as a store"):
        read_json(tmp_path / "a.json", "a store")


def test_the_hash_is_that_of_the_standard(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    assert sha256(tmp_path / "abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_a_full_disk_is_known_by_its_number(number):
    assert disk_is_full(OSError(number, "in any language"))


@pytest.mark.parametrize(
    "words",
    [
        "Error while serializing: I/O error: No space left on device (os error 28)",  # safetensors
        "MetaImageIO: File cannot be written: a.mha\nReason: No space left on device",  # ITK
        "write(): fd 3 failed with No space left on device",  # torch
    ],
)
def test_a_full_disk_is_known_by_its_words(words):
    assert disk_is_full(RuntimeError(words))
    wrapped = ValueError("could not save")
    wrapped.__cause__ = RuntimeError(words)
    assert disk_is_full(wrapped)


@pytest.mark.parametrize("error", [OSError(errno.EACCES, "no"), RuntimeError("shapes differ"), ValueError()])
def test_other_errors_are_no_full_disk(error):
    assert not disk_is_full(error)


def test_a_mistake_in_the_block_is_not_taken_for_a_full_disk(tmp_path):
    with pytest.raises(ValueError, match=r"^a mistake$"), whole_file(tmp_path / "a"):
        raise ValueError("a mistake")
    with pytest.raises(ValueError, match=r"^a mistake$"), whole_folder(tmp_path / "b"):
        raise ValueError("a mistake")


def test_of_two_who_make_one_folder_at_once_one_gets_it(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(InputError, match="was made by somebody else in the meantime"), whole_folder(out) as late:
        (late / "late").touch()
        with whole_folder(out) as soon:
            (soon / "soon").touch()
    assert [path.name for path in out.iterdir()] == ["soon"]
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
