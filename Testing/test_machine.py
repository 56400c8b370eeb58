"""What the machine has, read from made-up folders of the kernel's, and once from this machine."""

import os
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from hlfd import machine

GB = 1_000_000_000
UNLIMITED = 9223372036854771712
"""What version 1 of control groups says where nothing limits memory."""


class Kernel:
    """Made-up `/proc` and `/sys/fs/cgroup`."""

    def __init__(self, folder):
        self.proc, self.cgroup = folder / "proc", folder / "cgroup"
        self.cgroup.mkdir()
        self.roots = {"proc": self.proc, "cgroup": self.cgroup}

    def belongs_to(self, *lines):
        self.write(self.proc / "self" / "cgroup", "\n".join(lines) + "\n")

    def says(self, path, content):
        self.write(self.cgroup / path, f"{content}\n")

    def write(self, path, content):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")


@pytest.fixture
def kernel(tmp_path):
    return Kernel(tmp_path)


@pytest.fixture
def hardware(monkeypatch):
    """A machine of some processors and 16 GB, 12 of them free, without OMP_NUM_THREADS."""

    def make(processors, physical=None):
        process = SimpleNamespace(cpu_affinity=lambda: list(range(processors)))
        monkeypatch.setattr(psutil, "Process", lambda: process)
        monkeypatch.setattr(psutil, "cpu_count", lambda logical: physical)

    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(total=16 * GB, available=12 * GB))
    make(8)
    return make


# Processors


def test_without_control_groups_every_processor_of_the_process_counts(kernel, hardware):
    assert machine.cores(**kernel.roots) == 8


def test_where_processes_are_bound_to_no_processors_all_count(kernel, monkeypatch):
    monkeypatch.setattr(psutil, "Process", lambda: SimpleNamespace())
    monkeypatch.setattr(os, "cpu_count", lambda: 6)
    assert machine.cores(**kernel.roots) == 6


@pytest.mark.parametrize(
    ("quota", "cores"),
    [("max 100000", 8), ("150000 100000", 2), ("200000 100000", 2), ("50000 100000", 1), ("9900000 100000", 8)],
)
def test_a_quota_of_version_2_is_rounded_up(quota, cores, kernel, hardware):
    kernel.belongs_to("0::/job")
    kernel.says("job/cpu.max", quota)
    assert machine.cores(**kernel.roots) == cores


@pytest.mark.parametrize(("quota", "cores"), [("-1", 8), ("250000", 3)])
@pytest.mark.parametrize("mounted", ["cpu", "cpu,cpuacct"])
def test_so_is_one_of_version_1(quota, cores, mounted, kernel, hardware):
    kernel.belongs_to("5:memory:/other", "4:cpu,cpuacct:/job", "1:name=systemd:/")
    kernel.says(f"{mounted}/job/cpu.cfs_quota_us", quota)
    kernel.says(f"{mounted}/job/cpu.cfs_period_us", "100000")
    assert machine.cores(**kernel.roots) == cores


def test_the_tightest_of_nested_quotas_holds(kernel, hardware):
    kernel.belongs_to("0::/batch/job")
    kernel.says("batch/job/cpu.max", "600000 100000")
    kernel.says("batch/cpu.max", "300000 100000")
    assert machine.cores(**kernel.roots) == 3


@pytest.mark.parametrize("named", ["/docker/0123abcd", "/../other"])
def test_a_container_finds_its_limits_at_the_top_whatever_the_host_calls_it(named, kernel, hardware):
    kernel.belongs_to(f"0::{named}")
    kernel.says("cpu.max", "400000 100000")
    assert machine.cores(**kernel.roots) == 4


# Threads


@pytest.mark.parametrize(
    ("processors", "physical", "threads"), [(8, 8, 7), (8, None, 7), (8, 4, 4), (4, 4, 3), (2, 1, 1), (1, 1, 1)]
)
def test_one_processor_is_left_free_and_no_physical_core_is_shared(processors, physical, threads, hardware, kernel):
    hardware(processors, physical)
    assert machine.threads_to_use(**kernel.roots) == threads


