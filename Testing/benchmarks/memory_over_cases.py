"""Peak memory of a training over 4, 40 and 200 cases of the same size: it should not grow with them.

    python Testing/benchmarks/memory_over_cases.py --out memory [--cases 4,40,200] [--slices 40] [--side 192]

Every case has the same slices, so that each set weighs ten or five times the one before. Each training (a student
distilled from cached targets, the way that keeps most beside the slices) runs in a process of its own; its peak is what
its result.json tells. Writes memory.json.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np

from hlfd.catalogue import TASKS, make_labels
from hlfd.data.splits import Splits
from hlfd.data.store import StoredCase, StoreManifest, save_manifest, save_slices
from hlfd.files import write_json

SHARED = ["--steps", "60", "--crop", "64", "--batch", "4", "--validate-every", "30", "--device", "cpu"]
SHARED += ["--threads", "1", "--validation-slices", "8"]


def make_store(folder: Path, count: int, slices: int, side: int) -> Path:
    """Write `count` training cases of noise with a square organ and tumour, and one for validation and for test."""
    names = [f"case_{number:03d}" for number in range(count + 2)]
    generator = np.random.default_rng(0)
    labels = np.zeros((slices, side, side), np.uint8)
    labels[:, side // 4 : side // 2, side // 4 : side // 2] = 1
    labels[slices // 3 : 2 * slices // 3, side // 3 : side // 2, side // 3 : side // 2] = 2
    hu = generator.normal(40, 60, labels.shape).astype(np.int16) + 40 * labels
    cases = []
    for name in names:
        save_slices(folder, name, hu, labels, classes=3)
        facts = {"spacing_mm": (1, 1, 2.5), "shape": labels.shape, "tumor_slices": 2 * slices // 3 - slices // 3}
        nowhere = {"image": folder / f"{name}.nii.gz", "labels": folder / f"{name}_labels.nii.gz"}
        cases.append(StoredCase(name=name, patient=name, resampled_labels=False, **nowhere, **facts))
    manifest = StoreManifest(
        organ="kidney",
        labels=make_labels(("kidney", "tumor"), "kidney"),
        source_values={"kidney": (1,), "tumor": (2,)},
        window_hu=TASKS["kidney"].window_hu,
        pixel_mm=1,
        synthetic=True,
        cases=tuple(cases),
    )
    save_manifest(folder, manifest, Splits(seed=0, training=names[:-2], validation=names[-2:-1], test=names[-1:]))
    return folder


def hlfd(*arguments: object) -> None:
    """Run a command in a process of its own."""
    subprocess.run([sys.executable, "-m", "hlfd", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def peak(run: Path) -> int:
    """Bytes that a training held at most."""
    return int(json.loads((run / "result.json").read_text(encoding="utf-8"))["actual"]["memory_bytes"])


def main() -> None:
    """Measure each size, and compare with the smallest."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--cases", default="4,40,200")
    parser.add_argument("--slices", type=int, default=40)
    parser.add_argument("--side", type=int, default=192)
    asked = parser.parse_args()
    out = asked.out
    shutil.rmtree(out, ignore_errors=True)
    rows = []
    for count in map(int, asked.cases.split(",")):
        folder = out / str(count)
        store = make_store(folder / "store", count, asked.slices, asked.side)
        hlfd("teach", store, folder / "teacher", *SHARED, "--widths", "2,2,3,3,4")
        hlfd("distill", store, folder / "student", "--teacher", folder / "teacher", *SHARED, "--widths", "8,8,16,16")
        size = sum(file.stat().st_size for file in store.rglob("*.npy"))
        row = {
            "cases": count,
            "store_bytes": size,
            "teach": peak(folder / "teacher"),
            "distill": peak(folder / "student"),
        }
        rows.append(row)
        first = rows[0]
        ratios = {name: round(row[name] / first[name], 3) for name in ("teach", "distill")}
        print(json.dumps({**row, "ratio": ratios}), flush=True)
        write_json(out / "memory.json", {"cores": os.cpu_count(), "rows": rows})
        shutil.rmtree(store)


if __name__ == "__main__":
    main()
