"""The job that this process works for, if any: where its events go and where a stop is asked. Standard library only."""

import hashlib
import json
import os
import time
from pathlib import Path

JOB_VARIABLE = "HLFD_JOB"
"""Names the job's folder to the processes that work for it. It reaches no setting."""
LAUNCHED = "HLFD_LAUNCHED"
"""Tells processes that train together that hlfd started them, and speaks for them."""
TOGETHER = "TORCHELASTIC_RUN_ID"
"""torchrun sets it in every process that it starts."""
ERROR_FILE_VARIABLE = "TORCHELASTIC_ERROR_FILE"
EVENTS, STOP, REQUEST = "events.jsonl", "stop", "request.json"


def job_folder() -> Path | None:
    """The folder of the job that this process works for."""
    folder = os.environ.get(JOB_VARIABLE)
    return Path(folder) if folder else None


def environment_without_job() -> dict[str, str]:
    """The environment for a process that works for this one, and not for the job itself."""
    return {name: value for name, value in os.environ.items() if name != JOB_VARIABLE}


def is_first_of_its_kind() -> bool:
    """Whether this process may write and speak: of several that train together, the first one does."""
    return os.environ.get("RANK", "0") == "0"


def leave_word(sentence: str) -> bool:
    """Leave a sentence to whoever started several processes like this one; tell whether that one will say it.

    torchrun reads it at the same place, but says it among much else.
    """
    file = os.environ.get(ERROR_FILE_VARIABLE)
    if file:
        Path(file).write_text(json.dumps({"message": sentence, "timestamp": int(time.time())}), encoding="utf-8")
    return bool(file) and LAUNCHED in os.environ


def identity(job: Path) -> str:
    """Tell a job from every other, also from one that had its name before: the digest of its request."""
    return hashlib.sha256((job / REQUEST).read_bytes()).hexdigest()
