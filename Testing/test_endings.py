"""How a process ended, in words: signals, what shells and Windows make of them, and statuses of hlfd's own."""

import signal
import subprocess
import sys

import pytest

from hlfd import cli
from hlfd.endings import STATUS_IN_WORDS, ending, is_killed

MEMORY = "was killed by the system or by somebody, most likely because memory ran out"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0, "has ended as it should"),
        (1, "failed by a fault of its own"),
        (cli.EXIT_BAD_INPUT, "was given something that cannot be used"),
        (3, "ended because whoever started it was gone"),
        (cli.EXIT_LEFT_ALONE, "lost another process that it trained with"),
        (cli.EXIT_MEMORY_SHORT, "had too little memory"),
        (cli.EXIT_INTERRUPTED, "was stopped"),
    ],
)
def test_hlfds_own_statuses_have_these_words(status, words):
    assert ending(status) == words
    assert not is_killed(status)


def test_every_status_of_the_command_has_words():
    own = {value for name, value in vars(cli).items() if name.startswith("EXIT_")}
    assert own <= STATUS_IN_WORDS.keys()


SIGNALS = [
    (9, MEMORY),
    (15, "was asked to end by the system or by somebody"),
    (1, "ended with its terminal"),
    (11, "crashed inside a library (a bad memory access)"),
    (6, "was ended by one of its libraries"),
    (4, "met an instruction that this processor does not know: a library was built for another one"),
]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other names for its ends")
@pytest.mark.parametrize(("number", "words"), SIGNALS)
@pytest.mark.parametrize("told", [lambda number: -number, lambda number: 128 + number])
def test_a_signal_is_known_as_python_tells_it_and_as_shells_do(number, words, told):
    assert ending(told(number)) == words
    assert is_killed(told(number)) == (number == 9)


def test_an_interrupt_is_not_taken_for_a_stop_that_hlfd_has_answered():
    assert ending(-2) == "was interrupted from the keyboard"
    assert ending(130) == "was stopped"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_signal_without_words_is_named():
    assert ending(-signal.SIGUSR1) == "was ended by the signal SIGUSR1"


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0xC0000005, "crashed inside a library (a bad memory access)"),
        (0xC0000005 - (1 << 32), "crashed inside a library (a bad memory access)"),  # as a signed number
        (0xC0000017, "was ended because memory ran out"),
        (0xC0000135, "could not start: a library (DLL) is missing"),
        (0xC000013A, "was interrupted from the keyboard, or its window was closed"),
    ],
)
def test_windows_codes_are_understood_on_every_system(status, words):
    assert ending(status) == words
    assert is_killed(status) == (status & 0xFFFFFFFF == 0xC0000017)


@pytest.mark.parametrize("status", [7, 77, 255, 128, 300, -200, 0xC0FFEE00])
def test_an_unknown_status_is_told_as_a_number(status):
    assert ending(status) == f"ended with status {status}"
    assert not is_killed(status)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
@pytest.mark.parametrize(
    ("for_memory", "words"),
    [
        (True, "was killed by the system because memory ran out"),
        (False, "was killed by somebody, not for lack of memory"),
        (None, MEMORY),
    ],
)
def test_what_the_system_says_about_memory_decides_why_a_process_was_killed(for_memory, words):
    assert ending(-9, for_memory) == ending(137, for_memory) == words
    assert ending(-15, for_memory) == "was asked to end by the system or by somebody"
    assert ending(1, for_memory) == "failed by a fault of its own"


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other names for its ends")
@pytest.mark.parametrize(("name", "words"), [("SIGKILL", MEMORY), ("SIGABRT", "was ended by one of its libraries")])
def test_a_process_that_really_ended_so_is_told_so(name, words):
    code = f"import os, signal; os.kill(os.getpid(), signal.{name})"
    assert ending(subprocess.run([sys.executable, "-c", code], check=False).returncode) == words
