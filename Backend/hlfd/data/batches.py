"""Batches of crops: which slices are seen, how often tumour is among them, and the paper's augmentations."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from hlfd.data.frames import Array
from hlfd.data.lattice import LATTICE, Companion, Place, cut, origin, start
from hlfd.data.store import Store
from hlfd.errors import InputError

AIR_HU = -1024


@dataclass(frozen=True)
class CropSettings:
    """How crops are drawn."""

    crop: int
    """Side in working pixels."""
    batch: int
    """Crops a batch."""
    tumor_share: float
    """Share of the crops that hold tumour; half of the rest lies at the organ, half anywhere."""
    augment: bool
    """Random quarter turns and flips (section 3 of the paper)."""
    jitter: float
    """Largest random change of contrast and brightness, as a share of the window."""
    seed: int
    """Seed; crop j of batch k of a seed is always the same, so a resumed run sees what it would have seen."""
    share: tuple[int, int] = (0, 1)
    """Which of how many equal shares of every batch is wanted: several devices see together what one would see."""

    def own(self) -> range:
        """Numbers of the crops of a batch that are in this share."""
        number, count = self.share
        size = self.batch // count
        return range(number * size, (number + 1) * size)


@dataclass(frozen=True)
class Batch:
    """Crops and their labels."""

    images: torch.Tensor
    """b 1 h w, float32, window mapped to 0..1."""
    labels: torch.Tensor
    """b h w, int64, 0 is background."""
    targets: dict[str, torch.Tensor]
    """What is known of the teacher's answers for these crops; empty where nothing is stored."""

    def to(self, device: torch.device) -> "Batch":
        """Move to a device."""
        targets = {name: target.to(device, non_blocking=True) for name, target in self.targets.items()}
        return Batch(self.images.to(device, non_blocking=True), self.labels.to(device, non_blocking=True), targets)

    def parts(self, count: int) -> list["Batch"]:
        """Divide into `count` parts, or fewer where there are fewer crops."""
        cut = {name: target.chunk(count) for name, target in self.targets.items()}
        pairs = zip(self.images.chunk(count), self.labels.chunk(count), strict=True)
        return [
            Batch(images, labels, {name: parts[number] for name, parts in cut.items()})
            for number, (images, labels) in enumerate(pairs)
        ]


def windowed(hu: Array, window_hu: tuple[float, float]) -> Array:
    """Map HU to 0..1 over the window, clipped; float32."""
    low, high = window_hu
    return np.clip((hu.astype(np.float32) - low) / (high - low), 0.0, 1.0)


