"""The files of a model: checked, as the backend checks them, and copied from a folder or a .zip, or to one.

A model is a bundle (`hlfd/bundle.py`): a manifest with the SHA-256 of every file and its own digest, weights, a card.
"""

import contextlib
import hashlib
import json
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path, PurePosixPath

from ..BackendPlace import useBackend
from ..Words import Refusal
from ..Words import tr as _

BUNDLE_FORMAT = 1
MANIFEST, CARD, WEIGHTS = "manifest.json", "MODEL_CARD.md", "weights.safetensors"
FILES = (MANIFEST, CARD, WEIGHTS)
INSIDE_OF_A_RUN = "bundle"
"""Where the folder of a training has its model."""


def readManifest(folder: Path) -> dict:
    """The manifest of a bundle, once it is known to be unaltered.

    Raises:
        Refusal: it is missing, altered, or of another format.
    """
    try:
        content = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except FileNotFoundError:
        sentence = _("{folder} has no {file}, so it is not a model; choose the folder that a training exported.")
        raise Refusal(sentence.format(folder=folder, file=MANIFEST)) from None
    except (OSError, ValueError):
        raise Refusal(_("{file} cannot be read; copy the model again.").format(file=folder / MANIFEST)) from None
    if not isinstance(content, dict) or content.get("format") != BUNDLE_FORMAT:
        sentence = _("{folder} is not a model of format {format}; export it again with this version.")
        raise Refusal(sentence.format(folder=folder, format=BUNDLE_FORMAT))
    if content.get("digest") != digestOf(content):
        sentence = _("{file} was altered after export; copy or export the model again.")
        raise Refusal(sentence.format(file=folder / MANIFEST))
    return content


def digestOf(manifest: dict) -> str:
    """What `digest` of a manifest has to be."""
    content = {key: value for key, value in manifest.items() if key != "digest"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def checkFiles(folder: Path, manifest: dict) -> None:
    """Hash every file of a bundle; this reads all of it.

    Raises:
        Refusal: one is missing or was altered.
    """
    useBackend()
    from hlfd.files import sha256

    hashes = manifest.get("files")
    for name in (CARD, WEIGHTS):
        if not (folder / name).is_file():
            sentence = _("{file} is missing; copy or export the whole model again.")
            raise Refusal(sentence.format(file=folder / name))
        if not isinstance(hashes, dict) or sha256(folder / name) != hashes.get(name):
            sentence = _("{file} was altered or damaged after export; copy or export the model again.")
            raise Refusal(sentence.format(file=folder / name))


def takeFiles(source: Path, target: Path) -> None:
    """Copy the files of a bundle out of a folder (or a training's) or a .zip into a folder that is there.

    Raises:
        Refusal: the source is neither, or lacks a file.
        OSError: reading or writing failed.
    """
    take = _unpack if source.is_file() else _copy
    take(source, target)


def packFiles(folder: Path, zipPath: Path) -> None:
    """Write the files of a bundle into a .zip, in a folder of its name, whole or not at all.

    Raises:
        OSError: reading or writing failed.
    """
    useBackend()
    from hlfd.files import whole_file

    with whole_file(zipPath) as temporary, zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as packed:
        for name in FILES:  # weights do not get smaller
            packed.write(folder / name, f"{zipPath.stem}/{name}")


@contextlib.contextmanager
def diskFaultsInWords() -> Iterator[None]:
    """Turn the errors of a disk into a `Refusal`."""
    useBackend()
    from hlfd.files import disk_is_full

    try:
        yield
    except OSError as error:
        place = error.filename or _("the disk")
        if disk_is_full(error):
            raise Refusal(_("There is no space left for {place}; free some.").format(place=place)) from None
        sentence = _("{place} could not be read or written ({reason}); close what uses it, or correct its permissions.")
        raise Refusal(sentence.format(place=place, reason=error.strerror or error)) from None


def _copy(source: Path, target: Path) -> None:
    if not (source / MANIFEST).exists() and (source / INSIDE_OF_A_RUN / MANIFEST).exists():
        source = source / INSIDE_OF_A_RUN
    readManifest(source)  # before anything large is read
    _each(target, lambda name: (source / name).open("rb"), lambda name: (source / name).is_file(), source)


def _unpack(source: Path, target: Path) -> None:
    try:
        with zipfile.ZipFile(source) as packed:
            inside = _folderInside(source, packed)
            names = set(packed.namelist())
            _each(target, lambda name: packed.open(inside + name), lambda name: inside + name in names, source)
    except (zipfile.BadZipFile, NotImplementedError, EOFError):
        raise Refusal(_("{file} is not a whole .zip file; copy it again.").format(file=source)) from None
    except RuntimeError:  # what zipfile says of a password
        sentence = _("{file} has a password; unpack it and choose the folder.")
        raise Refusal(sentence.format(file=source)) from None


def _folderInside(source: Path, packed: zipfile.ZipFile) -> str:
    """The folder of the one manifest of a .zip, with "/" behind it; empty at its top."""
    found = [name for name in packed.namelist() if PurePosixPath(name).name == MANIFEST]
    if len(found) != 1:
        sentence = _("{file} has {count} files {manifest}; choose a .zip of one model.")
        raise Refusal(sentence.format(file=source, count=len(found), manifest=MANIFEST))
    return found[0].removesuffix(MANIFEST)


def _each(target: Path, opened: Callable, isThere: Callable, source: Path) -> None:
    """Copy each file by its name alone: no name from outside ever says where something is written."""
    for name in FILES:
        if not isThere(name):
            sentence = _("{file} is missing from {place}; copy or export the whole model again.")
            raise Refusal(sentence.format(file=name, place=source))
        with opened(name) as read, (target / name).open("wb") as written:
            shutil.copyfileobj(read, written, 1 << 20)
