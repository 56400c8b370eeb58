"""Work on a Ray cluster is work as here: the same request, the same events, and the result brought back.

Ray is a real one, on the loopback. Nothing of ours listens: Ray is asked, and its own log brings everything back.
"""

import contextlib
import json
import os
import sys
import time
import venv
from types import SimpleNamespace

import psutil
import pytest

from hlfd.event_file import read_events
from hlfd.files import sha256
from hlfd.jobs import client, cluster, states
from hlfd.jobs.client import ask_stop, launch, look, resume
from hlfd.jobs.folder import create
from hlfd.jobs.runner import Runner
from Testing.jobs.acting import beside, until, works_for
from Testing.jobs.local_ray import LocalRay, way_to
from Testing.jobs.real import SETTINGS, at_step
from Testing.training.tiny_runs import assert_same_run

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ray's clusters are of Linux and macOS")
pytest.importorskip("ray", reason="needs hlfd[cluster]")
LONG = {"steps": 100_000, "validate_every": 100_000, "save_minutes": 5.0, "preflight": False}


@pytest.fixture(scope="module")
def ray():
    """A cluster, with a client of Ray's own."""
    with LocalRay() as local:
        from ray.job_submission import JobSubmissionClient

        yield SimpleNamespace(local=local, address=local.address, client=JobSubmissionClient(local.address))


@pytest.fixture
def ask(tmp_path, a_store):
    """Asks for a training on a cluster, which nobody has started yet; no runner stays behind."""
    asked_for = []

    def make(address, *, cluster_python=None, name="", **settings):
        asked = {"store": str(a_store), "run": str(tmp_path / "run"), **SETTINGS, **settings}
        where = {"cluster": address, "cluster_python": cluster_python}
        asked_for.append(create(tmp_path / "jobs", "teach", asked, tmp_path, name, **where))
        return asked_for[-1]

    yield make
    for process in (process for job in asked_for if job.folder.exists() for process in works_for(job)):
        process.kill()


@pytest.fixture
def bare_python(tmp_path):
    """A real Python that has nothing installed."""
    venv.create(tmp_path / "bare", symlinks=True)
    return str(tmp_path / "bare" / "bin" / "python")


def ended(job):
    """Wait for a job's end; gives state and sentence."""
    until(lambda: not look(job).is_active, 120, 0.05)
    view = look(job)
    return view.state, view.say


def submission(job):
    """What the cluster calls the job, when it was asked to do it."""
    file = job.folder / "submission.json"
    until(file.exists)
    return json.loads(file.read_text())["name"]


@pytest.fixture(scope="module")
def over_a_bad_line(ray, a_store, tmp_path_factory):
    """A training on the cluster, done; the way to it was lost for a while in its middle. To be read only."""
    folder = tmp_path_factory.mktemp("over a bad line")
    asked = {"store": str(a_store), "run": "run", **SETTINGS}
    with way_to(ray.local.port) as way:
        job = create(folder / "jobs", "teach", asked, folder, cluster=way.address)
        launch(job)
        assert at_step(job, 1)
        way.cut()
        before = len(read_events(job.events))
        until(lambda: look(job).say.startswith("waits for an answer of the cluster"))
        way.open()
        assert ended(job)[0] == states.DONE
    return SimpleNamespace(job=job, run=folder / "run", told_before=before)


def test_a_training_on_a_cluster_is_the_training_that_it_is_here(over_a_bad_line, undisturbed):
    assert_same_run(over_a_bad_line.run, undisturbed)


def test_its_events_come_each_once_though_the_connection_was_lost(over_a_bad_line):
    told = read_events(over_a_bad_line.job.events)
    assert told[:-1] == read_events(over_a_bad_line.run / "events.jsonl")
    assert told[-1]["event"] == "ended"
    assert 0 < over_a_bad_line.told_before < len(told) - 1


def test_its_model_and_summary_are_brought_back_byte_for_byte(over_a_bad_line):
    job, run = over_a_bad_line.job, over_a_bad_line.run
    brought = job.folder / "brought" / "run"
    assert job.result()["outputs"] == [str(brought)]
    made = ["result.json", "preview.png", *(f"bundle/{path.name}" for path in (run / "bundle").iterdir())]
    assert {name: sha256(brought / name) for name in made} == {name: sha256(run / name) for name in made}
    came = [path.relative_to(brought).as_posix() for path in brought.rglob("*") if path.is_file()]
    assert sorted(came) == sorted(made)


def test_what_it_printed_is_in_the_log_and_what_it_told_is_not(over_a_bad_line):
    log = over_a_bad_line.job.log.read_text(encoding="utf-8")
    assert "\nrun/bundle: kidney tumor teacher, " in log
    assert f", {sys.executable}\n" in log  # the Python that Ray runs with, which is not the first of PATH
    assert "@hlfd" not in log


