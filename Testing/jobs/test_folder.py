"""The folder of a job: made whole, named, found, listed and removed."""

import json
import os
import re
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from hlfd.attached import identity
from hlfd.errors import InputError
from hlfd.files import UNFINISHED
from hlfd.jobs import states
from hlfd.jobs.folder import Job, all_jobs, create, default_folder, delete, find


def names(jobs):
    return [job.name for job in all_jobs(jobs)]


def inside(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_new_job_has_its_request_and_waits(a_job, tmp_path):
    before = time.time()
    job = a_job("segment", ct="ct.nrrd", out="out.nrrd")
    request = job.request()
    assert request["created"] == pytest.approx(before, abs=5)
    assert request == {
        "format": 1,
        "command": "segment",
        "settings": {"ct": "ct.nrrd", "out": "out.nrrd"},
        "where": str(tmp_path),
        "created": request["created"],
    }
    status = job.status()
    assert (status["state"], status["say"]) == (states.QUEUED, "waits for its start")
    assert status["heartbeat"] == pytest.approx(time.time(), abs=5)
    assert job.result() is None
    assert inside(job.folder) == ["request.json", "status.json"]


def test_relative_paths_start_at_a_folder_that_is_told_in_full(jobs, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert create(jobs, "teach", {}, Path(), "a").request()["where"] == str(tmp_path)


def test_names_count_up_and_a_free_number_is_used_again(a_job, jobs):
    assert [a_job().name, a_job().name, a_job("segment").name] == ["teach-1", "teach-2", "segment-1"]
    delete(Job(jobs / "teach-1"))
    assert a_job().name == "teach-1"


def test_twelve_who_want_a_job_at_once_get_twelve(jobs, tmp_path):
    with ThreadPoolExecutor(12) as pool:
        made = list(pool.map(lambda number: create(jobs, "teach", {"seed": number}, tmp_path), range(12)))
    assert len({job.name for job in made}) == 12
    assert [job.request()["settings"]["seed"] for job in made] == list(range(12))
    assert inside(jobs) == sorted(job.name for job in made)


def test_of_six_who_want_one_name_one_gets_it(jobs, tmp_path):
    def wanted(number):
        try:
            return create(jobs, "teach", {"seed": number}, tmp_path, "mine").request()["settings"]["seed"]
        except InputError as refused:
            return str(refused)

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(wanted, range(6)))
    (winner,) = [answer for answer in answers if isinstance(answer, int)]
    assert Job(jobs / "mine").request()["settings"]["seed"] == winner
    sentence = f"{jobs / 'mine'}: there is a job of this name; choose another, or remove it (hlfd jobs remove)"
    assert answers.count(sentence) == 5


@pytest.mark.parametrize("taken", ["a folder", "a file"])
def test_what_is_no_job_is_not_replaced_either(taken, a_job, jobs):
    jobs.mkdir()
    (jobs / "mine").mkdir() if taken == "a folder" else (jobs / "mine").write_text("notes")
    if taken == "a folder":
        (jobs / "mine" / "notes.txt").write_text("notes")
    with pytest.raises(InputError, match="there is a job of this name; choose another"):
        a_job(name="mine")


@pytest.mark.parametrize(
    "name", ["last", "../x", "a/b", "a\\b", ".hidden", "-x", "a b", "é", "x" * 82, "a\n", "/tmp/x"]
)
def test_a_name_that_cannot_be_a_folder_is_refused_before_anything_is_made(name, a_job, jobs):
    with pytest.raises(InputError, match=rf"^{re.escape(name)}: not a name for a job; use letters, digits, dots"):
        a_job(name=name)
    assert not jobs.exists()


@pytest.mark.parametrize("name", ["a", "7", "kidney.v2_final-3", "Last", "x" * 81])
def test_a_usual_name_is_taken(name, a_job):
    assert a_job(name=name).name == name


@pytest.mark.skipif(os.name == "nt", reason="permissions of POSIX")
def test_a_job_is_as_readable_as_any_folder_of_the_user(a_job, tmp_path):
    (tmp_path / "usual").mkdir()
    assert stat.S_IMODE(a_job().folder.stat().st_mode) == stat.S_IMODE((tmp_path / "usual").stat().st_mode)


def test_a_start_that_was_killed_in_the_middle_leaves_no_job(a_job, jobs, tmp_path):
    program = f"""
import os
from pathlib import Path
from hlfd.jobs import folder
def placed(made, there):
    os._exit(9)  # all is written but the name
folder._is_placed = placed
folder.create(Path({str(jobs)!r}), "teach", {{}}, Path({str(tmp_path)!r}))
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    (left,) = inside(jobs)
    assert left.startswith(UNFINISHED)
    assert names(jobs) == []
    assert a_job().name == "teach-1"
    assert names(jobs) == ["teach-1"]


def test_jobs_are_listed_the_oldest_first_and_others_are_passed_over(a_job, jobs):
    for age, name in ((1, "c"), (3, "a"), (2, "b")):
        request = a_job(name=name).folder / "request.json"
        os.utime(request, (time.time() - age, time.time() - age))
    (jobs / "notes").mkdir()
    (jobs / "notes.txt").write_text("mine")
    assert names(jobs) == ["a", "b", "c"]
    assert find(jobs, "last").name == "c"
    assert find(jobs, "a").name == "a"


def test_no_folder_has_no_jobs(jobs):
    assert names(jobs) == []


@pytest.mark.parametrize("name", ["d", "last-one", "..", "", "../jobs/a", "A"])
def test_an_unknown_name_is_refused_with_those_there_are(name, a_job, jobs):
    a_job(name="a"), a_job(name="b")
    with pytest.raises(InputError) as refused:
        find(jobs, name)
    assert str(refused.value) == f"{name}: no such job in {jobs}; there are: a, b"


def test_the_last_of_none_is_refused(jobs):
    with pytest.raises(InputError, match=r"last: no such job in .*; there are: none"):
        find(jobs, "last")


def test_removing_leaves_the_other_jobs_and_nothing_half(a_job, jobs):
    job, other = a_job(), a_job()
    job.events.write_text("{}\n")
    delete(job)
    assert inside(jobs) == [other.name]


def test_a_folder_that_is_still_in_use_for_a_moment_is_removed_then(a_job, monkeypatch):
    job, tries, rename = a_job(), [], Path.rename

    def busy(path, target):
        tries.append(path)
        if len(tries) < 3:
            raise PermissionError("in use")  # as Windows says it
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", busy)
    delete(job)
    assert len(tries) == 3 and not job.folder.exists()


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "not readable as the request of a job"),
        ("[]", "not a job of format 1; start it again with this version"),
        (json.dumps({"format": 2}), "not a job of format 1; start it again with this version"),
    ],
)
def test_a_request_that_cannot_be_read_is_told(content, told, a_job):
    job = a_job()
    (job.folder / "request.json").write_text(content)
    with pytest.raises(InputError, match=told):
        job.request()


def test_two_jobs_of_one_name_are_told_apart(a_job):
    first = a_job(name="mine")
    was = identity(first.folder)
    delete(first)
    time.sleep(0.01)
    assert identity(a_job(name="mine").folder) != was


def test_asking_twice_for_a_stop_is_asking_once(a_job):
    job = a_job()
    job.ask_stop(), job.ask_stop()
    assert job.stop_file.exists()
    job.write_result({"state": "cancelled"})
    job.forget_stop()
    assert not job.stop_file.exists() and job.result() is None
    job.forget_stop()


def test_jobs_are_in_the_home_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert default_folder() == tmp_path / ".hlfd" / "jobs"
