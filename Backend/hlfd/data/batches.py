"""Batches of crops: which slices are seen, how often tumour is among them, and the paper's augmentations."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from hlfd.data.frames import Array
from hlfd.data.store import Store

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
    seed: int
    """Seed; batch k of a seed is always the same, so a resumed run sees what it would have seen."""


@dataclass(frozen=True)
class Batch:
    """Crops and their labels."""

    images: torch.Tensor
    """b 1 h w, float32, window mapped to 0..1."""
    labels: torch.Tensor
    """b h w, int64, 0 is background."""

    def to(self, device: torch.device) -> "Batch":
        """Move to a device."""
        return Batch(self.images.to(device, non_blocking=True), self.labels.to(device, non_blocking=True))


def windowed(hu: Array, window_hu: tuple[float, float]) -> Array:
    """Map HU to 0..1 over the window, clipped; float32."""
    low, high = window_hu
    return np.clip((hu.astype(np.float32) - low) / (high - low), 0.0, 1.0)


class Crops(Dataset[Batch]):
    """Batch number -> batch. Slices are read from disk as they are drawn."""

    def __init__(self, store: Store, settings: CropSettings, first: int, last: int) -> None:
        """Serve the batches `first` (inclusive) to `last` (exclusive) of the training cases."""
        self._store, self._settings, self._first, self._last = store, settings, first, last
        self._cases = store.cases("training")
        self._pools = _pools([store.counts(case) for case in self._cases], store.tumor_value)

    def __len__(self) -> int:
        return self._last - self._first

    def __getitem__(self, position: int) -> Batch:
        if not 0 <= position < len(self):
            raise IndexError(position)
        generator = np.random.default_rng((self._settings.seed, self._first + position))
        crops = [self._crop(generator) for _ in range(self._settings.batch)]
        images = np.stack([windowed(hu, self._store.manifest.window_hu) for hu, _ in crops])
        labels = np.stack([labels for _, labels in crops])
        return Batch(torch.from_numpy(images[:, None]), torch.from_numpy(labels.astype(np.int64)))

    def _crop(self, generator: np.random.Generator) -> tuple[Array, Array]:
        draw = generator.random()
        share = self._settings.tumor_share
        wanted = "tumor" if draw < share else "organ" if draw < (1 + share) / 2 else "any"
        pool = self._pools[wanted] or self._pools["any"]
        case, planes = pool[generator.integers(len(pool))]
        plane = planes[generator.integers(len(planes))]
        slices = self._store.slices(self._cases[case])
        hu, labels = slices.hu[plane], slices.labels[plane]
        hu, labels = cut(hu, labels, self._centre(generator, labels, wanted), self._settings.crop)
        return augmented(hu, labels, generator) if self._settings.augment else (hu, labels)

    def _centre(self, generator: np.random.Generator, labels: Array, wanted: str) -> tuple[int, int]:
        """A pixel of what is wanted, moved by up to a third of a crop, so that it is not always in the middle."""
        rows, columns = labels.shape
        inside = {"tumor": labels == self._store.tumor_value, "organ": labels > 0}.get(wanted)
        if inside is None or not inside.any():
            return int(generator.integers(rows)), int(generator.integers(columns))
        pixels = np.argwhere(inside)
        row, column = pixels[generator.integers(len(pixels))]
        reach = self._settings.crop // 3
        shift = generator.integers(-reach, reach + 1, size=2)
        return int(row + shift[0]), int(column + shift[1])


def cut(hu: Array, labels: Array, centre: tuple[int, int], side: int) -> tuple[Array, Array]:
    """Cut a square of `side` round `centre`, kept inside the slice where it fits, padded with air where it doesn't."""
    windows, pads = [], []
    for position, length in zip(centre, hu.shape, strict=True):
        start = int(np.clip(position - side // 2, 0, max(length - side, 0)))
        window = slice(start, min(start + side, length))
        missing = side - (window.stop - window.start)
        windows.append(window)
        pads.append((missing // 2, missing - missing // 2))
    place = tuple(windows)
    return np.pad(hu[place], pads, constant_values=AIR_HU), np.pad(labels[place], pads)


def augmented(hu: Array, labels: Array, generator: np.random.Generator) -> tuple[Array, Array]:
    """Turn by a random number of quarters and mirror at random, image and labels alike."""
    turns, mirror = int(generator.integers(4)), bool(generator.integers(2))
    hu, labels = np.rot90(hu, turns), np.rot90(labels, turns)
    return (hu[:, ::-1], labels[:, ::-1]) if mirror else (hu, labels)


def batches(store: Store, settings: CropSettings, first: int, last: int, workers: int = 0) -> Iterator[Batch]:
    """Give the batches `first` to `last` in order; with workers, other processes cut them ahead of time."""
    own = torch.Generator()  # DataLoader would draw from the global one, and a resumed run would differ
    yield from DataLoader(Crops(store, settings, first, last), batch_size=None, num_workers=workers, generator=own)


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
