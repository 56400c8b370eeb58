"""`hlfd jobs remove`: forget a job."""

from hlfd.commands.jobs_watch import NamedJobSettings


class CommandSettings(NamedJobSettings):
    """Remove a job that has ended from the list. The run or file that it made stays where it is.

    What came back from a cluster lies in the job's folder and is removed with it: copy it first.
    """


def run(settings: CommandSettings) -> None:
    """Remove it."""
    from hlfd.jobs.client import outputs, remove
    from hlfd.jobs.folder import find

    job = find(settings.folder, settings.name)
    made = [str(path) for path in outputs(job.request()) if path.exists()]
    remove(job)
    print(f"{job.name}: removed" + (f"; {', '.join(made)} stays" if made else ""))
