"""What is left of a job, and a time in words: known answers."""

import pytest

from hlfd.jobs.pace import Pace
from hlfd.quantities import duration


def after(*events):
    pace = Pace()
    for name, time, values in events:
        pace.hear({"event": name, **values}, time)
    return pace


STARTED = ("started", 100.0, {"what": "Teaching", "at": 0, "of": 50, "parts": 2})


def test_what_has_begun_is_told_in_words_with_its_length():
    pace = after(STARTED)
    assert (pace.what, pace.step, pace.of, pace.parts, pace.left_s) == ("Teaching", 0, 50, 2, None)


def test_a_forecast_counts_until_there_is_a_pace():
    forecast = ("forecast", 101.0, {"seconds": 25.0, "say": "about 25 s"})
    assert after(STARTED, forecast).left_s == 25.0
    assert after(STARTED, forecast, ("step", 105.0, {"step": 1})).left_s == 25.0
    assert after(STARTED, forecast, ("step", 105.0, {"step": 1}), ("step", 115.0, {"step": 6})).left_s == 88.0


def test_ten_steps_in_twenty_seconds_leave_eighty_for_forty():
    assert after(STARTED, ("step", 110.0, {"step": 0}), ("step", 130.0, {"step": 10})).left_s == 80.0


def test_the_time_before_the_first_step_does_not_count():
    slow_start = ("step", 1000.0, {"step": 1})
    assert after(STARTED, slow_start, ("step", 1002.0, {"step": 2})).left_s == 96.0


def test_a_resumed_training_has_the_pace_of_this_sitting():
    begun = ("started", 100.0, {"what": "Teaching", "at": 40, "of": 50})
    assert after(begun, ("step", 101.0, {"step": 41}), ("step", 103.0, {"step": 42})).left_s == 16.0


def test_a_night_in_which_the_computer_slept_is_no_time_of_work():
    pace = Pace()
    pace.hear({"event": "started", "time": 0.0, "what": "Teaching", "at": 0, "of": 50})
    pace.hear({"event": "step", "time": 0.0, "step": 1})
    pace.hear({"event": "step", "time": 36000.0, "step": 2})
    assert pace.left_s < 60


def test_a_second_start_forgets_the_pace_of_the_first():
    first = (STARTED, ("step", 110.0, {"step": 1}), ("step", 120.0, {"step": 2}))
    pace = after(*first, ("started", 200.0, {"what": "Comparing", "at": 3, "of": 4}))
    assert (pace.what, pace.step, pace.of, pace.parts, pace.left_s) == ("Comparing", 3, 4, 2, None)


def test_parts_that_a_step_was_cut_into_on_the_way_are_known():
    assert after(STARTED, ("note", 101.0, {"say": "memory is short", "parts": 4})).parts == 4


def test_slices_of_a_segmentation_count_as_steps():
    begun = ("started", 0.0, {"what": "Segmenting", "of": 30})
    pace = after(begun, ("item", 1.0, {"at": 10, "note": "slices"}), ("item", 2.0, {"at": 20, "note": "slices"}))
    assert (pace.step, pace.of, pace.left_s) == (20, 30, 1.0)


def test_without_an_end_nothing_is_known_of_what_is_left():
    begun = ("started", 0.0, {"what": "Reading", "of": None})
    pace = after(begun, ("item", 1.0, {"at": 1}), ("item", 2.0, {"at": 2}))
    assert (pace.step, pace.left_s) == (2, None)


def test_the_last_step_leaves_nothing():
    assert after(STARTED, ("step", 1.0, {"step": 49}), ("step", 2.0, {"step": 50})).left_s == 0.0


def test_the_last_sentence_is_kept():
    pace = after(STARTED, ("note", 1.0, {"say": "one"}), ("step", 2.0, {"step": 1}), ("note", 3.0, {"say": "two"}))
    assert pace.said == "two"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "0 s"),
        (0.4, "0 s"),
        (40, "40 s"),
        (89.4, "89 s"),
        (90, "2 min"),
        (720, "12 min"),
        (5369, "89 min"),
        (5400, "1 h 30 min"),
        (12000, "3 h 20 min"),
        (3600 * 48 - 61, "47 h 59 min"),
        (3600 * 48, "2 days 0 h"),
        (3600 * 52, "2 days 4 h"),
        (89.6, "90 s"),
    ],
)
def test_times_are_told_as_people_do(seconds, words):
    assert duration(seconds) == words
