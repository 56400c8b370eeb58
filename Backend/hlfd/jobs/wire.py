"""What a job on a cluster says of itself: marked lines in its log, between what it prints. Standard library only.

Ray passes a log on as text, in messages of a few lines; a line here is ASCII and far below what one may hold.
"""

import base64
import hashlib
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

from hlfd.errors import InputError
from hlfd.files import UNFINISHED

MARK = "@hlfd "
PIECE_BYTES = 48_000
THREADS_OF_NODE = "HLFD_THREADS_OF_NODE"
"""OMP_NUM_THREADS as a node has it: Ray sets it to 1 for a job that reserved no processors, and hlfd would obey."""


def spoken(kind: str, **content: Any) -> str:
    """Make a line that says something: `event`, `beat`, `file`, `piece` or `end`."""
    return MARK + json.dumps({"is": kind, **content})


def heard(line: str) -> dict[str, Any] | None:
    """Read such a line; None for whatever else was printed."""
    if not line.startswith(MARK):
        return None
    try:
        said = json.loads(line.removeprefix(MARK))
    except ValueError:
        return None
    return said if isinstance(said, dict) and "is" in said else None


def lines_of(file: Path, name: str, digests: dict[str, str]) -> Iterator[str]:
    """Give a file as lines, and put its digest into `digests` when all of it was given."""
    digest = hashlib.sha256()
    yield spoken("file", name=name)
    with file.open("rb") as stream:
        while piece := stream.read(PIECE_BYTES):
            digest.update(piece)
            yield spoken("piece", base64=base64.b64encode(piece).decode())
    digests[name] = digest.hexdigest()


class Parcel:
    """Puts files together as they come; they take their place when all are there and right, or not at all."""

    def __init__(self, folder: Path) -> None:
        """Prepare for files that belong into `folder`."""
        self._folder = folder
        self._aside = folder.with_name(f"{UNFINISHED}{folder.name}")
        shutil.rmtree(self._aside, ignore_errors=True)
        self._stream: BinaryIO | None = None
        self._digests: dict[str, Any] = {}

    def begin(self, name: str) -> None:
        """Begin with a file.

        Raises:
            InputError: its name would lead out of the folder.
        """
        self.close()
        parts = PurePosixPath(name).parts
        if not parts or ".." in parts or name.startswith("/") or set(name) & set("\\:"):
            raise InputError(f"{name}: not the name of a file of a result; is the cluster one that you trust?")
        path = self._aside.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        self._stream, self._digest = path.open("wb"), hashlib.sha256()
        self._digests[name] = self._digest

    def add(self, piece: str) -> None:
        """Add to the file that was begun last."""
        if self._stream is not None:
            content = base64.b64decode(piece)
            self._digest.update(content)
            self._stream.write(content)

    def finish(self, digests: Mapping[str, str]) -> None:
        """Put all files into their place, in that of those that came earlier.

        Raises:
            InputError: one is missing or damaged.
        """
        self.close()
        for name, digest in digests.items():
            if name not in self._digests or self._digests[name].hexdigest() != digest:
                raise InputError(f"{name}: came back damaged from the cluster; resume the job, and it comes again")
        if not digests:
            return
        with tempfile.TemporaryDirectory(prefix=UNFINISHED, dir=self._folder.parent) as retired:
            if self._folder.exists():
                self._folder.rename(Path(retired) / self._folder.name)
            self._aside.rename(self._folder)

    def close(self) -> None:
        """Let go of the file that was begun last."""
        if self._stream is not None:
            self._stream.close()
            self._stream = None

    def forget(self) -> None:
        """Remove what did not come to its place."""
        self.close()
        shutil.rmtree(self._aside, ignore_errors=True)
