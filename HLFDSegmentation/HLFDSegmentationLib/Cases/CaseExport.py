"""Writes the cases of a plan to a dataset folder, step by step beside the window, whole or not at all."""

import contextlib
import shutil
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from ..BackendPlace import useBackend
from ..BackendWords import forPanel
from ..Words import Refusal
from ..Words import tr as _
from .CaseFiles import CaseCopy, copyCase, writeCase, writeTables

STEP_S = 0.02
BYTES_A_VOXEL = 3
"""Two of the CT, one of the labels."""
SPARE_BYTES = 50_000_000
LEFT_S = 3600.0


class CaseExport:
    """Of cases of the scene. `step()` is called again and again from a timer of the window.

    Attributes:
        total: cases to be written.
        done: cases that are.
    """

    def __init__(self, scene, planned, settings: dict, dataFolder):
        self.total, self.done = len(planned.cases), 0
        self._scene, self._planned, self._settings = scene, planned, settings
        self._folder = Path(dataFolder).absolute()
        self._part: Path | None = None
        self._work = self._writeAll()
        self._writer: _Writer | None = None

    def step(self) -> bool:
        """Go on for some milliseconds; True when all is written.

        Raises:
            Refusal: it cannot be written, or a node is gone; nothing half-written is left then.
        """
        until = time.monotonic() + STEP_S
        try:
            while True:
                next(self._work)
                if time.monotonic() >= until:
                    return False
        except StopIteration:
            return True
        except OSError as error:
            self.cancel()
            raise Refusal(_toldBySystem(error, self._folder)) from None
        except Exception:
            self.cancel()
            raise

    def cancel(self) -> None:
        """Write no more, and remove what is half-written."""
        self._work.close()
        part, self._part = self._part, None
        if self._writer is not None:
            self._writer.whenEnded(lambda: _removed(part))
        else:
            _removed(part)

    def prepareSettings(self) -> dict:
        """Settings for `hlfd prepare`, without `store`."""
        return {"data": str(self._folder), "splits": str(self._folder / "splits.json"), **self._settings}

    def _writeAll(self) -> Iterator[None]:
        yield
        useBackend()
        from hlfd.files import UNFINISHED

        _requireRoom(self._folder, self._planned.voxels * BYTES_A_VOXEL + SPARE_BYTES)
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        _sweepUp(self._folder.parent.parent, f"*/{UNFINISHED}cases-*")
        self._part = Path(tempfile.mkdtemp(prefix=f"{UNFINISHED}cases-", dir=self._folder.parent))
        for case in self._planned.cases:
            copy: CaseCopy = yield from copyCase(self._scene, case)
            yield from self._written(lambda copy=copy: writeCase(self._part, copy))
            self.done += 1
        yield from self._written(lambda: writeTables(self._part, self._planned.cases))
        self._putInPlace()

    def _written(self, write) -> Iterator[None]:
        """Let a thread write; it lends its lock to it while it waits."""
        self._writer = _Writer(write)
        while not self._writer.hasEnded(STEP_S):
            yield
        writer, self._writer = self._writer, None
        if writer.error is not None:
            raise writer.error

    def _putInPlace(self) -> None:
        with contextlib.suppress(OSError):
            self._folder.rmdir()  # an empty one does not count
        self._part.chmod(0o755)
        self._part.rename(self._folder)
        self._part = None


class _Writer:
    """Runs a function in a thread."""

    def __init__(self, write):
        self.error: Exception | None = None
        self._write, self._after = write, None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="HLFDSegmentation export", daemon=True)
        self._thread.start()

    def hasEnded(self, wait_s: float) -> bool:
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def whenEnded(self, after) -> None:
        """Call `after()` in the thread at its end; at once if it has ended."""
        with self._lock:
            if self._thread.is_alive():
                self._after = after
                return
        after()

    def _run(self) -> None:
        try:
            self._write()
        except Exception as error:
            self.error = error
        with self._lock:
            after = self._after
        if after is not None:
            after()


def _requireRoom(folder: Path, size: int) -> None:
    from hlfd.errors import InputError
    from hlfd.files import existing, refuse_existing

    try:
        refuse_existing(folder)
        free = shutil.disk_usage(existing(folder)).free
    except InputError as error:
        raise Refusal(forPanel(str(error))) from None
    if free < size:
        sentence = _("{folder}: {free:.1f} GB are free, and the cases take {size:.1f} GB; free space, or use fewer.")
        raise Refusal(sentence.format(folder=folder.parent, free=free / 1e9, size=size / 1e9))


def _sweepUp(folder: Path, pattern: str) -> None:
    """Remove what exports left that Slicer did not live to end; another Slicer may be at work on a young one."""
    for left in folder.glob(pattern):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > LEFT_S:
                shutil.rmtree(left)


def _removed(part: Path | None) -> None:
    if part is not None:
        shutil.rmtree(part, ignore_errors=True)


def _toldBySystem(error: OSError, folder: Path) -> str:
    from hlfd.files import disk_is_full

    if disk_is_full(error):
        return _("{folder}: the disk is full; free space, or use fewer cases.").format(folder=folder.parent)
    return _("{folder} cannot be written ({reason}); choose another place or correct its permissions.").format(
        folder=folder, reason=error.strerror or error
    )
