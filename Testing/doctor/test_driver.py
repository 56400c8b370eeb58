"""What `hlfd doctor` says of the NVIDIA driver, with an nvidia-smi that is made up."""

import json
import os

import pytest
import torch

from hlfd.doctor.driver import build_for, judge_driver, read_driver

WANTED = "torch>=2.6,<3"
CPU = {"name": "cpu", "model": "x86_64"}
A100 = {"name": "cuda:0", "model": "NVIDIA A100", "memory_free": 38_200_000_000, "memory_total": 42_400_000_000}
CPU_BUILD = {"version": "2.13.0+cpu", "build": "CPU"}
CUDA_BUILD = {"version": "2.13.0+cu130", "build": "CUDA 13.0"}
TOO_OLD = "The NVIDIA driver on your system is too old (found version 11040)"
NO_KERNEL = "CUDA error: no kernel image is available for execution on the device"


def of_gpu(name="NVIDIA A100", capability=8.0, driver="550.54.15", **more):
    gpus = [{"name": name, "capability": capability}] if name else []
    return {"gpus": gpus, "driver": driver, "problem": None, "hidden": None} | more


def of_torch(about, *devices):
    return {"torch": about, "devices": list(devices)}


def judged(driver, about, *devices):
    return judge_driver(driver, of_torch(about, *devices), WANTED)


@pytest.fixture
def nvidia_smi(tmp_path, monkeypatch):
    """Put an nvidia-smi of some lines of shell on the PATH."""

    def write(code):
        if os.name == "nt":
            pytest.skip("a shell script")
        program = tmp_path / "bin" / "nvidia-smi"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{code}\n", encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(program.parent))

    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("hlfd.doctor.driver.IN_WSL", str(tmp_path))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    return write


@pytest.mark.parametrize(
    ("driver", "capability", "build"),
    [
        ("580.65.06", 8.0, "cu130"),
        ("580.65.06", 7.5, "cu130"),
        ("595.1", None, "cu130"),
        ("580.65.06", 7.0, "cu126"),
        ("579.99", 9.0, "cu126"),
        ("525.60.13", None, "cu126"),
        ("524.9", 8.0, None),
        ("570.86", 12.0, None),
        (None, 12.0, "cu130"),
        (None, 6.1, "cu126"),
    ],
)
def test_the_build_of_torch_fits_driver_and_gpu(driver, capability, build):
    assert build_for(driver, capability) == build


def test_no_gpu_means_the_cpu_and_narrow_networks(nvidia_smi, tmp_path):
    finding = judged(read_driver(tmp_path), CPU_BUILD, CPU)
    assert (finding.verdict, "--widths 8,16,32,64" in finding.do) == ("warning", True)
    assert finding.say == "No GPU was found that torch could use, so training runs on the CPU."


def test_a_gpu_that_a_cpu_build_leaves_unused_comes_with_the_command_that_uses_it(nvidia_smi, command):
    nvidia_smi("echo 'NVIDIA A100, 550.54.15, 8.0'")
    answer = command("doctor", "--json")
    told = {finding["topic"]: finding for finding in json.loads(answer.out)["findings"]}
    if torch.cuda.is_available() or torch.version.cuda:
        pytest.skip("this torch is no CPU build")
    assert (answer.status, told["driver"]["verdict"]) == (0, "warning")
    say = "NVIDIA A100 with driver 550.54.15 is there, but this torch"
    assert told["driver"]["say"].startswith(f"{say} ({torch.__version__}) is a CPU build and cannot use it.")
    index = "--index-url https://download.pytorch.org/whl/cu126"
    assert told["driver"]["do"].endswith(f'-m pip install --force-reinstall "torch>=2.6,<3" {index}')


def test_an_older_nvidia_smi_that_knows_no_compute_capability_is_asked_again(nvidia_smi, tmp_path):
    nvidia_smi('case "$1" in *cap*) echo "not a valid field"; exit 2;; esac; echo "Tesla K80, 470.256.02"')
    driver = read_driver(tmp_path)
    assert driver == of_gpu("Tesla K80", None, "470.256.02")
    do = "Update the NVIDIA driver to 580 or newer (nvidia.com/drivers), then run this again."
    assert judged(driver, CPU_BUILD, CPU).do == do


