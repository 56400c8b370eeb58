"""Jobs in a terminal."""

import time
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.table import Table

from hlfd.event_file import Tail
from hlfd.events import Terminal
from hlfd.jobs import states
from hlfd.jobs.client import View, look
from hlfd.jobs.folder import Job
from hlfd.quantities import duration

COLOURS = {states.DONE: "green", states.FAILED: "red", states.LOST: "red", states.CANCELLED: "yellow"}
POLL_S = 0.2


def print_table(views: Sequence[View]) -> None:
    """Print a line or more for each job."""
    table = Table(box=None, pad_edge=False)
    for title in ("job", "state", "progress", "left", "what"):
        table.add_column(title, no_wrap=title in ("job", "state", "left"), overflow="fold")
    for view in views:
        state = f"[{COLOURS.get(view.state, 'cyan')}]{view.state}[/]"
        progress = f"{view.step} of {view.of}" if view.of else ""
        left = duration(view.left_s) if view.is_active and view.left_s is not None else ""
        table.add_row(view.name, state, progress, left, view.say.replace("[", r"\["))
    Console(highlight=False).print(table)


def watch(job: Job, until: Callable[[View], bool] = lambda view: not view.is_active) -> View:
    """Show a job's events as they come, those so far first, until it has ended."""
    tail, terminal = Tail(job.events), Terminal()
    try:
        while True:
            view = look(job)  # before the events: what came between is shown below
            for event in tail.read():
                terminal.hear(event)
            if until(view):
                return view
            time.sleep(POLL_S)
    finally:
        terminal.close()
