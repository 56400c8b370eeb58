"""The end of a process in words. Standard library only."""

import signal

SIGNALS_IN_WORDS = {
    "SIGKILL": "was killed by the system or by somebody, most likely because memory ran out",
    "SIGTERM": "was asked to end by the system or by somebody",
    "SIGINT": "was interrupted from the keyboard",
    "SIGHUP": "ended with its terminal",
    "SIGSEGV": "crashed inside a library (a bad memory access)",
    "SIGBUS": "crashed inside a library (a bad memory access, or a disk or shared memory that is full)",
    "SIGABRT": "was ended by one of its libraries",
    "SIGILL": "met an instruction that this processor does not know: a library was built for another one",
    "SIGXCPU": "used more processor time than it was allowed",
    "SIGXFSZ": "wrote a larger file than it was allowed",
}
WINDOWS_IN_WORDS = {
    0xC0000005: "crashed inside a library (a bad memory access)",
    0xC000001D: "met an instruction that this processor does not know: a library was built for another one",
    0xC0000017: "was ended because memory ran out",
    0xC00000FD: "crashed inside a library (its stack was full)",
    0xC0000135: "could not start: a library (DLL) is missing",
    0xC000013A: "was interrupted from the keyboard, or its window was closed",
    0xC0000409: "was ended by one of its libraries",
}
STATUS_IN_WORDS = {
    0: "has ended as it should",
    1: "failed by a fault of its own",
    2: "was given something that cannot be used",
    3: "ended because whoever started it was gone",
    4: "lost another process that it trained with",
    5: "left the job to the runner that has it, or had",
    12: "had too little memory",
    130: "was stopped",
}
FOR_MEMORY = "was killed by the system because memory ran out"


def ending(status: int, killed_for_memory: bool | None = None) -> str:
    """Say how a process ended, to follow a name: `process 1 was killed by ...`.

    Args:
        status: exit status, as Python gives it: negative for a signal; shells' 128 + signal and Windows' codes are
            understood too.
        killed_for_memory: whether the system says that it killed a process for lack of memory; None if it says nothing.
    """
    if status in STATUS_IN_WORDS:
        return STATUS_IN_WORDS[status]
    code = status & 0xFFFFFFFF
    if code in WINDOWS_IN_WORDS:
        return WINDOWS_IN_WORDS[code]
    name = _signal_name(-status if status < 0 else status - 128)
    if name == "SIGKILL" and killed_for_memory is not None:
        return FOR_MEMORY if killed_for_memory else "was killed by somebody, not for lack of memory"
    if name:
        return SIGNALS_IN_WORDS.get(name, f"was ended by the signal {name}")
    return f"ended with status {status}"


def is_killed(status: int) -> bool:
    """Whether a process ended without a chance to do anything about it, as where memory runs out."""
    return status in (-9, 128 + 9) or (status & 0xFFFFFFFF) == 0xC0000017


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return ""
