"""The states of a job, and which may follow which. Standard library only."""

QUEUED, STARTING, RUNNING, STOPPING = "queued", "starting", "running", "stopping"
DONE, FAILED, CANCELLED, LOST = "done", "failed", "cancelled", "lost"

ACTIVE = (QUEUED, STARTING, RUNNING, STOPPING)
"""Somebody is at work, or is about to be."""
ENDED = (DONE, FAILED, CANCELLED, LOST)
"""Nobody is. `lost` is never written: a reader finds it out where an active job has nobody at work any more."""
RESUMABLE = (FAILED, CANCELLED, LOST)

FOLLOWERS: dict[str, tuple[str, ...]] = {
    QUEUED: (STARTING, FAILED, CANCELLED, LOST),
    STARTING: (RUNNING, STOPPING, DONE, FAILED, CANCELLED, LOST),
    RUNNING: (STARTING, STOPPING, DONE, FAILED, CANCELLED, LOST),
    STOPPING: (DONE, FAILED, CANCELLED, LOST),
    DONE: (),
    FAILED: (QUEUED,),
    CANCELLED: (QUEUED,),
    LOST: (QUEUED,),
}
"""State -> states that may come next. From running back to starting: a process that was killed for lack of memory is
started again with less at once. Back to queued: a job is resumed. From queued to an end: it waited for other jobs, with
a runner of its own, and did not begin."""
