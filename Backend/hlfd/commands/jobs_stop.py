"""`hlfd jobs stop`: let a job finish its step and end."""

from hlfd.commands.jobs_watch import NamedJobSettings


class CommandSettings(NamedJobSettings):
    """Ask a job to finish its step, keep its best model and end, and wait until it has.

    After 5 s it is ended by the system, after 2 s more it is killed; checkpoint and best model stay, and
    `hlfd jobs resume` goes on. The exit status is 0 if it has ended.
    """


def run(settings: CommandSettings) -> int:
    """Stop it and say how it ended."""
    from hlfd.jobs.client import ask_stop, wait_for_end
    from hlfd.jobs.folder import find

    job = find(settings.folder, settings.name)
    ask_stop(job)
    view = wait_for_end(job)
    print(f"{job.name}: {view.state}: {view.say}")
    return 1 if view.is_active else 0
