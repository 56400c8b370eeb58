"""A job needs nobody: who started it may leave, be killed, or lose the terminal."""

import os
import signal
import subprocess
import sys

import pytest

from hlfd.jobs import states
from hlfd.jobs.client import wait_for_end
from hlfd.jobs.folder import find
from Testing.jobs.acting import SOON_S, until, works_for
from Testing.jobs.real import AS_OPTIONS
from Testing.training.tiny_runs import assert_same_run

STARTER = """
import os, sys, time
os.close(0)
from hlfd.cli import main
assert main(sys.argv[1:]) == 0
print("started", flush=True)
time.sleep(600)
"""


@pytest.mark.skipif(os.name == "nt", reason="process groups of POSIX")
def test_a_job_whose_starter_s_terminal_hangs_up_and_whose_group_is_killed_is_done(
    jobs, a_store, undisturbed, tmp_path
):
    command = ["jobs", "start", "--folder", jobs, "--name", "mine", "teach", a_store, "run", *AS_OPTIONS]
    with subprocess.Popen(
        [sys.executable, "-c", STARTER, *map(str, command)],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as starter:
        assert starter.stdout.readline().startswith("mine: started; `hlfd jobs watch mine` looks on")
        assert starter.stdout.readline() == "started\n"
        for number in (signal.SIGHUP, signal.SIGKILL):
            os.killpg(starter.pid, number)
    job = find(jobs, "mine")
    view = wait_for_end(job, SOON_S)
    assert view.state == states.DONE, view
    assert (view.step, view.of, view.left_s) == (60, 60, None)
    assert_same_run(tmp_path / "run", undisturbed)
    assert job.result()["outputs"] == [str(tmp_path / "run")]
    until(lambda: not works_for(job), 5)
