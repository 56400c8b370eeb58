"""`hlfd jobs watch`: look on at a job."""

from pydantic_settings import CliPositionalArg

from hlfd.commands.jobs_list import JobsSettings


class NamedJobSettings(JobsSettings):
    """What commands about one job have."""

    name: CliPositionalArg[str]
    """Name of the job, as `hlfd jobs list` shows it; `last` is the one that was started last."""


class CommandSettings(NamedJobSettings):
    """Show what a job does until it ends. Ctrl-C looks away; the job goes on.

    The exit status is 0 if the job is done, 1 if it ended in another way, 130 after Ctrl-C.
    """


def run(settings: CommandSettings) -> int:
    """Watch to the end."""
    from hlfd.errors import Stopped
    from hlfd.jobs import states
    from hlfd.jobs.folder import find
    from hlfd.jobs.show import watch

    job = find(settings.folder, settings.name)
    try:
        view = watch(job)
    except KeyboardInterrupt:
        raise Stopped(f"{job.name}: goes on; `hlfd jobs watch {job.name}` looks on again") from None
    print(f"{job.name}: {view.state}: {view.say}")
    return 0 if view.state == states.DONE else 1
