"""The teacher's answers on disk: computed once for every training slice, cut and turned with the crops."""

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from lightning_fabric import Fabric
from torch import nn

from hlfd.data.batches import AIR_HU, windowed
from hlfd.data.frames import Array
from hlfd.data.lattice import LATTICE, Place, cut, origin, rounded_up
from hlfd.data.store import Store, StoredCase
from hlfd.distillation.targets import LiveTeacher, Source
from hlfd.errors import InputError, Stopped
from hlfd.events import Events
from hlfd.files import sweep_up, whole_file, write_json
from hlfd.stopping import stop_asked
from hlfd.together import agreed, gathered, own_share

ABOUT = "about.json"
PIXELS_AT_ONCE = 1 << 20
TARGETS_FORMAT = 1
"""Raised when the same teacher would be asked for other values, so that old ones are not taken for them."""
LEFT_S = 3600.0
"""Age from which on a half-written file is one that a killed process left: two runs may ask the same teacher."""
MAPS_AT_ONCE = 256
"""Each holds a file open, and systems allow a process few."""


class CachedTargets:
    """Targets of the training slices, memory-mapped: what a crop needs is read when it is drawn.

    They lie in the store's folder, apart for each teacher and way of drawing crops: `targets/DIGEST/CASE/SOURCE.npy`,
    float16, z c h w on each slice's lattice, for the slices that can be drawn. What is there already is not computed
    again.

    A crop gets what the teacher says with the whole slice in view, unturned and without jitter, cut and turned with the
    crop; a live teacher sees the crop alone, turned and jittered as the student sees it. Where crops are cut and
    turned, values are moved, never interpolated.
    """

    def __init__(
        self,
        store: Store,
        teacher: str,
        side: int,
        sources: Sequence[Source],
        only_tumor: bool = False,
        precision: str = "32",
    ) -> None:
        """Name what is wanted.

        Args:
            store: of the training slices.
            teacher: digest of the teacher's weights.
            side: of the crops that will be cut.
            sources: what the routes need.
            only_tumor: whether crops are drawn from slices with tumour alone.
            precision: of the teacher's arithmetic, as the settings name it.
        """
        self._store, self._side, self._sources, self._only_tumor = store, side, sources, only_tumor
        self._cases = {case.name: case for case in store.cases("training")}
        identity = json.dumps([TARGETS_FORMAT, store.digest(), teacher, side, only_tumor, precision])
        self.folder = store.folder / "targets" / hashlib.sha256(identity.encode()).hexdigest()[:16]
        self._maps: dict[tuple[str, str], Array] = {}
        self._rows: dict[str, dict[int, int]] = {}

    def crop(self, place: Place) -> dict[str, Array]:
        """Give each source's values for a crop, c side/stride side/stride, float32."""
        if place.side != self._side:
            raise ValueError(f"targets were computed for crops of {self._side}, not {place.side}")
        found = {}
        for source in self._sources:
            row, column = (begin // source.stride for begin in place.start)
            cells = place.side // source.stride
            whole = self._map(place.case, source)[self._row_of(place)]
            part = place.turned(whole[:, row : row + cells, column : column + cells])
            found[source.name] = np.ascontiguousarray(part, dtype=np.float32)
        return found

    def missing(self) -> list[StoredCase]:
        """Training cases for which some source is not there yet."""
        cases = (case for case in self._cases.values() if len(self._planes(case)))
        return [case for case in cases if any(not self._file(case.name, source).exists() for source in self._sources)]

    def fill(self, teacher: nn.Module, fabric: Fabric, events: Events) -> None:
        """Compute what is missing; stopped at any point, the next call goes on. The teacher ends on the CPU.

        Processes that train together share the cases out, and wait for each other.

        Args:
            teacher: the network.
            fabric: device and precision.
            events: hear of the cases.

        Raises:
            Stopped: a stop was asked of any of the processes.
        """
        missing = gathered(self.missing())[0]  # one list for all: a case may be done while another still looks
        for case in missing:
            sweep_up(self.folder / case.name, LEFT_S)
        own = missing[own_share(missing)]
        if own:
            self._ask(teacher, fabric, events, own)
        (stopped,) = agreed(stop_asked())
        if stopped:
            raise Stopped("stopped while the teacher was asked; --resume goes on")

    def _ask(self, teacher: nn.Module, fabric: Fabric, events: Events, missing: list[StoredCase]) -> None:
        write_json(self.folder / ABOUT, {"crop": self._side, "sources": [source.name for source in self._sources]})
        events.emit("started", what="Asking the teacher", of=len(missing))
        teacher.to(fabric.device)
        with fabric.autocast():
            for number, case in enumerate(missing, start=1):
                if stop_asked():
                    break
                self._fill_case(case, teacher, fabric.device)
                events.emit("item", at=number, note=case.name)
        teacher.cpu()
        if fabric.device.type == "cuda":
            torch.cuda.empty_cache()  # for the students, which may train in other processes

    def bytes_missing(self, teacher: nn.Module) -> int:
        """Size that the sources which are not there yet will have on disk, when `teacher` has been asked."""
        values = 0
        for case in self.missing():
            size = self._size(case.shape[1:])
            for source in self._sources:
                if not self._file(case.name, source).exists():
                    values += (
                        len(self._planes(case))
                        * _channels(source, teacher, self._store.classes)
                        * (size // source.stride) ** 2
                    )
        return values * np.dtype(np.float16).itemsize

    def bytes(self) -> int:
        """Size of the wanted sources on disk."""
        files = [self._file(name, source) for name in self._cases for source in self._sources]
        return sum(file.stat().st_size for file in files if file.exists())

    def _fill_case(self, case: StoredCase, teacher: nn.Module, device: torch.device) -> None:
        wanted = [source for source in self._sources if not self._file(case.name, source).exists()]
        live = LiveTeacher(teacher, wanted)
        with contextlib.ExitStack() as stack:
            streams = {}
            for source in wanted:
                temporary = stack.enter_context(whole_file(self._file(case.name, source)))
                streams[source.name] = stack.enter_context(temporary.open("wb"))
            for first, images in self._parts(case):
                batch = torch.from_numpy(images).to(device)
                for name, values in live(batch, batch).items():
                    part = np.ascontiguousarray(values.to(torch.float16).cpu().numpy())
                    if first == 0:
                        shape = (len(self._planes(case)), *part.shape[1:])
                        header = {"descr": part.dtype.str, "fortran_order": False, "shape": shape}
                        np.lib.format.write_array_header_1_0(streams[name], header)
                    streams[name].write(part.data)

    def _parts(self, case: StoredCase) -> Iterator[tuple[int, Array]]:
        """Slices of a case, windowed, a few at a time: the number of the first, and n 1 h w.

        Each lies where it does on its lattice, which is wide enough for every crop.
        """
        hu, planes = self._store.slices(case).hu, self._planes(case)
        size = self._size(hu.shape[1:])
        at_once = max(PIXELS_AT_ONCE // size**2, 1)
        for first in range(0, len(planes), at_once):
            placed = [
                cut(hu[plane], (0, 0), origin(case.name, int(plane), hu.shape[1:], self._side), size, AIR_HU)
                for plane in planes[first : first + at_once]
            ]
            yield first, windowed(np.stack(placed), self._store.manifest.window_hu)[:, None]

    def _size(self, shape: tuple[int, ...]) -> int:
        """Side of the lattice of slices of a shape."""
        longest = max(shape)
        return max(rounded_up(longest + (0 if longest <= self._side else LATTICE - 1)), self._side)

    def _planes(self, case: StoredCase) -> Array:
        """Which slices of a case can be drawn."""
        if not self._only_tumor:
            return np.arange(case.shape[0])
        return np.flatnonzero(self._store.counts(case)[:, self._store.tumor_value])

    def _row_of(self, place: Place) -> int:
        if not self._only_tumor:
            return place.plane
        if place.case not in self._rows:
            planes = self._planes(self._cases[place.case])
            self._rows[place.case] = {int(plane): row for row, plane in enumerate(planes)}
        return self._rows[place.case][place.plane]

    def _map(self, case: str, source: Source) -> Array:
        if (case, source.name) not in self._maps:
            if len(self._maps) >= MAPS_AT_ONCE:
                self._maps.clear()
            file = self._file(case, source)
            try:
                self._maps[case, source.name] = np.load(file, mmap_mode="r")
            except (FileNotFoundError, ValueError, EOFError):
                raise InputError(
                    f"{file}: missing or damaged; delete the folder {self.folder} and start again with --resume"
                ) from None
        return self._maps[case, source.name]

    def _file(self, case: str, source: Source) -> Path:
        return self.folder / case / f"{source.name}.npy"

    def __getstate__(self) -> dict[str, Any]:
        # Workers that cut crops map the files themselves.
        return {**self.__dict__, "_maps": {}}


def _channels(source: Source, teacher: nn.Module, classes: int) -> int:
    """Channels of what a source keeps of each cell."""
    if source.kind == "relation":
        return int(teacher.channels[source.taps[0]])  # type: ignore[index]
    return classes if source.kind == "pixel" else 1
