"""The scan while it is being painted."""

from dataclasses import dataclass, field

import numpy as np

from hlfd.data.phantom.grid import Grid, Point
from hlfd.data.phantom.shapes import cloud, soft

Block = tuple[slice, slice, slice]

OUTSIDE = np.float32(-99.0)


@dataclass
class Canvas:
    """Voxels of one scan: HU, who holds which voxel, and the depths that become labels.

    `grid` is in the patient's own mm (an average adult), `scanner` in true mm.
    """

    grid: Grid
    scanner: Grid
    edge_mm: float
    hu: np.ndarray
    """HU, float32, z y x."""
    taken: np.ndarray
    """Share of each voxel already held by an organ, 0 to 1."""
    organ: np.ndarray
    """Depth in mm in the labelled organ, negative outside."""
    tumor: np.ndarray
    """Depth in mm in a tumour, negative outside."""
    firm: np.ndarray
    """What no tumour may push away (bone, muscle, great vessels), set by `harden`."""
    texture: dict[str, np.ndarray] = field(default_factory=dict)
    """Random fields of hills 6 ("fine"), 15 ("medium") and 45 mm ("coarse") apart."""

    @classmethod
    def blank(cls, grid: Grid, scanner: Grid, edge_mm: float, rng: np.random.Generator) -> "Canvas":
        """A canvas of air."""
        scales = {"fine": 6.0, "medium": 15.0, "coarse": 45.0}
        return cls(
            grid,
            scanner,
            edge_mm,
            hu=np.full(grid.shape, -1000, np.float32),
            taken=np.zeros(grid.shape, np.float32),
            organ=np.full(grid.shape, OUTSIDE),
            tumor=np.full(grid.shape, OUTSIDE),
            firm=np.zeros(grid.shape, bool),
            texture={name: cloud(rng, grid, scale) for name, scale in scales.items()},
        )

    def block(self, centre: Point, reach: Point | float) -> tuple[Block, Grid]:
        """Slices and grid (patient mm) of the box within `reach` mm of `centre`."""
        block = self.grid.slices_around(centre, reach)
        return block, self.grid.cut(block)

    def cover(self, block: Block, depth: np.ndarray, hu: np.ndarray | float) -> None:
        """Paint a shape over whatever is there."""
        self.mix(block, soft(depth, self.edge_mm), hu)

    def mix(self, block: Block, share: np.ndarray, hu: np.ndarray | float) -> None:
        """Blend HU into a block: `share` 1 replaces, 0 keeps."""
        self.hu[block] += share * (hu - self.hu[block])

    def place(self, block: Block, depth: np.ndarray, hu: np.ndarray | float, gap: float = 0.0) -> np.ndarray:
        """Paint a shape where nothing is yet, and hold it plus a `gap` in mm.

        Returns the depth that was left to it.
        """
        free = 1.0 - self.taken[block]
        self.mix(block, soft(depth, self.edge_mm) * free, hu)
        left = np.where(free > 0.5, depth, np.minimum(depth, -0.5))
        np.maximum(self.taken[block], soft(depth + gap, self.edge_mm), out=self.taken[block])
        return left

    def harden(self) -> None:
        """From here on, what is taken is firm."""
        self.firm = self.taken > 0.5

    @staticmethod
    def shift(inner: Block, outer: Block) -> Block:
        """The slices of a block counted from the start of another that holds it."""
        z, y, x = (slice(i.start - o.start, i.stop - o.start) for i, o in zip(inner, outer, strict=True))
        return z, y, x
