"""Units in processes of their own: order, failure, and what is left when the arena is gone."""

import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest

from hlfd.arena.units import Unit, run_units
from hlfd.child import EXIT_ORPHANED
from hlfd.errors import InputError, MemoryShortError

SOON_S = 60


@pytest.fixture
def phantoms(tmp_path):
    """Makes a unit that writes synthetic CTs: the command that starts fastest."""

    def make(name: str, after: Path | None = None, **settings) -> Unit:
        out = tmp_path / name
        values = {"out": str(out), "count": 1, "size": 32, "slices": [12, 12], **settings}
        return Unit(name, "phantom", values, tmp_path / f"{name}.json", out / "case_00000", after=after)

    return make


def endless(phantoms, name):
    return phantoms(name, count=5000, size=512, slices=[60, 60])


def at_work():
    """The processes of units; other tests may have left helpers of Python's own."""
    return [one for one in psutil.Process().children() if "hlfd.child" in one.cmdline()]


def gone(process: psutil.Process) -> bool:
    _, alive = psutil.wait_procs([process], timeout=SOON_S)
    return not alive


def wait_for(condition):
    until = time.monotonic() + SOON_S
    while not (found := condition()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def test_one_job_runs_units_one_behind_the_other(phantoms):
    units = [phantoms(name) for name in "abc"]
    begun = []

    def on_done(unit):
        assert unit.is_done
        begun.append((unit.name, [one.name for one in units if one.file.exists()]))

    run_units(units, 1, on_done)
    assert begun == [("a", ["a"]), ("b", ["a", "b"]), ("c", ["a", "b", "c"])]


def test_two_jobs_run_two_at_once_and_no_more(phantoms):
    units = [phantoms("a"), endless(phantoms, "b"), phantoms("c")]

    class SeenEnoughError(Exception):
        pass

    def on_done(unit):
        assert unit.name == "a"
        assert [one.file.exists() for one in units] == [True, True, False]
        raise SeenEnoughError

    with pytest.raises(SeenEnoughError):
        run_units(units, 2, on_done)
    assert not at_work()  # the endless one was ended


def test_a_unit_waits_for_what_it_needs_and_lets_others_pass(phantoms):
    last = phantoms("last")
    order = []
    run_units([phantoms("first", after=last.done), last], 1, lambda unit: order.append(unit.name))
    assert order == ["last", "first"]


def test_a_unit_that_waits_for_what_nobody_makes_is_told(phantoms, tmp_path):
    with pytest.raises(InputError, match=r"stuck: needs .*nothing, which is not there; restore it"):
        run_units([phantoms("stuck", after=tmp_path / "nothing")], 1, lambda _unit: None)


def test_what_is_done_is_not_run_again(phantoms):
    unit = phantoms("a")
    unit.done.mkdir(parents=True)
    run_units([unit], 1, lambda _unit: pytest.fail("it was run"))
    assert not unit.file.exists() and not unit.log.exists()


def test_a_failure_is_told_with_its_own_last_line_and_ends_the_others(phantoms):
    bad = phantoms("bad", orientation="upside down")
    bad.log.write_text("what an earlier sitting said\n")
    with pytest.raises(InputError) as failed:
        run_units([endless(phantoms, "beside"), bad, phantoms("later")], 2, lambda _unit: None)
    told = str(failed.value)
    assert (
        told.startswith("bad was given something that cannot be used: ") and "upside down" in told and "\n" not in told
    )
    assert f"(all it said: {bad.log}); see to that, then go on with --resume" in told
    assert "earlier" not in told and bad.log.read_text().startswith("what an earlier sitting said\n")
    assert not at_work()
    assert not phantoms("later").file.exists()


@pytest.mark.parametrize(
    ("counted", "error", "how"),
    [
        (1, MemoryShortError, "was killed by the system because memory ran out"),
        (0, InputError, "was killed by somebody, not for lack of memory"),
    ],
)
def test_a_unit_that_was_killed_is_told_in_words_and_its_job_learns_whether_memory_was_short(
    phantoms, monkeypatch, counted, error, how
):
    kills = iter((0, counted))
    for module in ("hlfd.arena.units", "hlfd.machine"):
        monkeypatch.setattr(f"{module}.oom_kills", lambda: next(kills))
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(run_units, [endless(phantoms, "a")], 1, lambda _unit: None)
        (unit,) = wait_for(at_work)
        unit.kill()
        with pytest.raises(InputError, match=f"a {how}: ") as failed:
            running.result(SOON_S)
    assert type(failed.value) is error


def test_settings_are_left_as_a_file_that_repeats_the_unit(phantoms):
    unit = phantoms("a")
    run_units([unit], 1, lambda _unit: None)
    assert json.loads(unit.file.read_text()) == {**unit.settings, "overwrite": True}


def test_a_start_that_was_killed_at_its_first_file_is_no_obstacle(phantoms):
    unit = phantoms("a")
    unit.done.parent.mkdir()
    (unit.done.parent / ".hlfd-part-x81k2.json").write_text("{")
    run_units([unit], 1, lambda _unit: None)
    assert unit.is_done


def test_a_unit_ends_when_its_line_to_the_arena_is_cut(phantoms):
    unit = endless(phantoms, "a")
    unit.file.write_text(json.dumps(unit.settings))
    command = [sys.executable, "-m", "hlfd.child", unit.command, "--settings", str(unit.file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        process.stdin.close()
        assert process.wait(SOON_S) == EXIT_ORPHANED


def test_no_unit_outlives_an_arena_that_is_killed(phantoms):
    unit = endless(phantoms, "a")
    program = f"""
from pathlib import Path
from hlfd.arena.units import Unit, run_units
run_units([Unit("a", "phantom", {unit.settings!r}, Path({str(unit.file)!r}), Path({str(unit.done)!r}))], 1, print)
"""
    with subprocess.Popen([sys.executable, "-c", program]) as arena:
        (child,) = wait_for(lambda: psutil.Process(arena.pid).children(recursive=True))
        assert "hlfd.child" in wait_for(child.cmdline)
        arena.kill()
    assert gone(child)
    assert not unit.is_done
