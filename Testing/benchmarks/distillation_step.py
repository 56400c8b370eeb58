"""What a step of distillation costs: plain training, with a live teacher, and with the teacher's answers from disk.

    python Testing/benchmarks/distillation_step.py --crop 512 --batch 2 --out distillation_step.json

Each way runs in a process of its own, on the same phantoms and batches; the teacher has random weights, which cost what
trained ones cost. Ratios are against plain training in the same call. Peak memory is that of the whole process.
"""

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

WAYS = ("plain", "live", "cached")


def measure(way: str, folder: Path, options: argparse.Namespace) -> dict[str, Any]:
    """Train some steps one way and give the seconds of each step, and what the process needed."""
    import torch
    from lightning_fabric import Fabric

    from hlfd.data.batches import CropSettings, batches
    from hlfd.data.store import Store
    from hlfd.distillation.cache import CachedTargets
    from hlfd.distillation.distiller import Distiller
    from hlfd.distillation.recipes import make_recipe
    from hlfd.distillation.targets import LiveTeacher
    from hlfd.events import quiet
    from hlfd.models.registry import Architecture, build
    from hlfd.training.objectives import Distilled, Supervised

    store = Store(folder)
    torch.manual_seed(0)
    student = build(
        Architecture(
            network="resnet", classes=store.classes, settings={"widths": options.widths, "stem_pool": options.stem_pool}
        )
    )
    about: dict[str, Any] = {}
    objective: torch.nn.Module = Supervised(student)
    cache = None
    if way != "plain":
        teacher = build(
            Architecture(network="unetpp", classes=store.classes, settings={"widths": options.teacher_widths})
        ).eval()
        recipe = make_recipe(options.method, "", "live", None, None, map_stride=options.map_stride)
        distiller = Distiller(recipe, student.channels, student.strides, store.classes)
        provider = LiveTeacher(teacher, distiller.sources) if way == "live" else None
        if way == "cached":
            cache = CachedTargets(store, "random", options.crop, distiller.sources)
            began = time.perf_counter()
            cache.fill(teacher, Fabric(accelerator="cpu", devices=1), quiet())
            slices = sum(case.shape[0] for case in store.cases("training"))
            about = {
                "fill_seconds_a_slice": (time.perf_counter() - began) / slices,
                "disk_mb_for_1000_slices": cache.bytes() / slices * 1000 / 1e6,
            }
            del teacher
        objective = Distilled(student, distiller, options.steps, provider)
    optimizer = torch.optim.Adam(objective.parameters(), lr=1e-3)
    crops = CropSettings(options.crop, options.batch, 0.5, True, 0.0, 0)
    seconds, began = [], time.perf_counter()
    for batch in batches(store, crops, 0, options.steps, companion=cache):
        loss = objective(batch.images, batch.labels, batch.targets)["loss"]
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        ended = time.perf_counter()
        seconds.append(ended - began)
        began = ended
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform != "darwin" else 1024**2)
    return {"step_seconds": median(seconds[2:]), "peak_memory_mb": peak, **about}


def make_store(folder: Path, size: int) -> None:
    """Write a store of six phantoms of `size` pixels."""
    hlfd = [sys.executable, "-m", "hlfd"]
    for command in (
        ["phantom", str(folder / "data"), "--count", "6", "--size", str(size), "--slices", "12,12"],
        ["prepare", str(folder / "data"), str(folder / "store"), "--own-pixels"],
    ):
        subprocess.run([*hlfd, *command], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def main() -> None:
    """Measure the three ways and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    whole = {"type": lambda text: [int(part) for part in text.split(",")]}
    parser.add_argument("--crop", type=int, default=512)
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--steps", type=int, default=12)
    parser.add_argument("--size", type=int, default=512, help="pixels of a side of the phantoms' slices")
    parser.add_argument("--widths", default=[64, 128, 256, 512], **whole)
    parser.add_argument("--teacher-widths", default=[64, 128, 256, 512, 1024], **whole)
    parser.add_argument("--stem-pool", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--method", default="hlfd")
    parser.add_argument("--map-stride", type=int, default=4)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    parser.add_argument("--store", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.way:
        print(json.dumps(measure(options.way, options.store, options)))
        return
    with tempfile.TemporaryDirectory() as temporary:
        make_store(Path(temporary), options.size)
        found = {}
        for way in WAYS:
            command = [sys.executable, __file__, *sys.argv[1:], "--way", way, "--store", f"{temporary}/store"]
            said = subprocess.run(command, check=True, capture_output=True, text=True).stdout
            found[way] = json.loads(said.splitlines()[-1])
    plain = found["plain"]["step_seconds"]
    print("way     s a step  times plain  peak memory MB")
    for way, one in found.items():
        one["times_plain"] = one["step_seconds"] / plain
        print(f"{way:<7} {one['step_seconds']:8.3f} {one['times_plain']:12.2f} {one['peak_memory_mb']:15.0f}")
    cached = found["cached"]
    print(
        f"The cache takes {cached['disk_mb_for_1000_slices']:.0f} MB for 1,000 slices and "
        f"{cached['fill_seconds_a_slice']:.2f} s a slice to fill, once."
    )
    if options.out:
        told = {name: value for name, value in vars(options).items() if name not in ("way", "store", "out")}
        machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
        options.out.write_text(json.dumps({"options": told, "machine": machine, "ways": found}, indent=2) + "\n")


if __name__ == "__main__":
    main()
