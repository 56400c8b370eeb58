"""Jobs of a distillation written by hand, and short words for what is asked of one."""

import json
import time

import pytest


def aJob(stage, state, say="", **facts):
    """Write the folder of a job by hand, as its runner would have left it."""
    from hlfd.jobs.folder import create
    from HLFDSegmentationLib.BackendPlace import jobsFolder

    job = create(jobsFolder(), stage.command, stage.settings, jobsFolder(), stage.job)
    if state == "lost":
        gone = {"state": "running", "heartbeat": time.time() - 100, "pid": 2**22 + 1, "mark": "x", "host": hostName()}
        (job.folder / "status.json").write_text(json.dumps(gone))
    else:
        job.write_status(state, say, attempt=1, **facts)
    return job


def hostName():
    from hlfd.jobs.folder import this_host

    return this_host()


def stateOf(distillation):
    from HLFDSegmentationLib.Distil.DistillationState import stateOf

    return stateOf(distillation)


def commands(distillation):
    return [stage.command for stage in distillation.stages]


def refusal(act):
    from HLFDSegmentationLib.Words import Refusal

    with pytest.raises(Refusal) as caught:
        act()
    return str(caught.value)
