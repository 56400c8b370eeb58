"""Several computers train as one: two torchrun, of one process each, that meet on the loopback.

They are started by docs/slurm/distill.sbatch, with stand-ins for SLURM's own two commands.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from Testing.training.tiny_runs import STUDENT, hlfd, steps_told

pytestmark = pytest.mark.skipif(not shutil.which("bash"), reason="SLURM's scripts are written for bash")
SCRIPT = Path(__file__).parents[2] / "docs" / "slurm" / "distill.sbatch"
OPTIONS = [*STUDENT, "--batch", "4", "--method", "none", "--threads", "1", "--no-preflight"]
TIMEOUT_S = 300
SCONTROL = """#!/bin/sh
echo 127.0.0.1
"""
SRUN = f"""#!/bin/sh
shift
node() {{ exec {sys.executable} -m torch.distributed.run --local-addr 127.0.0.1 "$@"; }}
node "$@" & first=$!
node "$@" & second=$!
wait $first && wait $second
"""


def slurm(folder):
    """Stand-ins for SLURM's commands, and the variables that it sets for a job on two nodes of one GPU."""
    for name, text in (("scontrol", SCONTROL), ("srun", SRUN)):
        (folder / name).write_text(text)
        (folder / name).chmod(0o755)
    number = next(number for number in range(1000) if is_free(29500 + number))
    job = {"ID": str(number), "NODELIST": "node[1-2]", "NUM_NODES": "2"}
    path = os.pathsep.join([str(folder), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "SLURM_GPUS_ON_NODE": "1", **{f"SLURM_JOB_{name}": job[name] for name in job}}


def is_free(port):
    """Whether nobody listens there; the script makes the port of its job's number."""
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) != 0


@pytest.fixture(scope="module")
def shared_run(a_store, tmp_path_factory):
    """A run of two nodes, and what was said."""
    folder = tmp_path_factory.mktemp("nodes")
    command = ["bash", str(SCRIPT), str(a_store), str(folder / "run"), *OPTIONS]
    ran = subprocess.run(command, env=slurm(folder), capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert ran.returncode == 0, ran.stderr
    return folder / "run", ran.stdout


def test_two_nodes_train_what_one_process_trains(shared_run, a_store, tmp_path):
    assert hlfd("distill", a_store, tmp_path / "alone", *OPTIONS) == 0
    together, alone = steps_told(shared_run[0]), steps_told(tmp_path / "alone")
    assert [step["event"] for step in together] == [step["event"] for step in alone]
    for step, of_one in zip(together, alone, strict=True):
        numbers = [name for name in of_one if isinstance(of_one[name], float)]
        assert [step[name] for name in numbers] == pytest.approx([of_one[name] for name in numbers], rel=1e-4)


def test_one_of_the_nodes_speaks_and_its_bundle_tells_of_both(shared_run):
    run, said = shared_run
    assert said.count("kidney tumor student") == 1
    settings = json.loads((run / "bundle" / "manifest.json").read_text())["training"]["settings"]
    assert (settings["devices"], settings["nodes"]) == (1, 2)
