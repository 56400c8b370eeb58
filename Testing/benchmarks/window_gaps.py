"""How long the window stands still while a CT of 512 x 512 x 280 voxels is segmented; medians and longest of several.

    QT_QPA_PLATFORM=offscreen python Testing/benchmarks/window_gaps.py --out gaps [--times 5]

A timer that fires every 5 ms notes the longest time between two of its turns, in milliseconds: while the section looks
at the CT that is chosen (scope), from the click to the running job (start: the CT is copied and written), while the job
is watched for three seconds (progress), from Cancel to its end (cancel), and while segments, surfaces and lesions come
into the scene (load). The backend's processes are real but for the last: there its files are written beforehand, two
kidneys with five tumours. Nothing is drawn: the stand-in of the desktop renders only when a picture is asked for.
"""

import json
import os
import platform
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "HLFDSegmentation")]

from hlfd.files import write_json  # noqa: E402
from Testing.benchmarks.reporting import asked  # noqa: E402
from Testing.conftest import bundle_facts  # noqa: E402
from Testing.desktop import start  # noqa: E402

SHAPE_ZYX = (280, 512, 512)
IJK_TO_RAS = np.diag((-0.8, -0.8, 1.5, 1.0))
WATCHED_S = 3.0
KIDNEYS = (((150, 190, 290), (48, 62, 70)), ((150, 330, 290), (48, 62, 70)))
"""Centre and half axes of ellipsoids, k i j."""
TUMOURS = (
    ((140, 200, 280), 22),
    ((170, 180, 300), 9),
    ((150, 320, 290), 30),
    ((130, 340, 270), 6),
    ((160, 345, 310), 14),
)


def a_body() -> np.ndarray:
    """HU of a CT with kidneys (over 100) and tumours (over 200), as `ActingBackend` takes them."""
    z, y, x = np.ogrid[: SHAPE_ZYX[0], : SHAPE_ZYX[1], : SHAPE_ZYX[2]]
    hu = np.full(SHAPE_ZYX, -1000, np.int16)
    hu[:, 90:420, 60:450] = 40
    for (k, i, j), (rk, ri, rj) in KIDNEYS:
        hu[((z - k) / rk) ** 2 + ((x - i) / ri) ** 2 + ((y - j) / rj) ** 2 <= 1] = 150
    for (k, i, j), radius in TUMOURS:
        hu[(z - k) ** 2 + (x - i) ** 2 + (y - j) ** 2 <= radius**2] = 250
    return hu


def gap_of(act) -> float:
    """Longest gap, in milliseconds, while something is done."""
    from Testing.module.clicking import LongestGap

    with LongestGap() as gap:
        act()
    return gap.seconds * 1000


def once(bench, node) -> dict[str, float]:
    """Go through one segmentation that is cancelled, and one whose result is loaded."""
    from Testing.module.segment.segment_bench import ActingBackend, choose, click, letPass, until

    run, ui, found = bench.panel._run, bench.ui, {}
    choose(ui.volumeSelector, "small")

    def look():
        choose(ui.volumeSelector, node.GetName())
        letPass(0.2)

    def begin():
        click(ui.segmentButton)
        until(lambda: run.stage == "working", 120)

    def cancel():
        click(ui.cancelButton)
        until(lambda: not run.isBusy, 60)

    found["scope"] = gap_of(look)
    found["start"] = gap_of(begin)
    found["progress"] = gap_of(lambda: letPass(WATCHED_S))
    found["cancel"] = gap_of(cancel)
    found["load"] = loaded(bench, ActingBackend("running"), begin, until)
    return found


def loaded(bench, backend, begin, until) -> float:
    """The gap from the moment that the backend is done."""
    from HLFDSegmentationLib.Segment import SegmentRun

    real, SegmentRun.startJob = SegmentRun.startJob, backend
    try:
        begin()
        job = backend.jobs[0]
        settings = job.request()["settings"]
        shutil.rmtree(job.folder)
        backend.state = "written"
        backend(None, "segment", settings, job.name)

        def load():
            backend.become(job, "done")
            until(lambda: not bench.panel._run.isBusy, 120)

        return gap_of(load)
    finally:
        SegmentRun.startJob = real


def main() -> None:
    """Measure, print and write."""
    options = asked(__doc__, times=5)
    with tempfile.TemporaryDirectory() as home:
        os.environ["HOME"] = os.environ["USERPROFILE"] = home
        desktop = start()
        try:
            found = measured(Path(home), options.times)
        finally:
            desktop.close()
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    write_json(options.out / "gaps.json", {"machine": machine, "shape": SHAPE_ZYX, "longest_gap_ms": found})
    for name in found[0]:
        values = [one[name] for one in found]
        print(f"{name:<10} median {median(values):6.0f} ms, longest {max(values):6.0f} ms")
    print(json.dumps({"machine": machine, "times": len(found)}))


def measured(home: Path, times: int) -> list[dict[str, float]]:
    """Each with a scene that has the results of those before."""
    from Testing.module.segment.segment_bench import SegmentBench, addCt, addModel, writeEnvironment

    writeEnvironment(home)
    addModel(home, bundle_facts)
    bench = SegmentBench()
    addCt("small")
    node = addCt("CT", a_body(), IJK_TO_RAS)
    try:
        return [once(bench, node) for _ in range(times)]
    finally:
        bench.close()
        time.sleep(0.5)


if __name__ == "__main__":
    main()
