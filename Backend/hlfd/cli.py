"""The `hlfd` command: finds the room that does the work, and turns its errors into sentences."""

import contextlib
import errno
import importlib
import sys
from collections.abc import Sequence

from hlfd import __version__
from hlfd.attached import is_first_of_its_kind, leave_word
from hlfd.doctor.finding import install_command
from hlfd.errors import InputError, LeftAloneError, MemoryShortError, Stopped, is_out_of_memory
from hlfd.stopping import stoppable

COMMANDS = {
    "phantom": "make synthetic abdominal CTs with tumours, annotated",
    "prepare": "check annotated CTs, split them by patient, and write their slices to a store",
    "teach": "train a teacher (UNet++) on a store",
    "distill": "train a student (ResNet-18), distilled from a teacher or alone",
    "segment": "segment a CT with a student bundle",
    "segment-folder": "segment every CT of a folder, with a table of what was found",
    "evaluate": "measure a bundle, or label maps, against expert labels",
    "arena": "compare methods of distillation over seeds: table, tests, plots",
    "sweep": "vary the weights of the two levels over a grid, or search for the best pair",
    "ceiling": "the best Dice that any output on a grid of some stride can reach",
    "report": "measure a student, and its teacher, on the test cases, and put it on one page",
    "explain": "show what models know layer by layer, and where they look for tumour",
    "jobs start": "start a training or a segmentation that outlives this terminal",
    "jobs list": "show jobs, how far they are and how they ended",
    "jobs watch": "look on at a job until it ends; Ctrl-C looks away, the job goes on",
    "jobs stop": "let a job finish its step, keep its best model and end",
    "jobs resume": "go on with a job that was stopped, failed or lost",
    "jobs remove": "forget a job that has ended; what it made stays",
    "doctor": "check this machine: what is there, what is missing, and what to do",
    "demo": "the whole way once, on synthetic CTs, with a report",
}
FAULTS_OF_PLACE = (errno.EACCES, errno.EPERM, errno.EROFS, errno.EIO, errno.ENAMETOOLONG)
FAMILIES = {name.partition(" ")[0] for name in COMMANDS if " " in name}
STOPPABLE = ("prepare", "teach", "distill", "arena", "sweep", "segment", "segment-folder", "report")
RESUMABLE = ("teach", "distill", "arena", "sweep")
EXIT_BAD_INPUT = 2
EXIT_LEFT_ALONE = 4
EXIT_MEMORY_SHORT = 12
EXIT_INTERRUPTED = 130
MEMORY_SHORT = "memory does not suffice; close other programs"
LESS_AT_ONCE = ", or ask for less at once (--accumulate, --crop, --widths)"
ON_RESUME = "--resume goes on from the last checkpoint"


def usage() -> str:
    """List the commands with a line each."""
    width = max(map(len, COMMANDS))
    lines = [f"  {name:<{width}}  {text}" for name, text in COMMANDS.items()]
    return "\n".join(
        [
            "usage: hlfd COMMAND [options]      (hlfd COMMAND --help explains its options)",
            "",
            "Distil a large CT tumour-segmentation teacher into a compact student.",
            "",
            *lines,
            "",
            "Every command takes --settings FILE (JSON or TOML); options given by name win over it.",
            "hlfd --version tells the version.",
        ]
    )


def usage_of_family(name: str) -> str:
    """List the commands that begin with a word."""
    family = {known: text for known, text in COMMANDS.items() if known.startswith(f"{name} ")}
    width = max(map(len, family))
    lines = [f"  {known:<{width}}  {text}" for known, text in family.items()]
    return "\n".join([f"usage: hlfd {name} COMMAND [options]", "", *lines])


def module_of(name: str) -> str:
    """Name the module that a command of `COMMANDS` is in."""
    return f"hlfd.commands.{name.replace(' ', '_').replace('-', '_')}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Returns:
        0 for success, 2 for input that cannot be used, 12 for too little memory, 130 for a stop that was asked; a
        command may have others, which its help tells.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    if not given or given[0] in ("-h", "--help"):
        print(usage())
        return 0 if given else EXIT_BAD_INPUT
    if given[0] == "--version":
        print(f"hlfd {__version__}")
        return 0
    if given[0] in FAMILIES and given[1:] in ([], ["-h"], ["--help"]):
        print(usage_of_family(given[0]))
        return 0 if given[1:] else EXIT_BAD_INPUT
    words = 2 if " ".join(given[:2]) in COMMANDS else 1
    return _run(" ".join(given[:words]), given[words:])


def _run(name: str, arguments: list[str]) -> int:
    try:
        _require_known(name, arguments)
        # Torch and friends are imported inside the commands: help must answer at once.
        command = importlib.import_module(module_of(name))
        settings = command.CommandSettings.from_command_line(arguments, f"hlfd {name}")
        with stoppable() if name in STOPPABLE else contextlib.nullcontext():
            return command.run(settings) or 0
    except MemoryShortError as error:
        return _fail(str(error), EXIT_MEMORY_SHORT)
    except LeftAloneError as error:
        return _fail(str(error), EXIT_LEFT_ALONE)
    except InputError as error:
        return _fail(str(error))
    except Stopped as stopped:
        return _fail(str(stopped), EXIT_INTERRUPTED)
    except ModuleNotFoundError as error:
        if (error.name or "hlfd").startswith("hlfd"):
            raise
        return _fail(f"{name}: {error.name} is not installed; run: {install_command()}")
    except KeyboardInterrupt:
        further = ON_RESUME if name in RESUMABLE else "nothing is half-written"
        return _fail(f"{name}: stopped by Ctrl-C; {further}", EXIT_INTERRUPTED)
    except Exception as error:
        if is_out_of_memory(error):
            less = LESS_AT_ONCE if name in RESUMABLE else ""
            return _fail(f"{name}: {MEMORY_SHORT}{less}", EXIT_MEMORY_SHORT)
        if (sentence := _fault_of_place(error)) is None:
            raise
        return _fail(sentence)


def _require_known(name: str, arguments: list[str]) -> None:
    if name in COMMANDS:
        return
    if name in FAMILIES:
        family = [known for known in COMMANDS if known.startswith(f"{name} ")]
        raise InputError(f"{name} {arguments[0]}: no such command; there are {', '.join(family)}")
    raise InputError(f"{name}: no such command; there are {', '.join(COMMANDS)}")


def _fault_of_place(error: Exception) -> str | None:
    """Say what is wrong with a disk or folder; None if the error is of another kind, and so a fault of hlfd."""
    from hlfd.files import disk_is_full

    place = getattr(error, "filename", None) or "output"
    if disk_is_full(error):
        return f"{place}: the disk is full; free some space or choose another disk, then run it again"
    if isinstance(error, OSError) and error.errno in FAULTS_OF_PLACE:
        return f"{place}: cannot be read or written ({error.strerror}); check permissions and disk, or choose another"
    return None


def _fail(message: str, status: int = EXIT_BAD_INPUT) -> int:
    if not leave_word(message) and is_first_of_its_kind():
        print(f"hlfd: {message}", file=sys.stderr)
    return status
