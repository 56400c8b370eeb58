"""Writing that is whole or absent, and outputs that are never replaced unasked."""

import contextlib
import errno
import hashlib
import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hlfd.errors import InputError

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_SPACE_IN_WORDS = ("No space left on device", "Disk quota exceeded", "File too large", "disk full")
PROBE_BYTES = 1 << 20
UNFINISHED = ".hlfd-part-"
"""What names of files and folders begin with while they are written."""


def refuse_existing(path: Path, overwrite: bool = False) -> None:
    """Stop before any work when an output is already there, or could not be written.

    Raises:
        InputError: `path` exists (an empty folder does not count) and `overwrite` is off, or nothing can be
            written at its place.
    """
    empty_folder = path.is_dir() and not any(path.iterdir())
    if path.exists() and not empty_folder and not overwrite:
        raise InputError(f"{path}: already exists; choose another name or add --overwrite")
    _require_writable(path.parent)


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a temporary sibling with the same ending; it takes the place of `path` only if the block succeeds.

    Raises:
        OSError: writing failed; with ENOSPC where the disk is full, whatever the failed writer said.
    """
    path = path.resolve()  # a link stays a link, to the new file
    path.parent.mkdir(parents=True, exist_ok=True)
    suffix = "".join(path.suffixes[-2:])
    handle, name = tempfile.mkstemp(prefix=UNFINISHED, suffix=suffix, dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        with _full_disk_told(path):
            yield temporary
            with temporary.open("rb+") as stream:
                os.fsync(stream.fileno())
        _give_usual_permissions(temporary)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def whole_folder(path: Path, overwrite: bool = False, marker: str = "") -> Iterator[Path]:
    """Give a temporary sibling folder; it takes the place of `path` only if the block succeeds.

    Raises:
        InputError: `path` is there and `overwrite` is off, or `path` lacks the file `marker` which says that
            it is of the kind to be replaced: a slip of the keyboard must not cost a folder of CTs.
        OSError: writing failed; with ENOSPC where the disk is full, whatever the failed writer said.
    """
    refuse_existing(path, overwrite)
    _require_replaceable(path, marker)
    path = path.resolve()  # a link stays a link, to the new folder
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=UNFINISHED, dir=path.parent))
    try:
        with _full_disk_told(path):
            yield temporary
        temporary.chmod(0o777 & ~_umask())
        _put_in_place(path, temporary, overwrite)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def existing(path: Path) -> Path:
    """Give the path itself, or the nearest folder above it that is there.

    Raises:
        InputError: not even the drive is there.
    """
    places = (path.absolute(), *path.absolute().parents)
    if (found := next((place for place in places if place.exists()), None)) is None:
        raise InputError(f"{places[-1]}: no such drive; connect it, or choose another place")
    return found


def sweep_up(folder: Path, older_than_s: float = 0.0) -> None:
    """Remove what a process that was killed left half-written in a folder.

    Where others may be writing, only what has not been touched for so long is removed.
    """
    for path in folder.glob(f"{UNFINISHED}*"):
        with contextlib.suppress(FileNotFoundError):  # two may sweep
            if older_than_s and time.time() - path.stat().st_mtime < older_than_s:
                continue
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def write_json(path: Path, content: Any) -> None:
    """Write `content` as indented JSON, whole or not at all."""
    with whole_file(path) as temporary:
        temporary.write_text(json.dumps(content, indent=2, default=str) + "\n", encoding="utf-8")


def read_json(path: Path, what: str) -> Any:
    """Read a JSON file that the user or an earlier command made.

    Raises:
        InputError: the file is missing, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path}: no such file; expected {what}") from None
    except (ValueError, IsADirectoryError) as error:
        raise InputError(f"{path}: not readable as {what} ({error})") from None


def sha256(path: Path) -> str:
    """Hash a file without holding it in memory."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def disk_is_full(error: BaseException) -> bool:
    """Tell whether an error, or what caused it, means that no space was left."""
    no_space = isinstance(error, OSError) and error.errno in NO_SPACE
    # Native writers (ITK, torch, safetensors) report it in words only.
    said_so = any(words in str(error) for words in NO_SPACE_IN_WORDS)
    return no_space or said_so or (error.__cause__ is not None and disk_is_full(error.__cause__))


@contextlib.contextmanager
def _full_disk_told(path: Path) -> Iterator[None]:
    """Turn any failure into ENOSPC if the disk takes no more: numpy and torch only say that something is odd."""
    try:
        yield
    except Exception as error:
        if disk_is_full(error) or _takes_no_more(path.parent):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error
        raise


def _takes_no_more(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder) as stream:
            stream.write(bytes(PROBE_BYTES))
            stream.flush()
    except OSError as error:
        return error.errno in NO_SPACE
    return False


def _require_writable(folder: Path) -> None:
    place = existing(folder)
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        raise InputError(f"{place}: nothing can be written there ({error.strerror}); choose another place") from None


def _require_replaceable(path: Path, marker: str) -> None:
    if path.exists() and not path.is_dir():
        raise InputError(f"{path}: is a file, and a folder is to be written; choose another name")
    if path.exists() and any(path.iterdir()) and not (path / marker).is_file():
        raise InputError(f"{path}: has no {marker or 'mark of hlfd'}, so it is not replaced; choose another name")


def _put_in_place(path: Path, new: Path, overwrite: bool) -> None:
    """Give `new` the name `path`; of two who want the same name at once, one gets it."""
    if overwrite and path.exists():
        _replace_folder(path, new)
        return
    with contextlib.suppress(OSError):
        path.rmdir()  # an empty folder does not count
    try:
        new.rename(path)  # never onto a folder that has something in it
    except OSError:
        if path.exists():
            raise InputError(f"{path}: was made by somebody else in the meantime; choose another name") from None
        raise


def _replace_folder(path: Path, new: Path) -> None:
    """Put `new` in the place of `path`; if that fails, `path` is as it was."""
    retired = new.with_name(new.name + "-old")
    path.rename(retired)
    try:
        new.rename(path)
    except BaseException:
        retired.rename(path)
        raise
    shutil.rmtree(retired)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _give_usual_permissions(path: Path) -> None:
    """mkstemp makes files private; a result is as readable as any other file of the user's."""
    path.chmod(0o666 & ~_umask())