def test_an_nvidia_smi_that_fails_is_quoted(nvidia_smi, tmp_path):
    nvidia_smi("echo 'Failed to initialize NVML: Driver/library version mismatch.'; exit 18")
    finding = judged(read_driver(tmp_path), CUDA_BUILD, CPU)
    assert "nvidia-smi is there and fails: Failed to initialize NVML: Driver/library version mismatch. " in finding.say
    assert finding.do.startswith("Restart the machine")


def test_an_nvidia_smi_that_cannot_be_run_is_no_crash(nvidia_smi, tmp_path):
    nvidia_smi("true")
    (tmp_path / "bin" / "nvidia-smi").write_bytes(b"\x7fELF")
    assert "Exec format error" in read_driver(tmp_path)["problem"]


def test_without_nvidia_smi_the_kernel_tells_of_gpu_and_driver(nvidia_smi, tmp_path):
    gpu = tmp_path / "driver" / "nvidia" / "gpus" / "0000:01:00.0"
    gpu.mkdir(parents=True)
    (gpu / "information").write_text("Model: \t\t NVIDIA GeForce RTX 4090\nIRQ: 1\n", encoding="utf-8")
    version = "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.65.06  Release Build\nGCC 12.2.0\n"
    (gpu.parents[1] / "version").write_text(version, encoding="utf-8")
    assert read_driver(tmp_path) == of_gpu("NVIDIA GeForce RTX 4090", None, "580.65.06")


@pytest.mark.parametrize(
    ("about", "devices", "why"),
    [
        (CUDA_BUILD | {"no_cuda": TOO_OLD}, [CPU], TOO_OLD),
        (CUDA_BUILD, [A100 | {"error": NO_KERNEL}, CPU], NO_KERNEL),
        (CUDA_BUILD, [CPU], "it finds no device"),
    ],
)
def test_a_cuda_build_that_cannot_use_the_gpu_is_told_with_the_reason(about, devices, why):
    finding = judged(of_gpu(), about, *devices)
    assert finding.say.endswith(f"is there, but torch 2.13.0+cu130, built for CUDA 13.0, cannot use it: {why}.")
    assert (finding.verdict, finding.do.endswith("/whl/cu126")) == ("warning", True)


def test_a_gpu_that_a_variable_hides_is_told_by_its_name():
    finding = judged(of_gpu(hidden=""), CUDA_BUILD | {"no_cuda": "No CUDA GPUs are available"}, CPU)
    assert 'but CUDA_VISIBLE_DEVICES is "" and hides it from torch.' in finding.say
    assert finding.do == "Remove that variable from the environment, or set it to 0."


@pytest.mark.parametrize(
    ("driver", "about", "device", "say"),
    [
        (of_gpu(), CUDA_BUILD, A100, "NVIDIA driver 550.54.15 and torch, built for CUDA 13.0, work together."),
        (of_gpu("", driver=None), CUDA_BUILD, A100, "NVIDIA driver and torch, built for CUDA 13.0, work together."),
        (of_gpu(""), CPU_BUILD, {"name": "mps", "model": "Apple GPU"}, "Apple's GPU needs none beyond macOS."),
        (
            of_gpu("", driver=None),
            {"build": "ROCm 6.4"},
            A100,
            "AMD's driver and torch, built for ROCm 6.4, work together.",
        ),
    ],
)
def test_a_gpu_in_use_is_good(driver, about, device, say):
    finding = judged(driver, about, device, CPU)
    assert (finding.verdict, finding.say) == ("good", say)


def test_other_torches_and_unknown_gpus_are_told_as_they_are():
    assert "(2.9) is built for ROCm 6.4 and" in judged(of_gpu(), {"version": "2.9", "build": "ROCm 6.4"}, CPU).say
    assert judged(of_gpu(""), {"error": "x"}).say.startswith("An NVIDIA GPU with driver 550.54.15 is there, whether")
