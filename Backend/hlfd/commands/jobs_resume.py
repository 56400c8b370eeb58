"""`hlfd jobs resume`: go on with a job."""

from hlfd.commands.jobs_watch import NamedJobSettings


class CommandSettings(NamedJobSettings):
    """Go on with a job that was stopped, failed or lost, from its last checkpoint; a segmentation begins anew."""


def run(settings: CommandSettings) -> None:
    """Start it again."""
    from hlfd.jobs.client import own_place, resume
    from hlfd.jobs.folder import find

    job = find(settings.folder, settings.name)
    resume(job, backend=own_place())
    print(f"{job.name}: goes on; `hlfd jobs watch {job.name}` looks on")
