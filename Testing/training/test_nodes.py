"""Several computers train as one: here two torchrun, of one process each, that meet on the loopback."""

import json
import socket
import subprocess
import sys

import pytest

from Testing.training.tiny_runs import TEACHER, hlfd, steps_told

OPTIONS = [*TEACHER, "--threads", "1", "--no-preflight"]
TIMEOUT_S = 300


def started(port, *command):
    """Start one computer's share of a command of hlfd, as docs/slurm/distill.sbatch does."""
    meeting = ["--nnodes", "2", "--nproc-per-node", "1", "--rdzv-backend", "c10d", "--rdzv-id", "7"]
    place = ["--rdzv-endpoint", f"127.0.0.1:{port}", "--local-addr", "127.0.0.1"]
    torchrun = [sys.executable, "-m", "torch.distributed.run", *meeting, *place]
    share = [*torchrun, "-m", "hlfd", *map(str, command), "--devices", "1", "--nodes", "2"]
    return subprocess.Popen(share, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


@pytest.fixture(scope="module")
def shared_run(a_store, tmp_path_factory):
    """A run of `hlfd teach` by two nodes, and what both said."""
    run = tmp_path_factory.mktemp("nodes") / "run"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    nodes = [started(port, "teach", a_store, run, *OPTIONS) for _ in range(2)]
    try:
        said = [node.communicate(timeout=TIMEOUT_S)[0] for node in nodes]
    finally:
        for node in nodes:
            node.kill()
    assert [node.returncode for node in nodes] == [0, 0], said
    return run, said


def test_two_nodes_train_what_one_process_trains(shared_run, a_store, tmp_path):
    assert hlfd("teach", a_store, tmp_path / "alone", *OPTIONS) == 0
    together, alone = steps_told(shared_run[0]), steps_told(tmp_path / "alone")
    assert [step["event"] for step in together] == [step["event"] for step in alone]
    for step, of_one in zip(together, alone, strict=True):
        numbers = [name for name in of_one if isinstance(of_one[name], float)]
        assert [step[name] for name in numbers] == pytest.approx([of_one[name] for name in numbers], rel=1e-4)


def test_one_of_the_nodes_speaks_and_its_bundle_tells_of_both(shared_run):
    run, said = shared_run
    assert sorted("kidney tumor teacher" in words for words in said) == [False, True]
    settings = json.loads((run / "bundle" / "manifest.json").read_text())["training"]["settings"]
    assert (settings["devices"], settings["nodes"]) == (1, 2)
