"""A job for a cluster that is not there, or a computer that has no Ray: a sentence, and the job can be resumed."""

import sys

import pytest

from hlfd.jobs import states
from hlfd.jobs.client import look
from hlfd.jobs.folder import create
from hlfd.jobs.runner import Runner
from Testing.jobs.local_ray import free_ports


@pytest.fixture
def ended_at(jobs, tmp_path):
    """Runs a job for the cluster at an address; gives how it ended."""

    def run(address):
        job = create(jobs, "teach", {"store": "store", "run": "run"}, tmp_path, cluster=address)
        assert Runner(job).run() == 1
        assert look(job).state in states.RESUMABLE
        return look(job).say

    return run


def test_a_cluster_that_does_not_answer_is_told_at_once(ended_at):
    pytest.importorskip("ray", reason="needs hlfd[cluster]")
    address = f"http://127.0.0.1:{free_ports(1)[0]}"
    say = ended_at(address)
    assert say.startswith(f"{address}: no Ray cluster answers there (")
    assert say.endswith("); check the address, and whether the cluster runs, then resume the job")


def test_a_computer_without_ray_is_told(ended_at, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    assert ended_at("http://head:8265") == "Ray is not installed here, and --cluster needs it; install hlfd[cluster]"


def test_it_is_told_before_there_is_a_job_too(refused, jobs, monkeypatch):
    monkeypatch.setitem(sys.modules, "ray", None)
    said = refused("jobs", "start", "--folder", jobs, "--cluster", "http://head:8265", "teach", "store", "run")
    assert said == "hlfd: Ray is not installed here, and --cluster needs it; install hlfd[cluster]\n"
    assert not jobs.exists()


@pytest.mark.parametrize("address", ["head:6379", "ray://head:10001", "auto"])
def test_what_is_no_address_of_a_job_api_is_refused(address, refused, jobs):
    said = refused("jobs", "start", "--folder", jobs, "--cluster", address, "teach", "store", "run")
    assert said == f"hlfd: {address}: not the address of a Ray cluster's job API; give it as http://HOST:8265\n"
    assert not jobs.exists()
