"""What runs on a cluster: the command as local work would, all of it told, and nothing of it left behind."""

import os
import signal
import subprocess
import sys
from types import SimpleNamespace

import psutil
import pytest

from hlfd import attached, machine
from hlfd.jobs import remote, wire
from hlfd.jobs.remote import Remote
from Testing.jobs.acting import stand_in, until

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Ray's clusters are of Linux and macOS")
BEGINS = "make_run(); tell_that_it_started()\n"
MAKES_A_MODEL = BEGINS + "(run / 'bundle').mkdir(); (run / 'bundle' / 'weights').write_text('w')\n"


@pytest.fixture
def told(a_job, tmp_path, monkeypatch, capfd):
    """Runs a stand-in as a job on a cluster; gives status, what was told of how it ended, events, and other lines."""

    def run(body, kills=None, parts=None, **settings):
        stand_in(tmp_path, f"run = Path(settings.get('run', '.'))\n{body}", monkeypatch)
        for module in (remote, machine):
            monkeypatch.setattr(module, "oom_kills", lambda: kills.pop() if kills else None)
        status = Remote(a_job(run=str(tmp_path / "run"), **settings), parts).run()
        said = [(wire.heard(line), line) for line in capfd.readouterr().out.splitlines()]
        heard = [one for one, _ in said if one]
        return SimpleNamespace(
            status=status,
            end=heard[-1],
            events=[one["event"]["event"] for one in heard if one["is"] == "event"],
            printed=[line for one, line in said if one is None],
        )

    return run


def test_what_it_prints_and_tells_is_passed_on(told):
    ended = told("print('one'); tell_that_it_started(); print('two', end='')")
    assert (ended.status, ended.events, ended.printed) == (0, ["started"], ["one", "two"])


def test_a_line_that_never_ends_is_passed_on_in_pieces(told):
    length = 3 * wire.PIECE_BYTES
    ended = told(f"print('x' * {length}, end='')")
    assert "".join(ended.printed) == "x" * length


def test_its_model_is_sent_when_it_is_done(told):
    assert [*told(MAKES_A_MODEL).end["files"]] == ["run/bundle/weights"]


@pytest.mark.parametrize(
    ("command", "sent"),
    [
        ("segment-folder", ["a.json", "a.seg.nrrd", "summary.csv"]),
        ("report", ["report.html", "report.json", "student/cases.csv", "student/summary.json", "summary.csv"]),
    ],
)
def test_of_the_folder_of_other_commands_all_that_they_made_is_sent(command, sent, tmp_path):
    (tmp_path / "out" / "student").mkdir(parents=True)
    for name in {*sent, "student/cases.csv", "student/summary.json", ".lock"}:
        (tmp_path / "out" / name).touch()
    request = {"command": command, "where": str(tmp_path), "settings": {"out": "out"}}
    assert [name for _, name in remote.results(request)] == [f"out/{name}" for name in sent]


def test_its_model_is_sent_when_it_was_stopped(told):
    ended = told(MAKES_A_MODEL + "(job / 'stop').touch(); sys.exit(130)")
    assert (ended.status, [*ended.end["files"]]) == (130, ["run/bundle/weights"])


def test_the_model_of_somebody_elses_run_is_not(told, tmp_path):
    (tmp_path / "run" / "bundle").mkdir(parents=True)
    (tmp_path / "run" / "bundle" / "weights").touch()
    ended = told("(job / 'stop').touch(); sys.exit(130)")
    assert (ended.status, ended.end["files"]) == (130, {})


def test_nor_what_is_there_when_it_failed(told):
    ended = told(MAKES_A_MODEL + "print('hlfd: store: no such file'); sys.exit(2)")
    assert (ended.status, ended.end["files"], ended.end["words"]) == (2, {}, "store: no such file")


@pytest.mark.parametrize(
    ("kills", "status"), [(None, 12), ([4, 3], 12), ([3, 3], -9)], ids=["nobody counts", "for memory", "by somebody"]
)
def test_work_that_was_killed_had_too_little_memory_unless_the_node_knows_better(kills, status, told):
    ended = told(BEGINS + "os.kill(os.getpid(), 9)", kills, batch=4)
    assert ended.end["status"] == status
    assert ended.end["words"].startswith("the work was killed by ")
    assert (ended.end["can_resume"], ended.end["most_parts"]) == (True, 4)


def test_parts_that_were_asked_for_reach_the_command(told):
    assert told("print(settings['accumulate'])", parts=2).printed == ["2"]


def test_a_stop_before_it_began_is_a_stop(told):
    ended = told("(job / 'stop').touch(); signal.signal(15, signal.SIG_DFL); os.kill(os.getpid(), 15)")
    assert (ended.status, ended.end["words"]) == (130, "")


def test_work_that_does_not_stop_is_killed_as_it_is_here(told, monkeypatch):
    monkeypatch.setattr(remote, "GRACE_S", 0.2)
    monkeypatch.setattr(remote, "TERMINATE_S", 0.2)
    ended = told(MAKES_A_MODEL + "signal.signal(15, signal.SIG_IGN); (job / 'stop').touch(); time.sleep(60)")
    assert (ended.end["status"], [*ended.end["files"]]) == (-9, ["run/bundle/weights"])


@pytest.fixture
def started(a_job, tmp_path):
    """Starts what Ray would start, for a real command; gives it and what it started."""
    job, there = a_job(store=str(tmp_path / "store"), run=str(tmp_path / "run")), tmp_path / "package"
    there.mkdir()
    (there / attached.REQUEST).write_bytes((job.folder / attached.REQUEST).read_bytes())

    def start(**variables):
        return subprocess.Popen(
            [sys.executable, "-m", "hlfd.jobs.remote"],
            cwd=there,
            env={**os.environ, **variables},
            stdout=subprocess.PIPE,
            text=True,
        )

    return start


def test_the_command_ends_with_what_ray_started(started):
    with started() as process:
        (child,) = until(lambda: psutil.Process(process.pid).children())
        process.kill()
        until(lambda: not child.is_running() or child.status() == psutil.STATUS_ZOMBIE)


def test_sigterm_is_a_stop_however_early(started):
    with started() as process:
        until(lambda: psutil.Process(process.pid).children())
        process.send_signal(signal.SIGTERM)
        ends = [said for line in process.stdout if (said := wire.heard(line)) and said["is"] == "end"]
    assert [end["files"] for end in ends] == [{}]
    assert process.returncode in (2, 130, 128 + 9)  # it may find first that there is no store, or be loading for long


@pytest.mark.parametrize(("of_node", "threads"), [("", None), ("3", "3")])
def test_threads_are_those_of_the_node_and_not_those_that_ray_gives(of_node, threads, monkeypatch):
    monkeypatch.setattr(os, "environ", {wire.THREADS_OF_NODE: of_node, "OMP_NUM_THREADS": of_node or "1"})
    remote.set_variables()
    assert os.environ.get("OMP_NUM_THREADS") == threads
    assert wire.THREADS_OF_NODE not in os.environ