def test_a_stopped_job_has_a_model_that_came_back_and_resuming_finishes_it(ray, ask, tmp_path):
    job = ask(ray.address, **LONG, minutes=0.12)
    launch(job)
    assert at_step(job, 1)
    listening = [connection for process in ours(ray, job) for connection in process.net_connections("inet")]
    assert not [connection for connection in listening if connection.status == psutil.CONN_LISTEN]
    ask_stop(job)
    state, say = ended(job)
    assert state == states.CANCELLED
    assert say.startswith("stopped at step ") and "the model of step" in say
    weights = "run/bundle/weights.safetensors"
    assert sha256(job.folder / "brought" / weights) == sha256(tmp_path / weights)
    resume(job)
    assert ended(job)[0] == states.DONE
    finished = json.loads((job.folder / "brought" / "run" / "result.json").read_text())
    assert finished["ended"].startswith("the 0.12 minutes are over at step ")
    assert sha256(job.folder / "brought" / weights) == sha256(tmp_path / weights)
    assert [event["event"] for event in read_events(job.events) if event["event"] in ("stopped", "ended")] == [
        *("stopped", "ended", "ended"),
    ]


def ours(ray, job):
    """The processes of a job that are ours: its runner here, and what the cluster runs of it."""
    there = []
    for process in ray.local.processes():
        with contextlib.suppress(psutil.Error):
            if {"hlfd.jobs.remote", "hlfd.child"} & {*process.cmdline()}:
                there.append(process)
    assert len(there) == 2
    return [psutil.Process(job.status()["pid"]), *there]


def test_a_refusal_of_the_command_is_told_in_its_own_words(ray, ask, refused, tmp_path):
    settings = {"store": str(tmp_path / "no store")}
    job = ask(ray.address, **settings)
    assert Runner(job).run() == 1
    alone = refused("teach", settings["store"], tmp_path / "alone", "--crop", 32)
    assert (look(job).state, f"hlfd: {look(job).say}\n") == (states.FAILED, alone)
    assert not (job.folder / "brought").exists()
    assert job.result()["outputs"] == []


def test_a_folder_that_the_cluster_does_not_see_is_told(ray, a_store, tmp_path):
    asked = {"store": str(a_store), "run": "run", **SETTINGS}
    job = create(tmp_path / "jobs", "teach", asked, tmp_path / "laptop", cluster=ray.address)
    assert Runner(job).run() == 1
    assert look(job).say == (
        f"{tmp_path / 'laptop'}: no such folder on the cluster; start the job in one that the cluster sees too"
    )


def test_a_python_without_hlfd_is_told(ray, ask, bare_python):
    job = ask(ray.address, cluster_python=bare_python)
    assert Runner(job).run() == 1
    assert look(job).say == (
        f"{ray.address}: {bare_python} has no hlfd of this version; install hlfd there, or name another Python with "
        "--cluster-python, and resume the job"
    )


def test_a_python_that_is_not_there_is_told(ray, ask, tmp_path):
    job = ask(ray.address, cluster_python=str(tmp_path / "none"))
    assert Runner(job).run() == 1
    assert (
        look(job).say == f"{ray.address}: {tmp_path / 'none'} cannot be started there; name one with --cluster-python"
    )


def test_a_job_for_which_there_is_no_gpu_waits_and_can_be_stopped(ray, ask):
    job = ask(ray.address, device="cuda")
    with beside(job):
        until(lambda: look(job).say == "waits for the cluster to have 1 GPU free")
        assert look(job).state == states.STARTING
        until(lambda: str(ray.client.get_job_info(submission(job)).status) == "PENDING")
        ask_stop(job)
        assert ended(job) == (states.CANCELLED, "stopped")


def test_a_cluster_that_goes_away_fails_the_job_and_resuming_ends_what_went_on_there(ray, ask, monkeypatch):
    monkeypatch.setattr(cluster, "PATIENCE_S", 3.0)
    monkeypatch.setattr(cluster, "ASKS_S", 0.5)
    with way_to(ray.local.port) as way:
        job = ask(way.address, **LONG)
        with beside(job):
            assert at_step(job, 1)
            way.cut()
            state, say = ended(job)
        assert state == states.FAILED
        assert say.startswith(f"{way.address}: the Ray cluster has not answered for 3 s (")
        assert say.endswith("); resume the job when it is there again")
        left = submission(job)
        assert str(ray.client.get_job_info(left).status) == "RUNNING"
        way.open()
        resume(job)
        until(lambda: submission(job) != left and ray.client.get_job_info(left).status.is_terminal())
        ask_stop(job)
        assert ended(job)[0] == states.CANCELLED


def test_a_job_that_is_removed_on_the_cluster_has_failed(ray, ask, tmp_path):
    sleeper = tmp_path / "sleeper"
    sleeper.write_text("#!/bin/sh\necho sleeps\nexec sleep 1000\n")
    sleeper.chmod(0o755)
    with way_to(ray.local.port) as way:
        job = ask(way.address, cluster_python=str(sleeper))
        with beside(job):
            until(lambda: job.log.exists() and "sleeps" in job.log.read_text())
            way.cut()
            ray.client.stop_job(submission(job))
            until(lambda: ray.client.get_job_info(submission(job)).status.is_terminal())
            time.sleep(3)  # Ray looks after jobs each second, and would write one down again that is removed too soon
            ray.client.delete_job(submission(job))
            way.open()
            assert ended(job) == (
                states.FAILED,
                f"{way.address}: the cluster does not know the job any more: it was removed there, or the cluster was "
                "started anew; resume the job, and it is submitted again",
            )
    assert client.remove(job) is None
