"""The states of a job as a table."""

import pytest

from hlfd.jobs.states import (
    ACTIVE,
    CANCELLED,
    DONE,
    ENDED,
    FAILED,
    FOLLOWERS,
    LOST,
    QUEUED,
    RESUMABLE,
    RUNNING,
    STARTING,
    STOPPING,
)


def test_a_state_is_active_or_ended():
    assert sorted(FOLLOWERS) == sorted([*ACTIVE, *ENDED])
    assert not set(ACTIVE) & set(ENDED)


def test_what_follows_a_state_is_a_state():
    assert {later for followers in FOLLOWERS.values() for later in followers} <= set(FOLLOWERS)


def test_done_is_final():
    assert FOLLOWERS[DONE] == ()


def test_what_can_be_resumed_waits_for_its_start_and_nothing_else():
    assert set(RESUMABLE) == set(ENDED) - {DONE}
    assert all(FOLLOWERS[state] == (QUEUED,) for state in RESUMABLE)


@pytest.mark.parametrize("state", sorted({*ACTIVE} - {QUEUED}))
def test_a_job_that_has_a_runner_can_fail_be_cancelled_or_be_lost(state):
    assert {FAILED, CANCELLED, LOST} <= set(FOLLOWERS[state])


def test_one_that_waits_for_its_runner_or_for_other_jobs_does_not_run_before_it_starts():
    assert set(FOLLOWERS[QUEUED]) == {STARTING, FAILED, CANCELLED, LOST}


def test_every_state_is_reached_from_the_first():
    reached, new = {QUEUED}, {QUEUED}
    while new := {later for state in new for later in FOLLOWERS[state]} - reached:
        reached |= new
    assert reached == set(FOLLOWERS)


@pytest.mark.parametrize(
    ("state", "later", "may"),
    [
        (QUEUED, STARTING, True),
        (QUEUED, DONE, False),
        (STARTING, RUNNING, True),
        (RUNNING, STARTING, True),
        (RUNNING, QUEUED, False),
        (STOPPING, RUNNING, False),
        (STOPPING, STARTING, False),
        (STOPPING, DONE, True),
        (LOST, RUNNING, False),
        (DONE, QUEUED, False),
    ],
)
def test_known_transitions(state, later, may):
    assert (later in FOLLOWERS[state]) is may
