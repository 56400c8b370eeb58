"""Several processes for one run: started by torchrun's own launcher, and ended with whoever started them."""

import logging
import os
import signal
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hlfd.attached import LAUNCHED, TOGETHER
from hlfd.cli import EXIT_INTERRUPTED, EXIT_LEFT_ALONE, EXIT_MEMORY_SHORT
from hlfd.endings import ending, is_killed
from hlfd.errors import InputError, MemoryShortError, Stopped
from hlfd.files import read_json, write_json
from hlfd.machine import killed_for_memory, oom_kills
from hlfd.training.settings import TrainingSettings

HERE = "127.0.0.1"
"""Where the processes meet: by its name, which it would be otherwise, not every computer finds itself."""
POLL_S = 0.1
CONSEQUENCES = (EXIT_LEFT_ALONE, EXIT_INTERRUPTED, -signal.SIGTERM)
"""How processes end after one of them has failed: they notice it, or are asked to end."""


@dataclass(frozen=True)
class Failure:
    """The end of one of the processes."""

    number: int
    status: int
    """Exit status."""
    words: str
    """What it left to be said; empty if nothing."""


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
        kills = oom_kills()
        failure = _run_together(settings.devices, [command, "--settings", str(file)], folder)
    if failure:
        _explain(command, settings, failure, killed_for_memory(kills))


def _run_together(count: int, arguments: list[str], folder: str) -> Failure | None:
    """Run `hlfd` with arguments in `count` processes, which may use `folder`; give the failure that came first."""
    from torch.distributed.elastic.multiprocessing.api import DefaultLogsSpecs, SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=count,
        rdzv_backend="c10d",
        rdzv_endpoint=f"{HERE}:0",
        local_addr=HERE,
        rdzv_configs={"timeout": 900},
        run_id=str(os.getpid()),
        max_restarts=0,
        monitor_interval=POLL_S,
        logs_specs=DefaultLogsSpecs(log_dir=folder),
    )
    if hasattr(config, "signals_to_handle"):  # not in older torch
        config.signals_to_handle = ",".join(_signals_heard())
    os.environ[LAUNCHED] = "1"
    logging.disable(logging.CRITICAL)  # what happened is told below, in a sentence
    try:
        with _line_of_our_own():
            elastic_launch(config, sys.executable)("-m", "hlfd.child", *arguments)
    except ChildFailedError as error:
        return _first(error.failures.values())
    except SignalException:
        left = sorted(Path(folder).rglob("error.json"))
        return Failure(0, EXIT_INTERRUPTED, _words(left[0]) if left else "")
    finally:
        logging.disable(logging.NOTSET)
        del os.environ[LAUNCHED]
    return None


def _signals_heard() -> list[str]:
    """Signals that end this process; what `nohup` or a shell has it ignore is to stay ignored."""
    names = [name for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT") if hasattr(signal, name)]
    return [name for name in names if signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN]


def _first(failures: Iterable[Any]) -> Failure:
    """The failure that the others came of. torchrun tells whole seconds, so of two at once a killed process counts."""
    first = min(failures, key=lambda one: (one.exitcode in CONSEQUENCES, one.timestamp, one.exitcode >= 0))
    return Failure(first.local_rank, first.exitcode, _words(Path(first.error_file)))


def _words(file: Path) -> str:
    """What a process left to be said."""
    return str(read_json(file, "the last words of a process")["message"]) if file.is_file() else ""


class _line_of_our_own:  # noqa: N801 - read as words: with a line of our own
    """Give children a standard input that ends with this process; its own, if it is such a line, is watched already."""

    def __enter__(self) -> None:
        try:
            self._before = os.dup(0)
        except OSError:  # a service may have none
            self._before = os.open(os.devnull, os.O_RDONLY)
        reading, self._writing = os.pipe()
        os.dup2(reading, 0, inheritable=True)
        os.close(reading)

    def __exit__(self, *_: object) -> None:
        os.dup2(self._before, 0)
        os.close(self._before)
        os.close(self._writing)


def _explain(command: str, settings: TrainingSettings, failure: Failure, for_memory: bool | None) -> None:
    who = f"{command}: process {failure.number} of {settings.devices}"
    kinds: dict[int, type[Exception]] = {EXIT_INTERRUPTED: Stopped, EXIT_MEMORY_SHORT: MemoryShortError}
    words = failure.words or f"{who} {ending(failure.status, for_memory)}; --resume goes on from the last checkpoint"
    if is_killed(failure.status) and for_memory is not False:
        raise MemoryShortError(f"{words}, with twice the --accumulate if memory is short")
    raise kinds.get(failure.status, InputError)(words)
