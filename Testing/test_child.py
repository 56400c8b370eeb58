"""A process that works for another one: it ends with it, and what it starts itself never waits on its line."""

import subprocess
import sys

from hlfd.child import EXIT_ORPHANED

STARTS_ANOTHER = """
import subprocess, sys, time
from hlfd.child import end_with_the_parent
end_with_the_parent()
said = subprocess.run([sys.executable, "-c", "import sys; print(repr(sys.stdin.read()))"], capture_output=True)
print(said.stdout.decode().strip(), flush=True)
time.sleep(600)
"""


def test_it_ends_with_its_parent_and_its_own_children_have_an_empty_input():
    with subprocess.Popen(
        [sys.executable, "-c", STARTS_ANOTHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout.readline() == "''\n"
        process.stdin.close()
        assert process.wait(30) == EXIT_ORPHANED
