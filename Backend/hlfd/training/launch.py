"""Several processes for one run: started by torchrun's own launcher, and ended with whoever started them."""

import logging
import os
import sys
import tempfile
from pathlib import Path

from hlfd.cli import EXIT_INTERRUPTED, EXIT_MEMORY_SHORT
from hlfd.endings import ending
from hlfd.errors import InputError, MemoryShortError, Stopped
from hlfd.files import write_json
from hlfd.training.settings import TrainingSettings

TOGETHER = "TORCHELASTIC_RUN_ID"
"""torchrun sets it in every process that it starts."""
POLL_S = 0.1


def needs_launch(settings: TrainingSettings) -> bool:
    """Whether this process is to start those that train, and not to train itself."""
    return settings.devices * settings.nodes > 1 and TOGETHER not in os.environ


def launch(command: str, settings: TrainingSettings) -> None:
    """Run a command in as many processes as settings ask for, on this computer, and wait for their end.

    Raises:
        InputError: several computers, which torchrun has to be told about; or one of the processes ended badly.
        MemoryShortError: memory was short in one of them.
        Stopped: a stop was asked.
    """
    if settings.nodes > 1:
        raise InputError(
            "nodes: start the command on every computer with torchrun, which brings them together; docs/cluster.md has "
            "a script for SLURM"
        )
    with tempfile.TemporaryDirectory(prefix="hlfd-") as folder:
        file = Path(folder) / "settings.json"
        write_json(file, settings.record())
        statuses = _run_together(settings.devices, [command, "--settings", str(file)])
    _explain(command, settings, statuses)


def _run_together(count: int, arguments: list[str]) -> dict[int, int]:
    """Run `hlfd` with arguments in `count` processes; give the exit statuses of those that failed, the first first."""
    from torch.distributed.elastic.multiprocessing.api import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        rdzv_configs={"timeout": 900},
        run_id=str(os.getpid()),
        max_restarts=0,
        monitor_interval=POLL_S,
    )
    logging.getLogger("torch.distributed").setLevel(logging.CRITICAL)  # what happened is told below, in a sentence
    with _line_of_our_own():
        try:
            elastic_launch(config, sys.executable)("-m", "hlfd.child", *arguments)
        except ChildFailedError as error:
            first = sorted(error.failures.values(), key=lambda failure: failure.timestamp)
            return {failure.local_rank: failure.exitcode for failure in first}
        except SignalException:
            return {0: EXIT_INTERRUPTED}
    return {}


class _line_of_our_own:  # noqa: N801 - read as words: with a line of our own
    """Give children a standard input that ends with this process; its own, if it is such a line, is watched already."""

    def __enter__(self) -> None:
        self._before = os.dup(0)
        reading, self._writing = os.pipe()
        os.dup2(reading, 0, inheritable=True)
        os.close(reading)

    def __exit__(self, *_: object) -> None:
        os.dup2(self._before, 0)
        os.close(self._before)
        os.close(self._writing)


def _explain(command: str, settings: TrainingSettings, statuses: dict[int, int]) -> None:
    if not statuses:
        return
    number, status = next(iter(statuses.items()))
    if EXIT_INTERRUPTED in statuses.values():
        raise Stopped(f"{command}: stopped; --resume goes on from the last checkpoint")
    if status == EXIT_MEMORY_SHORT:
        raise MemoryShortError("memory is short: give twice the --accumulate, and go on with --resume")
    raise InputError(
        f"{command}: process {number} of {settings.devices} {ending(status)}; see what it said above, then go on with "
        "--resume"
    )