def test_a_wish_wins_over_all(hardware, kernel, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert machine.threads_to_use(12, **kernel.roots) == 12


@pytest.mark.parametrize(("asked", "threads"), [("3", 3), (" 3 ", 3), ("64", 64), ("0", 7), ("-2", 7), ("all", 7)])
def test_then_omp_num_threads_if_it_is_a_positive_number(asked, threads, hardware, kernel, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", asked)
    assert machine.threads_to_use(**kernel.roots) == threads


def test_a_quota_counts_for_threads(hardware, kernel):
    kernel.belongs_to("0::/")
    kernel.says("cpu.max", "400000 100000")
    assert machine.threads_to_use(**kernel.roots) == 3


# Memory


def test_memory_is_the_machine_s_without_a_limit(hardware, kernel):
    assert machine.memory_total(**kernel.roots) == 16 * GB
    assert machine.memory_available(**kernel.roots) == 12 * GB


def test_a_limit_of_version_2_leaves_what_is_not_held_and_cached_files_are_not(hardware, kernel):
    kernel.belongs_to("0::/job")
    kernel.says("job/memory.max", 4 * GB)
    kernel.says("job/memory.current", 3 * GB)
    kernel.says("job/memory.stat", f"anon {GB}\ninactive_file {GB}\nactive_file {GB // 2}")
    assert machine.memory_total(**kernel.roots) == 4 * GB
    assert machine.memory_available(**kernel.roots) == 2.5 * GB


def test_a_limit_of_version_1_counts_the_groups_inside(hardware, kernel):
    kernel.belongs_to("4:memory:/job")
    kernel.says("memory/job/memory.limit_in_bytes", 4 * GB)
    kernel.says("memory/job/memory.usage_in_bytes", 3 * GB)
    kernel.says("memory/job/memory.stat", f"inactive_file 0\ntotal_inactive_file {GB}\ntotal_active_file 0")
    kernel.says("memory/memory.limit_in_bytes", UNLIMITED)
    assert machine.memory_total(**kernel.roots) == 4 * GB
    assert machine.memory_available(**kernel.roots) == 2 * GB


def test_no_limit_is_none(hardware, kernel):
    kernel.belongs_to("4:memory:/", "0::/")
    kernel.says("memory/memory.limit_in_bytes", UNLIMITED)
    kernel.says("unified/memory.max", "max")
    assert machine.memory_total(**kernel.roots) == 16 * GB


def test_a_group_that_holds_more_than_it_may_has_nothing_left(hardware, kernel):
    kernel.belongs_to("0::/")
    kernel.says("memory.max", GB)
    kernel.says("memory.current", 2 * GB)
    assert machine.memory_available(**kernel.roots) == 0


def test_a_machine_with_less_than_the_limit_has_no_more(hardware, kernel):
    kernel.belongs_to("0::/")
    kernel.says("memory.max", 100 * GB)
    kernel.says("memory.current", GB)
    assert machine.memory_total(**kernel.roots) == 16 * GB
    assert machine.memory_available(**kernel.roots) == 12 * GB


# Processes that were killed for lack of memory


def test_kills_are_those_of_the_group_if_it_counts(kernel):
    kernel.belongs_to("0::/job")
    kernel.says("job/memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 2")
    kernel.says("memory.events", "oom_kill 5")
    kernel.write(kernel.proc / "vmstat", "oom_kill 7\n")
    assert machine.oom_kills(**kernel.roots) == 2


def test_else_those_of_the_machine(kernel):
    kernel.belongs_to("0::/")
    kernel.write(kernel.proc / "vmstat", "nr_free_pages 5\noom_kill 7\n")
    assert machine.oom_kills(**kernel.roots) == 7


def test_where_nobody_counts_kills_they_are_unknown(kernel):
    assert machine.oom_kills(**kernel.roots) is None
    kernel.write(kernel.proc / "vmstat", "nr_free_pages 5\n")
    assert machine.oom_kills(**kernel.roots) is None


# This machine


def test_this_machine_has_what_it_can_have(tmp_path):
    assert 1 <= machine.cores() <= os.cpu_count()
    assert 0 < machine.memory_available() <= machine.memory_total() <= psutil.virtual_memory().total
    assert machine.disk_free(tmp_path / "not" / "there" / "yet") > 0


def test_a_process_that_filled_100_mb_has_a_peak_of_some_more_however_much_its_parent_holds():
    code = "from hlfd.machine import peak_memory; filled = b'x' * 100_000_000; del filled; print(peak_memory())"
    held = bytearray(b"x") * 300_000_000
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert len(held) == 300_000_000
    assert 100e6 < int(ran.stdout) < (200e6 if sys.platform == "linux" else 1e9)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no getrusage")
def test_without_proc_the_peak_is_that_of_getrusage(tmp_path):
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    assert machine.peak_memory(proc=tmp_path) == pytest.approx(peak, rel=0.1)


def test_on_windows_the_peak_is_that_of_the_working_set(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "resource", None)
    process = SimpleNamespace(memory_info=lambda: SimpleNamespace(peak_wset=5 * GB))
    monkeypatch.setattr(psutil, "Process", lambda: process)
    assert machine.peak_memory(proc=tmp_path) == 5 * GB


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (600, "600 bytes"),
        (600_000, "600 kB"),
        (24_400_000, "24 MB"),
        (999_400_000, "999 MB"),
        (999_500_000, "1.0 GB"),
        (1_340_000_000, "1.3 GB"),
        (25_276_063_744, "25.3 GB"),
        (2_000_000_000_000, "2.0 TB"),
    ],
)
def test_sizes_are_told_as_people_say_them(size, words):
    assert machine.in_words(size) == words
