"""What `hlfd doctor` says of torch and of devices; of the real ones, and of some that are made up."""

import json
import os
import sys

import pytest
import torch

from hlfd.doctor import probe
from hlfd.doctor.torches import judge_device, judge_torch, read_torch

WANTED = "torch>=2.6,<3"
CPU = {"name": "cpu", "model": "x86_64"}
A100 = {"name": "cuda:0", "model": "NVIDIA A100", "memory_free": 38_200_000_000, "memory_total": 42_400_000_000}
CPU_BUILD = {"version": "2.13.0+cpu", "build": "CPU"}
CUDA_BUILD = {"version": "2.13.0+cu130", "build": "CUDA 13.0"}
NO_KERNEL = "CUDA error: no kernel image is available for execution on the device"


def of_torch(about, *devices):
    return {"torch": about, "devices": list(devices)}


@pytest.fixture
def another_torch(tmp_path, monkeypatch):
    """Put a torch of some lines of code in the place of the real one, for processes that are started from now on."""

    def write(code):
        (tmp_path / "torch").mkdir()
        (tmp_path / "torch" / "__init__.py").write_text(code, encoding="utf-8")
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))

    return write


# torch


def test_the_real_torch_loads_and_the_cpu_computes():
    facts = read_torch()
    assert facts["torch"]["version"] == torch.__version__
    assert facts["devices"][-1]["name"] == "cpu"
    assert "error" not in facts["devices"][-1]
    assert judge_torch(facts).verdict == "good"


@pytest.mark.parametrize(
    ("build", "told"),
    [("CPU", "the CPU alone"), ("CUDA 13.0", "CUDA 13.0"), ("ROCm 6.4", "ROCm 6.4"), ("MPS", "MPS")],
)
def test_its_build_is_told(build, told):
    assert judge_torch(of_torch({"version": "2.13.0", "build": build})).say == f"2.13.0, built for {told}."


def test_a_torch_that_is_not_there_comes_with_the_command_that_brings_it():
    finding = judge_torch(of_torch({"error": "No module named 'torch'", "installed": None}), WANTED)
    assert (finding.verdict, finding.say) == ("bad", "torch is not installed.")
    assert finding.do.endswith('-m pip install "torch>=2.6,<3"')


def test_a_torch_that_cannot_be_loaded_is_told_with_its_reason(another_torch, command):
    another_torch("raise OSError('libcudart.so.12: cannot open shared object file.\\nmore')")
    answer = command("doctor", "--json")
    told = {finding["topic"]: finding for finding in json.loads(answer.out)["findings"]}
    assert (answer.status, json.loads(answer.out)["device"]) == (1, None)
    reason = "is installed and cannot be loaded: libcudart.so.12: cannot open shared object file."
    assert told["torch"]["say"].endswith(reason)
    assert '--force-reinstall "torch>=2.6,<3"' in told["torch"]["do"]
    assert told["device"]["say"] == "None can be tried while torch cannot be loaded."
    assert told["workers"]["verdict"] == "good"


@pytest.mark.skipif(os.name == "nt", reason="processes on Windows end by no signal")
def test_a_torch_that_kills_its_process_is_told_too(another_torch):
    another_torch("import os, signal; os.kill(os.getpid(), signal.SIGILL)")
    assert "its process was ended by the system (Illegal instruction" in judge_torch(read_torch()).say


def test_so_are_one_that_exits_and_one_that_hangs(another_torch):
    another_torch("raise SystemExit('no licence')")
    assert read_torch()["torch"]["error"] == "its process ended with status 1: no licence"
    asleep = (sys.executable, "-c", "import time; time.sleep(60)")
    assert read_torch(asleep, seconds=1)["torch"]["error"] == "no answer came within 1 s"


# Devices


def test_a_device_that_crashes_or_hangs_its_process_is_named():
    lines = [{"torch": CUDA_BUILD}, {"name": "cuda:0", "error": probe.UNANSWERED}]
    code = f"import time\nfor line in {list(map(json.dumps, lines))}: print(line, flush=True)\n"
    crashed = read_torch((sys.executable, "-c", f"{code}raise SystemExit(3)"))
    assert crashed["devices"] == [{"name": "cuda:0", "error": "its process ended with status 3"}]
    hung = read_torch((sys.executable, "-c", f"{code}time.sleep(60)"), seconds=2)
    assert judge_device(hung).say == "cuda:0 is there, and does not compute: no answer came within 2 s."


def test_a_gpu_that_computes_is_chosen_with_its_memory():
    finding = judge_device(of_torch(CUDA_BUILD, A100, CPU))
    assert finding.say == "cuda:0 (NVIDIA A100), with 38.2 GB of 42.4 GB free, computes as it should."
    assert (finding.verdict, finding.facts["chosen"]) == ("good", "cuda:0")


def test_one_that_is_there_and_does_not_work_is_bad():
    finding = judge_device(of_torch(CUDA_BUILD, A100 | {"error": NO_KERNEL}, CPU))
    assert (finding.verdict, finding.facts["chosen"]) == ("bad", None)
    assert finding.say == f"cuda:0 (NVIDIA A100) is there, and does not compute: {NO_KERNEL}."
    assert "give --device cpu" in finding.do


@pytest.mark.parametrize(("name", "do"), [("mps", "update macOS and torch"), ("cpu", "Install torch anew")])
def test_what_helps_depends_on_the_device(name, do):
    assert do in judge_device(of_torch(CPU_BUILD, {"name": name, "error": "no"})).do


def test_a_second_device_that_fails_and_a_full_one_are_warnings():
    second = A100 | {"name": "cuda:1", "error": "ECC"}
    finding = judge_device(of_torch(CUDA_BUILD, A100, second, CPU))
    assert (finding.verdict, finding.facts["chosen"]) == ("warning", "cuda:0")
    assert finding.say.endswith("computes as it should. cuda:1 (NVIDIA A100) does not: ECC.")
    full = judge_device(of_torch(CUDA_BUILD, A100 | {"memory_free": 900_000_000}, CPU))
    assert (full.verdict, "nvidia-smi" in full.do) == ("warning", True)


def test_a_device_that_computes_wrongly_is_found(monkeypatch):
    assert probe.tried(torch, "cpu").get("error") is None
    monkeypatch.setattr(torch.nn.init, "ones_", lambda weight: torch.nn.init.constant_(weight, 2))
    assert probe.tried(torch, "cpu")["error"] == "it computes wrongly: 18.000 and 1.000 in place of 9 and 1"


def test_a_device_that_torch_cannot_use_is_found():
    assert "error" in probe.tried(torch, "cuda:99")
