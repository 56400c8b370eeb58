"""`hlfd` in a process of its own, as a user starts it: to be signalled, killed, or short of memory."""

import contextlib
import os
import signal
import subprocess
import sys
import time

import psutil
import torch

from hlfd.event_file import read_events

PATIENCE_S = 300


def environment(**more):
    """That of this process, with the same threads, and no job."""
    usual = {name: value for name, value in os.environ.items() if name != "HLFD_JOB"}
    path = os.pathsep.join(path for path in sys.path if path)
    return {**usual, "OMP_NUM_THREADS": str(torch.get_num_threads()), "PYTHONPATH": path, **more}


@contextlib.contextmanager
def hearing_ctrl_c():
    """Let what is started meanwhile hear Ctrl-C; where the tests are a shell's background job, it would not."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


@contextlib.contextmanager
def hlfd_apart(*arguments, **more):
    """Start `hlfd`; its standard error is read by `said`. Nothing of it is left behind."""
    command = [sys.executable, "-m", "hlfd", *map(str, arguments)]
    with hearing_ctrl_c():
        process = subprocess.Popen(
            command,
            env=environment(**more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        for one in family(process):
            with contextlib.suppress(psutil.Error):
                one.kill()
        process.wait()
        process.stderr.close()


def family(process):
    """The process and all that it has started."""
    try:
        own = psutil.Process(process.pid)
        return [own, *own.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def said(process):
    """Wait for the end; gives exit status and the lines of standard error."""
    _, error = process.communicate(timeout=PATIENCE_S)
    return process.returncode, error.splitlines()


def wait_for_step(process, run, step):
    """Wait until a run tells of a step, at least so late."""
    end = time.monotonic() + PATIENCE_S
    while not any(event.get("step", 0) >= step for event in read_events(run / "events.jsonl")):
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < end, "the run does not come so far"
        time.sleep(0.005)
