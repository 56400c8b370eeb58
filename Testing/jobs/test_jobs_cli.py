"""`hlfd jobs ...` as a user meets it."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hlfd.cli import COMMANDS
from hlfd.event_file import JsonLines
from hlfd.jobs import states
from hlfd.jobs.client import launch, look, wait_for_end
from hlfd.jobs.folder import Job, create
from hlfd.jobs.runner import GRACE_S, TERMINATE_S
from Testing.jobs.acting import SOON_S, until, works_for
from Testing.jobs.real import AS_OPTIONS, at_step
from Testing.training.apart import hearing_ctrl_c

TEACH = ["teach", "store", "run", "--steps", "100"]


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """A home folder, and a folder with a file in it where the user stands."""
    for name in ("home", "stands"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path / "stands")
    return tmp_path / "home"


@pytest.fixture
def jobs(home):
    """Where jobs are if nobody says otherwise."""
    return home / ".hlfd" / "jobs"


@pytest.fixture
def ended(a_job):
    """Makes a job that has ended, with an event."""

    def make(state=states.DONE, name="", **settings):
        job = a_job(name=name, **settings)
        lines = JsonLines(job.events)
        lines.hear({"event": "started", "time": 1.0, "what": "Teaching", "at": 0, "of": 9})
        lines.hear({"event": "note", "time": 1.0, "say": "the first of [all] words"})
        lines.close()
        job.write_status(state, "what it says in the end", step=9, of=9, left_s=None)
        return job

    return make


@pytest.mark.parametrize(("asked", "status"), [([], 2), (["-h"], 0), (["--help"], 0)])
def test_jobs_alone_shows_what_there_is(command, asked, status):
    answer = command("jobs", *asked)
    assert (answer.status, answer.error) == (status, "")
    for name, text in COMMANDS.items():
        assert (f"  {name}" in answer.out and text in answer.out) is name.startswith("jobs ")


def test_jobs_nonsense_is_refused_with_what_there_is(refused):
    family = "jobs start, jobs list, jobs watch, jobs stop, jobs resume, jobs remove"
    assert refused("jobs", "nonsense") == f"hlfd: jobs nonsense: no such command; there are {family}\n"


def test_without_jobs_the_list_tells_how_one_is_started(command, home, tmp_path):
    answer = command("jobs", "list")
    assert (answer.status, answer.error) == (0, "")
    assert answer.out == f"{home / '.hlfd' / 'jobs'}: no jobs; `hlfd jobs start distill ...` starts one\n"
    assert str(tmp_path / "other") in command("jobs", "list", "--folder", tmp_path / "other").out
    assert json.loads(command("jobs", "list", "--json").out) == []
    assert not (home / ".hlfd").exists()


def test_the_list_shows_every_job_as_a_table_and_as_json(ended, a_job, command):
    ended(name="one")
    a_job("segment", name="two")
    (a_job(name="three").folder / "request.json").write_text("{")
    table = command("jobs", "list").out
    assert re.search(r"^job +state +progress +left +what *$", table, re.MULTILINE)
    assert re.search(r"^one +done +9 of 9 +what it says in the end *$", table, re.MULTILINE)
    assert re.search(r"^two +queued +waits for its start *$", table, re.MULTILINE)
    assert re.search(r"^three +lost ", table, re.MULTILINE)
    told = {one["name"]: one for one in json.loads(command("jobs", "list", "--json").out)}
    assert told["one"] == {
        **{"name": "one", "command": "teach", "state": "done", "say": "what it says in the end"},
        **{"step": 9, "of": 9, "left_s": None},
    }
    assert told["two"]["state"] == "queued"


@pytest.mark.parametrize(("state", "status"), [(states.DONE, 0), (states.FAILED, 1), (states.CANCELLED, 1)])
def test_whoever_watches_late_sees_all_from_the_beginning_and_how_it_ended(state, status, ended, command):
    ended(state, "mine")
    answer = command("jobs", "watch", "mine")
    assert answer.status == status
    assert "the first of [all] words" in answer.error
    assert answer.out == f"mine: {state}: what it says in the end\n"


@pytest.mark.parametrize("verb", ["watch", "stop", "resume", "remove"])
def test_an_unknown_name_is_refused_with_those_there_are(verb, ended, refused, jobs):
    assert refused("jobs", verb, "mine") == f"hlfd: mine: no such job in {jobs}; there are: none\n"
    assert f"last: no such job in {jobs}; there are: none" in refused("jobs", verb, "last")
    ended(name="theirs")
    assert refused("jobs", verb, "mine") == f"hlfd: mine: no such job in {jobs}; there are: theirs\n"
    assert "../theirs: no such job" in refused("jobs", verb, "../theirs")


def test_last_is_the_job_that_was_started_last(ended, command):
    ended(name="b")
    time.sleep(0.02)
    ended(name="a")
    assert command("jobs", "watch", "last").out.startswith("a: done")


def test_what_has_ended_is_not_stopped_and_what_is_done_not_resumed(ended, refused):
    ended(name="mine")
    assert refused("jobs", "stop", "mine") == "hlfd: mine: is done; there is nothing to stop\n"
    assert refused("jobs", "resume", "mine") == "hlfd: mine: cannot be resumed: it is done\n"


@pytest.mark.parametrize("name", ["../x", "last", "a b", ".x"])
def test_a_bad_name_is_refused_before_any_folder_is_made(name, refused, home):
    assert f"{name}: not a name for a job; use letters" in refused("jobs", "start", "--name", name, *TEACH)
    assert not (home / ".hlfd").exists()


def test_a_name_that_is_taken_is_refused(ended, refused):
    ended(name="mine")
    assert "there is a job of this name; choose another" in refused("jobs", "start", "--name", "mine", *TEACH)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "the following arguments are required: COMMAND; see `hlfd jobs start --help`"),
        (["evaluate", "store"], "evaluate: cannot be a job; there are prepare, teach, distill, arena, sweep, segment"),
        (["jobs", "list"], "jobs: cannot be a job"),
        (["teach", "store"], "the following arguments are required: RUN; see `hlfd teach --help`"),
        (["teach", "store", "run", "--steps", "0"], "--steps: Input should be greater than 0, found '0'"),
        (["teach", "store", "run", "--stepz", "9"], "unrecognized arguments: --stepz=9; see `hlfd teach --help`"),
        (["--nmae", "x", *TEACH], "unrecognized arguments: --nmae"),
        (["teach", "store", "run", "--resume", "--overwrite"], "give one of them"),
        (["teach", "--settings", "none.json"], "none.json: cannot be read as a settings file"),
        (["--settings", "none.json", *TEACH], "none.json: cannot be read as a settings file"),
    ],
)
def test_what_cannot_be_started_is_refused_before_any_folder_is_made(arguments, told, refused, home):
    assert told in refused("jobs", "start", *arguments)
    assert not (home / ".hlfd").exists()


def test_help_behind_the_command_is_the_command_s(capsys):
    from hlfd.cli import main

    with pytest.raises(SystemExit) as left:
        main(["jobs", "start", "teach", "--help"])
    assert left.value.code == 0
    assert "usage: hlfd teach" in capsys.readouterr().out


def test_a_refused_work_has_failed_and_is_resumed_by_its_name(command, a_job, jobs):
    job = a_job(store="s", run="r", steps=0)
    job.write_status(states.FAILED, "for another reason", attempt=1)
    assert command("jobs", "resume", "last").out == "teach-1: goes on; `hlfd jobs watch teach-1` looks on\n"
    answer = command("jobs", "watch", "teach-1")
    assert answer.status == 1
    assert answer.out == f"teach-1: failed: {look(job).say}\n"
    assert "--steps: Input should be greater than 0" in answer.out
    assert job.status()["attempt"] == 2
    assert command("jobs", "remove", "teach-1").out == "teach-1: removed\n"
    assert list(jobs.iterdir()) == []


def test_names_of_files_beside_the_user_s_own_do_not_mislead_the_work(tmp_path):
    for name in ("random", "json", "hlfd", "psutil"):
        (tmp_path / "stands" / f"{name}.py").write_text("raise SystemExit(77)")
    job = create(Path("here"), "teach", {"store": "s", "run": "r", "steps": 0}, Path())
    launch(job)
    view = wait_for_end(job, SOON_S)
    assert view.state == states.FAILED
    assert view.say.startswith("--steps: Input should be greater than 0")


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C by a signal of POSIX")
def test_the_life_of_a_training_from_its_start_to_its_removal(a_store, command, refused, jobs, tmp_path):
    options = [*AS_OPTIONS, "--steps", "100000", "--preflight"]
    answer = command("jobs", "start", "teach", a_store, "run", *options)
    assert answer.out == "teach-1: started; `hlfd jobs watch teach-1` looks on, `hlfd jobs stop teach-1` ends it\n"
    job = Job(jobs / "teach-1")
    at_step(job, 20)

    with hearing_ctrl_c():
        watching = subprocess.Popen(
            [sys.executable, "-m", "hlfd", "jobs", "watch", "last"], stderr=subprocess.PIPE, text=True
        )
    first = watching.stderr.readline()
    assert "100000 steps of" in first  # the forecast, which was told before anybody looked
    watching.send_signal(signal.SIGINT)
    rest = watching.communicate(timeout=SOON_S)[1]
    assert watching.returncode == 130
    assert rest.endswith("hlfd: teach-1: goes on; `hlfd jobs watch teach-1` looks on again\n")

    assert re.search(r"^teach-1 +running +\d+ of 100000 +\S.* +Teaching *$", command("jobs", "list").out, re.MULTILINE)
    assert "is running; stop it first (hlfd jobs stop teach-1)" in refused("jobs", "remove", "last")
    assert "cannot be resumed: it is running" in refused("jobs", "resume", "last")

    began = time.monotonic()
    answer = command("jobs", "stop", "last")
    assert time.monotonic() - began < GRACE_S + TERMINATE_S
    assert answer.status == 0
    assert re.fullmatch(
        r"teach-1: cancelled: stopped at step \d+ of 100000; the model of step \d+ is kept, and --resume goes on\n",
        answer.out,
    )
    run = tmp_path / "stands" / "run"
    assert (run / "bundle" / "weights.safetensors").exists()
    until(lambda: not works_for(job), 5)
    late = command("jobs", "watch", "last")
    assert late.status == 1
    assert first in late.error and "step 10 of 100000: validation tumour Dice" in late.error
    assert command("jobs", "remove", "last").out == f"teach-1: removed; {run} stays\n"
    assert not job.folder.exists() and (run / "last.ckpt").exists()
