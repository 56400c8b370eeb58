"""What a run says of itself, in a file, in curves and in a terminal."""

import io
import json

import pytest
from rich.console import Console
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from hlfd.event_file import JsonLines, Tail, forget_after, read_events
from hlfd.events import Events, TensorBoard, Terminal, quiet


class Ear:
    """A listener that keeps what it hears."""

    def __init__(self):
        self.heard, self.closed = [], 0

    def hear(self, event):
        self.heard.append(event)

    def close(self):
        self.closed += 1


def scalars(folder, name):
    return {scalar.step: scalar.value for scalar in EventAccumulator(str(folder)).Reload().Scalars(name)}


def test_every_listener_hears_every_event_and_is_closed_once():
    ears = Ear(), Ear()
    with Events(*ears) as events:
        events.emit("step", step=1, loss=0.5)
        assert not ears[0].closed
    (event,) = ears[0].heard
    assert event.pop("time") > 1.7e9
    assert event == {"event": "step", "step": 1, "loss": 0.5}
    assert ears[1].heard == ears[0].heard
    assert [ear.closed for ear in ears] == [1, 1]


def test_listeners_are_closed_after_an_error_too():
    ear = Ear()
    with pytest.raises(KeyboardInterrupt), Events(ear):
        raise KeyboardInterrupt
    assert ear.closed == 1


def test_nobody_need_listen():
    with quiet() as events:
        events.emit("step", step=1)


def test_each_event_is_a_line_at_once(tmp_path):
    path = tmp_path / "new" / "events.jsonl"
    with Events(JsonLines(path)) as events:
        events.emit("started", what="Teaching", of=3)
        assert [json.loads(line)["event"] for line in path.read_text().splitlines()] == ["started"]
        events.emit("step", step=1, loss=0.25, say="Ångström\nand a new line")
        assert len(path.read_text(encoding="utf-8").splitlines()) == 2
    assert [event["event"] for event in read_events(path)] == ["started", "step"]
    assert read_events(path)[1]["say"] == "Ångström\nand a new line"


def test_a_second_sitting_goes_on_below_the_first(tmp_path):
    for step in (1, 2):
        with Events(JsonLines(tmp_path / "events.jsonl")) as events:
            events.emit("step", step=step)
    assert [event["step"] for event in read_events(tmp_path / "events.jsonl")] == [1, 2]


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_line_cut_short_by_a_crash_is_left_out(tmp_path, cut):
    path = tmp_path / "events.jsonl"
    whole = json.dumps({"event": "step", "step": 1}) + "\n"
    path.write_text(whole + json.dumps({"event": "step", "step": 2})[:cut])
    assert [event["step"] for event in read_events(path)] == [1]
    forget_after(path, 5)
    assert path.read_text() == whole


def steps(events):
    return [event["step"] for event in events]


def test_a_tail_gives_what_is_new_and_its_place_can_be_kept(tmp_path):
    path = tmp_path / "events.jsonl"
    tail = Tail(path)
    assert tail.read() == [] and tail.offset == 0  # the file need not be there yet
    with Events(JsonLines(path)) as events:
        for step in (1, 2):
            events.emit("step", step=step, say="Größe: 5 µm, 胰腺")
            assert steps(tail.read()) == [step]
            assert tail.read() == []
        assert tail.offset == path.stat().st_size
        events.emit("step", step=3)
    assert steps(Tail(path, tail.offset).read()) == [3]
    assert Tail(path).read()[0]["say"] == "Größe: 5 µm, 胰腺"


def test_the_last_line_waits_until_it_is_whole_and_comes_once(tmp_path):
    path, line = tmp_path / "events.jsonl", json.dumps({"event": "step", "step": 2, "say": "µ"}, ensure_ascii=False)
    whole = (json.dumps({"event": "step", "step": 1}) + "\n").encode()
    tail, read = Tail(path), []
    for cut in range(len(line.encode()) + 1):  # also in the middle of a letter of two bytes
        path.write_bytes(whole + line.encode()[:cut])
        read += tail.read()
        assert steps(read) == [1]
    path.write_bytes(whole + line.encode() + b"\n")
    assert tail.read() == [{"event": "step", "step": 2, "say": "µ"}] and tail.read() == []


