"""Whether a process is still the one that it was."""

import os
import shutil
import subprocess
import sys
import time

import pytest

from hlfd.jobs import process
from hlfd.jobs.process import is_alive, start_mark

WAITS = [sys.executable, "-c", "input()"]


@pytest.fixture
def waiting():
    """A process that waits for its end."""
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as child:
        yield child
        child.stdin.close()


def test_a_process_has_one_mark_while_it_lives(waiting):
    mark = start_mark(waiting.pid)
    assert mark
    time.sleep(0.05)
    assert start_mark(waiting.pid) == mark
    assert is_alive(waiting.pid, mark) and not is_alive(waiting.pid, mark + "0")


def test_this_process_began_at_another_time_than_its_child(waiting):
    assert start_mark(os.getpid()) != start_mark(waiting.pid)


def test_what_has_ended_has_no_mark_also_before_its_parent_looks():
    with subprocess.Popen(WAITS, stdin=subprocess.PIPE) as child:
        mark = start_mark(child.pid)
        child.kill()
        until = time.monotonic() + 5
        while start_mark(child.pid) is not None and time.monotonic() < until:
            time.sleep(0.01)
        assert start_mark(child.pid) is None  # nobody has waited for it: a zombie, on Linux
        assert not is_alive(child.pid, mark)
    assert start_mark(child.pid) is None


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="process names of Linux")
def test_a_name_with_brackets_and_blanks_is_no_obstacle(tmp_path):
    odd = tmp_path / "a) S 1 (b c"
    shutil.copy(shutil.which("sleep"), odd)
    with subprocess.Popen([odd, "60"]) as child:
        assert is_alive(child.pid, start_mark(child.pid))
        boot, _, ticks = start_mark(child.pid).partition(" ")
        assert len(boot) == 36 and ticks.isdecimal()
        child.kill()


@pytest.mark.skipif(not shutil.which("ps"), reason="needs ps")
def test_ps_tells_the_same_of_one_process_in_every_time_zone(waiting, monkeypatch):
    told = set()
    for zone in ("UTC", "Asia/Tokyo", "America/New_York"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        told.add(process._by_ps(waiting.pid))
    monkeypatch.undo()
    time.tzset()
    assert len(told) == 1 and None not in told
    assert process._by_ps(2**22 + 1) is None
