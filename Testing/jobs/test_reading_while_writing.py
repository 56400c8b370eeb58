"""Whoever reads while another writes sees the old or the new, never a half."""

import json
import threading
from contextlib import contextmanager

import pytest

from hlfd.event_file import JsonLines, Tail, read_events
from hlfd.jobs import states

STATUSES, EVENTS_APPENDED = 500, 2000
"""A status waits for the disk, which takes some milliseconds."""
LONG = "é" * 3000
"""Longer than what most systems write at once."""


@contextmanager
def reading(read):
    """Read in a tight loop, beside the block; what went wrong is raised at its end."""
    over, faults, times = threading.Event(), [], []

    def loop():
        while not over.is_set() and not faults:
            try:
                read()
            except Exception as fault:
                faults.append(fault)
            times.append(1)

    reader = threading.Thread(target=loop)
    reader.start()
    try:
        yield
    finally:
        over.set()
        reader.join()
    assert not faults, faults
    assert len(times) > 5


def test_a_status_is_never_seen_half_written(a_job):
    job, seen = a_job(), [0]

    def read():
        status = job.status()
        assert status["state"] in (states.QUEUED, states.RUNNING)
        if status["state"] == states.RUNNING:
            assert status["say"] == LONG[: status["step"]]
            assert status["step"] >= seen[-1]
            seen.append(status["step"])

    with reading(read):
        for step in range(STATUSES):
            job.write_status(states.RUNNING, LONG[:step], step=step)
    assert seen[-1] > 0
    assert sorted(path.name for path in job.folder.iterdir()) == ["request.json", "status.json"]


def test_events_are_read_whole_each_once_and_in_order(a_job):
    job = a_job()
    tail, seen = Tail(job.events), []
    lines = JsonLines(job.events)
    with reading(lambda: seen.extend(tail.read())):
        for step in range(EVENTS_APPENDED):
            lines.hear({"event": "step", "step": step, "say": LONG[: step % 300]})
    lines.close()
    seen.extend(tail.read())
    assert [event["step"] for event in seen] == list(range(EVENTS_APPENDED))
    assert all(event["say"] == LONG[: event["step"] % 300] for event in seen)


EVENTS = [{"event": "note", "say": 'é "quoted" \n {'}, {"event": "step", "step": 1}]


def test_a_line_cut_at_any_place_waits_for_its_end_and_is_then_read_once(tmp_path):
    file = tmp_path / "events.jsonl"
    whole = b"".join(json.dumps(event).encode() + b"\n" for event in EVENTS)
    for cut in range(len(whole) + 1):
        file.write_bytes(whole[:cut])
        tail = Tail(file)
        first = tail.read()
        assert first == EVENTS[: whole[:cut].count(b"\n")]
        file.write_bytes(whole)
        assert first + tail.read() == EVENTS
        assert tail.read() == []


def test_a_line_that_a_killed_writer_left_half_spoils_no_other(tmp_path):
    file = tmp_path / "events.jsonl"
    half = json.dumps(EVENTS[0]).encode()
    for cut in range(len(half)):
        file.write_bytes(half[:cut])
        tail = Tail(file)
        assert tail.read() == []
        lines = JsonLines(file)
        lines.hear(EVENTS[1])
        lines.close()
        assert tail.read() == read_events(file) == [EVENTS[1]]


def test_a_tail_goes_on_from_where_an_earlier_sitting_was(tmp_path):
    file = tmp_path / "events.jsonl"
    lines = JsonLines(file)
    lines.hear(EVENTS[0])
    tail = Tail(file)
    assert tail.read() == [EVENTS[0]]
    lines.hear(EVENTS[1])
    lines.close()
    assert Tail(file, tail.offset).read() == [EVENTS[1]]


@pytest.mark.parametrize("broken", [b"\n", b"nonsense\n", b"[1]\n", b'{"event": "st\n', b"\xff\xfe\n", b"\x00\x00\n"])
def test_a_broken_line_is_left_out(broken, tmp_path):
    file = tmp_path / "events.jsonl"
    file.write_bytes(json.dumps(EVENTS[0]).encode() + b"\n" + broken + json.dumps(EVENTS[1]).encode() + b"\n")
    assert read_events(file) == EVENTS