def test_a_half_line_of_a_killed_writer_is_closed_by_the_next_and_left_out(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"event": "step", "step": 1}\n{"event": "st')
    tail = Tail(path)
    assert steps(tail.read()) == [1]
    with Events(JsonLines(path)) as events:
        events.emit("step", step=2)
    assert steps(tail.read()) == [2]
    assert steps(read_events(path)) == [1, 2]


def test_a_shorter_file_in_its_place_is_read_from_its_start(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n')
    tail = Tail(path)
    assert steps(tail.read()) == [1, 2, 3]
    forget_after(path, 1)
    assert steps(tail.read()) == [1]
    path.unlink()
    assert tail.read() == []


def test_lines_that_are_no_events_are_left_out(tmp_path):
    path = tmp_path / "events.jsonl"
    path.write_bytes(b'\n[1, 2]\n"text"\n\xff\xfe\n{"step": 1}\nnull\n')
    assert read_events(path) == [{"step": 1}]


def test_no_file_has_no_events(tmp_path):
    assert read_events(tmp_path / "events.jsonl") == []


def test_what_comes_again_is_forgotten_and_nothing_else(tmp_path):
    path = tmp_path / "events.jsonl"
    told = [("started", None), ("step", 1), ("step", 10), ("validated", 10), ("step", 11), ("validated", 12)]
    with Events(JsonLines(path)) as events:
        for name, step in told:
            events.emit(name, **({} if step is None else {"step": step}))
    forget_after(path, 10)
    assert [(event["event"], event.get("step")) for event in read_events(path)] == told[:4]
    assert [file.name for file in tmp_path.iterdir()] == ["events.jsonl"]


def test_curves_are_drawn_of_numbers_with_a_step(tmp_path):
    with Events(TensorBoard(tmp_path)) as events:
        events.emit("started", what="Teaching", of=3)
        events.emit("step", step=1, loss=0.5, seg=0.25)
        events.emit("step", step=2, loss=0.125, seg=0.0625)
        events.emit("validated", step=2, tumor_dice=0.75, say="step 2")
        events.emit("done", step=2, seconds=3.0)
    tags = EventAccumulator(str(tmp_path)).Reload().Tags()["scalars"]
    assert sorted(tags) == ["step/loss", "step/seg", "validated/tumor_dice"]
    assert scalars(tmp_path, "step/loss") == {1: 0.5, 2: 0.125}
    assert scalars(tmp_path, "validated/tumor_dice") == {2: 0.75}


def test_a_curve_that_is_gone_on_with_hides_what_comes_again(tmp_path):
    with Events(TensorBoard(tmp_path)) as events:
        for step in (1, 2, 3, 4):
            events.emit("step", step=step, loss=1.0)
    with Events(TensorBoard(tmp_path, after_step=2)) as events:
        events.emit("step", step=3, loss=0.5)
    assert scalars(tmp_path, "step/loss") == {1: 1.0, 2: 1.0, 3: 0.5}


def drawn(terminal, *events):
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=100, highlight=False)
    with Events(Terminal(console)) as told:
        for name, values in events:
            told.emit(name, **values)
    return stream.getvalue()


def test_a_stop_is_left_to_the_command_to_say():
    assert drawn(False, ("stopped", {"step": 5, "say": "stopped at step 5"})) == ""


STORY = (
    ("started", {"what": "Teaching", "of": 20}),
    ("step", {"step": 10, "loss": 0.5}),
    ("validated", {"step": 10, "say": "step 10 of 20: [best 0.4]"}),
    ("step", {"step": 20, "loss": 0.25}),
)


def test_a_file_gets_milestones_only():
    assert drawn(False, *STORY) == "step 10 of 20: [best 0.4]\n"


def test_a_terminal_gets_a_bar_with_count_loss_and_time_left():
    shown = drawn(True, *STORY)
    for part in ("Teaching", "20/20", "loss 0.250", "0:00:00", "step 10 of 20: [best 0.4]"):
        assert part in shown


def test_a_resumed_bar_starts_where_the_run_is():
    shown = drawn(True, ("started", {"what": "Teaching", "of": 20, "at": 12}))
    assert "12/20" in shown


def test_items_count_as_steps():
    shown = drawn(True, ("started", {"what": "Preparing", "of": 4}), ("item", {"at": 3, "note": "case_00003"}))
    assert "3/4" in shown
    assert "case_00003" in shown


def test_a_step_without_a_start_draws_nothing():
    assert drawn(False, ("step", {"step": 1, "loss": 0.5})) == ""
