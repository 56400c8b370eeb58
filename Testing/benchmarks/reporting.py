"""What benchmarks of times have in common: their options, and how they tell what they found."""

import argparse
import json
import os
import platform
import shutil
from pathlib import Path
from statistics import median

from hlfd.files import write_json


def asked(about: str | None, times: int) -> argparse.Namespace:
    """Read the options `--out`, a folder that is made anew, and `--times`."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=lambda path: Path(path).absolute(), required=True)
    parser.add_argument("--times", type=int, default=times)
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    return options


def told(out: Path, found: list[dict[str, float]]) -> None:
    """Write all times, in seconds, and print the median and the longest of each."""
    machine = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    write_json(out / "times.json", {"machine": machine, "found": found})
    for name in found[0]:
        values = [one[name] for one in found]
        print(f"{name:<20} median {median(values):.2f} s, longest {max(values):.2f} s")
    print(json.dumps({"machine": machine, "times": len(found)}))