class Crops(Dataset[Batch]):
    """Batch number -> batch. Slices are read from disk as they are drawn."""

    def __init__(
        self, store: Store, settings: CropSettings, first: int, last: int, companion: Companion | None = None
    ) -> None:
        """Serve the batches `first` (inclusive) to `last` (exclusive) of the training cases."""
        self._store, self._settings, self._first, self._last = store, settings, first, last
        self._companion = companion
        self._cases = store.cases("training")
        self._pools = _pools([store.counts(case) for case in self._cases], store.tumor_value)

    def __len__(self) -> int:
        return self._last - self._first

    def __getitem__(self, position: int) -> Batch:
        if not 0 <= position < len(self):
            raise IndexError(position)
        seeds = [(self._settings.seed, self._first + position, crop) for crop in self._settings.own()]
        generators = [np.random.default_rng(seed) for seed in seeds]
        crops = [self._crop(generator) for generator in generators]
        images = np.stack([windowed(hu, self._store.manifest.window_hu) for _, hu, _ in crops])
        if self._settings.jitter:
            images = np.stack(list(map(self._jittered, images, generators)))
        labels = np.stack([labels for _, _, labels in crops])
        targets = self._targets([place for place, _, _ in crops])
        return Batch(torch.from_numpy(images[:, None]), torch.from_numpy(labels.astype(np.int64)), targets)

    def _crop(self, generator: np.random.Generator) -> tuple[Place, Array, Array]:
        draw = generator.random()
        share = self._settings.tumor_share
        wanted = "tumor" if draw < share else "organ" if draw < (1 + share) / 2 else "any"
        pool = self._pools[wanted] or self._pools["any"]
        case, planes = pool[generator.integers(len(pool))]
        plane = int(planes[generator.integers(len(planes))])
        slices = self._store.slices(self._cases[case])
        hu, labels = slices.hu[plane], slices.labels[plane]
        centre, side = self._centre(generator, labels, wanted), self._settings.crop
        shift = origin(slices.case.name, plane, hu.shape, side)
        place = Place(slices.case.name, plane, start(centre, hu.shape, shift, side), side, *self._turn(generator))
        hu, labels = cut(hu, place.start, shift, side, AIR_HU), cut(labels, place.start, shift, side, 0)
        return place, place.turned(hu), place.turned(labels)

    def _turn(self, generator: np.random.Generator) -> tuple[int, bool]:
        if not self._settings.augment:
            return 0, False
        return int(generator.integers(4)), bool(generator.integers(2))

    def _centre(self, generator: np.random.Generator, labels: Array, wanted: str) -> tuple[int, int]:
        """A pixel of what is wanted, moved by up to a third of a crop, so that it is not always in the middle."""
        rows, columns = labels.shape
        inside = {"tumor": labels == self._store.tumor_value, "organ": labels > 0}.get(wanted)
        if inside is None or not inside.any():
            return int(generator.integers(rows)), int(generator.integers(columns))
        pixels = np.argwhere(inside)
        row, column = pixels[generator.integers(len(pixels))]
        # The lattice moves a crop by up to half its spacing more, and the pixel is to stay in it.
        reach = max(min(self._settings.crop // 3, (self._settings.crop - LATTICE) // 2), 0)
        shift = generator.integers(-reach, reach + 1, size=2)
        return int(row + shift[0]), int(column + shift[1])

    def _jittered(self, image: Array, generator: np.random.Generator) -> Array:
        return jittered(image[None], self._settings.jitter, generator)[0]

    def _targets(self, places: list[Place]) -> dict[str, torch.Tensor]:
        if self._companion is None:
            return {}
        known = [self._companion.crop(place) for place in places]
        return {name: torch.from_numpy(np.stack([one[name] for one in known])) for name in known[0]}


def jittered(images: Array, jitter: float, generator: np.random.Generator) -> Array:
    """Change contrast (about the middle of the window) and brightness of each image, b h w, at random."""
    contrast, brightness = generator.uniform(-jitter, jitter, size=(2, len(images), 1, 1)).astype(np.float32)
    return (images - 0.5) * (1 + contrast) + 0.5 + brightness


def batches(
    store: Store,
    settings: CropSettings,
    first: int,
    last: int,
    workers: int = 0,
    companion: Companion | None = None,
    on_fallback: Callable[[str], None] = lambda _reason: None,
) -> Iterator[Batch]:
    """Give the batches `first` to `last` in order; with workers, other processes cut them ahead of time.

    Workers are started anew (spawn) on every system: a copy of a process that computes in threads can hang. Where they
    cannot be started or die, the rest is cut here, and `on_fallback` hears why.
    """
    done = first
    if workers:
        try:
            with _without_alarm():
                coming = iter(_loader(Crops(store, settings, first, last, companion), workers))
            for batch in coming:
                done += 1
                yield batch
        except InputError:
            """What is wrong with the data is found again here, and told in a sentence."""
        except Exception as error:
            on_fallback(str(error).strip().partition("\n")[0])
    yield from _loader(Crops(store, settings, done, last, companion), 0)


def _loader(crops: Crops, workers: int) -> DataLoader[Batch]:
    own = torch.Generator()  # DataLoader would draw from the global one, and a resumed run would differ
    how: Any = {"num_workers": workers, "multiprocessing_context": "spawn"} if workers else {}
    return DataLoader(crops, batch_size=None, generator=own, **how)


@contextlib.contextmanager
def _without_alarm() -> Iterator[None]:
    """Keep torch from watching for dead workers by signal, which would raise in the middle of whatever is done then.

    It looks after them as well whenever it has waited some seconds for a batch, and raises where `batches` hears it.
    """
    number = getattr(signal, "SIGCHLD", None)
    if number is None or threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.getsignal(number)
    try:
        yield
    finally:
        signal.signal(number, before)


Pool = list[tuple[int, Array]]


def _pools(counts: list[Array], tumor_value: int) -> dict[str, Pool]:
    """For each kind of slice: the cases that have some, and which; a case is drawn first, so all weigh the same."""
    pools: dict[str, Pool] = {"tumor": [], "organ": [], "any": []}
    for case, of_case in enumerate(counts):
        tumor = of_case[:, tumor_value] > 0
        organ = (of_case[:, 1:].sum(1) > 0) & ~tumor
        for name, chosen in (("tumor", tumor), ("organ", organ), ("any", np.ones_like(tumor))):
            if chosen.any():
                pools[name].append((case, np.flatnonzero(chosen)))
    return pools
